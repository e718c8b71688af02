import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { ControlSocket, type ControlSocketParts } from '../../src/commands/control-socket.ts';
import { SystemClock } from '../../src/system/clock.ts';
import { type NativeAddon, native } from '../../src/system/native.ts';
import { eventually } from '../support/eventually.ts';
import { FakeEngine } from '../support/fake-engine.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

function aSocket(
  t: TestContext,
  folder = temporaryFolder(t),
  {
    mode = 0o660,
    refusesDescriptors = true,
    watchReadable = native().watchReadable,
  }: {
    mode?: number;
    refusesDescriptors?: boolean;
    watchReadable?: NativeAddon['watchReadable'];
  } = {},
): { socket: ControlSocket; path: string; told: string[] } {
  const path = join(folder, 'tm.sock');
  const told: string[] = [];
  const socket = new ControlSocket({
    config: { socket: path, socketMode: mode, socketGid: undefined, access: [] },
    control: new FakeEngine(),
    events: {
      emit: (event: string) => told.push(event),
      emitAs: (_level: string, event: string) => told.push(event),
    },
    clock: new SystemClock(),
    addon: {
      ...native(),
      peerCredentials: () => null,
      acceptMore: () => [],
      refuseDescriptors: () => refusesDescriptors,
      watchReadable,
    },
    onFault: (error: unknown) => {
      throw error;
    },
  } as unknown as ControlSocketParts);
  t.after(() => socket.close());
  return { socket, path, told };
}

for (const [what, mode, count] of [
  ['that others may use warns of it', 0o666, 1],
  ['of the engine alone says nothing', 0o660, 0],
] as const) {
  test(`where the kernel cannot refuse descriptors, a socket ${what}`, async (t) => {
    const { socket, told } = aSocket(t, undefined, { mode, refusesDescriptors: false });
    await socket.listen();
    assert.equal(told.filter((event) => event === 'engine_notice').length, count);
  });
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

describe('a socket that somebody takes away', () => {
  const cases: readonly [what: string, take: (path: string) => void][] = [
    ['is removed', (path) => rmSync(path)],
    ['is renamed', (path) => renameSync(path, `${path}.old`)],
    [
      'is replaced by a file',
      (path) => {
        rmSync(path);
        writeFileSync(path, '');
        setTimeout(() => rmSync(path), 300);
      },
    ],
    ['goes with its folder', (path) => rmSync(dirname(path), { recursive: true })],
    [
      'goes with its folder, which another takes the place of',
      (path) => {
        renameSync(dirname(path), `${dirname(path)}.old`);
        mkdirSync(dirname(path));
      },
    ],
    ['is moved away with its folder', (path) => renameSync(dirname(path), `${dirname(path)}.old`)],
  ];
  for (const [what, take] of cases) {
    test(`${what}: is there again within about a second, and again after that`, async (t) => {
      const folder = join(temporaryFolder(t), 'run');
      const { socket, path, told } = aSocket(t, folder);
      await socket.listen();
      for (let round = 1; round <= 2; round++) {
        take(path);
        await eventually(() => assert.ok(lstatSync(path).isSocket()), { withinMs: 3_000 });
        await eventually(() =>
          assert.equal(told.filter((event) => event === 'engine_listening').length, round + 1),
        );
        rmSync(`${folder}.old`, { recursive: true, force: true });
      }
    });
  }

  test('is watched without waking for what others do in its folder', async (t) => {
    const wakes: number[] = [];
    const addon = native();
    const { socket, path } = aSocket(t, undefined, {
      watchReadable: (fd, callback) =>
        addon.watchReadable(fd, () => {
          wakes.push(fd);
          callback();
        }),
    });
    await socket.listen();
    const neighbour = join(dirname(path), 'busy');
    for (let round = 0; round < 100; round++) {
      writeFileSync(neighbour, `${round}`);
      await new Promise(setImmediate);
    }
    rmSync(neighbour);
    const before = wakes.length;
    rmSync(path);
    await eventually(() => assert.ok(lstatSync(path).isSocket()), { withinMs: 3_000 });
    assert.equal(before, 0);
    assert.ok(wakes.length > 0 && wakes.length < 10, `${wakes.length}`);
  });

  test('is left to another engine that listens there', async (t) => {
    const { socket, path, told } = aSocket(t);
    await socket.listen();
    rmSync(path);
    const other = createServer().listen(path);
    t.after(() => other.close());
    await eventually(() => assert.ok(told.filter((event) => event === 'engine_notice').length >= 2));
    const { ino } = lstatSync(path);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    assert.equal(lstatSync(path).ino, ino, 'it was not taken from that one');
    assert.equal(told.filter((event) => event === 'engine_listening').length, 1);
  });
});
