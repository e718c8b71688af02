import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ControlSocket, type ControlSocketParts } from '../../src/commands/control-socket.ts';
import { FakeEngine } from '../support/fake-engine.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

function aSocket(t: TestContext): { socket: ControlSocket; path: string } {
  const path = join(temporaryFolder(t), 'tm.sock');
  const socket = new ControlSocket({
    config: { socket: path, socketMode: 0o660, socketGid: undefined, access: [] },
    control: new FakeEngine(),
    events: { emit: () => 0 },
    clock: { now: () => performance.now() },
    addon: { peerCredentials: () => null },
    onFault: (error: unknown) => {
      throw error;
    },
  } as unknown as ControlSocketParts);
  t.after(() => socket.close());
  return { socket, path };
}

test('attempts that come together do not take each other for another engine', async (t) => {
  const { socket, path } = aSocket(t);
  mkdirSync(path);
  await assert.rejects(socket.listen(), /cannot listen on/);
  rmdirSync(path);
  await Promise.all([socket.listen(), socket.recreate(), socket.listen(), socket.recreate()]);
  assert.equal(socket.path, path);
  assert.ok(existsSync(path));
});

test('an attempt that fails does not hold up the next one', async (t) => {
  const { socket, path } = aSocket(t);
  mkdirSync(path);
  const results = await Promise.allSettled([socket.listen(), socket.recreate()]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  rmdirSync(path);
  await socket.recreate();
  assert.equal(socket.path, path);
});
