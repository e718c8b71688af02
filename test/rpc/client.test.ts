import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { TaskmasterError } from '../../src/errors.ts';
import { connect, connectToFirst, type RpcClient } from '../../src/rpc/client/client.ts';
import { enginesInWords, runningEngines } from '../../src/rpc/client/find-engine.ts';
import { SERVER_LIMITS } from '../../src/rpc/server/server.ts';
import { eventually } from '../support/eventually.ts';
import { startRig, temporaryFolder } from '../support/rpc-rig.ts';

const uid = process.geteuid?.() ?? 0;
const open = (socket: string | undefined, environment = {}) => connect({ socket, environment, uid });

test('calls are answered, in any number at a time', async (t) => {
  const rig = await startRig(t);
  const client = await open(rig.path);
  t.after(() => client.close());
  const answers = await Promise.all(Array.from({ length: 500 }, () => client.call('version', {})));
  assert.ok(answers.every(({ version }) => version === '1.2.3'));
});

test('an error of the engine is the TaskmasterError it was', async (t) => {
  const rig = await startRig(t);
  const client = await open(rig.path);
  t.after(() => client.close());
  await assert.rejects(client.call('stop', { names: ['wbe'] }), (error) => {
    assert.ok(error instanceof TaskmasterError);
    assert.deepEqual([error.code, error.details.suggestion], ['unknown-process', 'web']);
    return true;
  });
});

test('the places are tried in order; when none answers each says why', async (t) => {
  const folder = temporaryFolder(t);
  const place = (name: string, needsPrivateFolder = false) => ({
    path: join(folder, name),
    needsPrivateFolder,
  });
  writeFileSync(join(folder, 'file'), '');
  const places = [place('missing'), place('file'), place('not-made/engine.sock', true), place('engine.sock')];
  await assert.rejects(connectToFirst(places, { socket: undefined, uid }), (error) => {
    assert.ok(error instanceof TaskmasterError);
    assert.equal(error.code, 'engine-unreachable');
    assert.deepEqual(error.details.tried, [
      { socket: join(folder, 'missing'), reason: 'no such file' },
      { socket: join(folder, 'file'), reason: 'nobody listens there (the engine has gone)' },
      { socket: join(folder, 'not-made/engine.sock'), reason: 'no such file' },
      { socket: join(folder, 'engine.sock'), reason: 'no such file' },
    ]);
    return true;
  });
  await startRig(t, { places: [place('engine.sock')] });
  const client = await connectToFirst(places, { socket: undefined, uid });
  assert.equal(client.path, join(folder, 'engine.sock'));
  client.close();
});

test('below /tmp, only a folder of our own is trusted', async (t) => {
  const rig = await startRig(t);
  const places = [{ path: rig.path, needsPrivateFolder: true }];
  await assert.rejects(
    connectToFirst(places, { socket: undefined, uid: uid + 1 }),
    /belongs to someone else/,
  );
  (await connectToFirst(places, { socket: undefined, uid })).close();
});

/** A client of something that answers every connection with these bytes. */
async function clientOf(t: Parameters<typeof startRig>[0], bytes: string): Promise<RpcClient> {
  const path = join(temporaryFolder(t), 'x.sock');
  const server = createServer((socket) => socket.on('error', () => {}).end(bytes)).listen(path);
  t.after(() => server.close());
  await eventually(() => server.listening);
  return open(path);
}

test('what is no engine is told apart from one that broke off', async (t) => {
  const web = await clientOf(t, 'HTTP/1.1 400 Bad Request\r\n\r\n');
  await assert.rejects(web.call('version', {}), /is no engine: it does not speak JSON-RPC/);
  const dead = await clientOf(t, '');
  await assert.rejects(dead.call('version', {}), /closed the connection|broke/);
  await dead.closed;
  await assert.rejects(dead.call('version', {}), { code: 'engine-unreachable' });
});

test('notifications that came with the reply are not lost', async (t) => {
  const rig = await startRig(t);
  for (const message of ['one', 'two']) rig.engine.emit('engine_notice', { message });
  const client = await open(rig.path);
  t.after(() => client.close());
  const { subscription } = await client.call('events.subscribe', { replay: 2 });
  await client.call('version', {});
  const told: unknown[] = [];
  client.onNotification(subscription, ({ params }) => 'event' in params && told.push(params.event.id));
  assert.deepEqual(told, [1, 2]);
});

test('an engine of somebody else is refused at the usual places, and only told of where it was named', async (t) => {
  const rig = await startRig(t);
  const places = [{ path: rig.path, needsPrivateFolder: false }];
  const uid = process.geteuid?.() ?? 0;
  const told: string[] = [];
  const by = (server: { uid: number; pid: number } | undefined, socket?: string) =>
    connectToFirst(places, { socket, uid, peerOf: () => server, onForeign: (message) => told.push(message) });
  const foreign = { uid: uid + 4_000, pid: 77 };
  await assert.rejects(by(foreign), /uid \d+, who is neither root nor you, answers there.*--socket/);
  assert.deepEqual(told, []);
  (await by(foreign, rig.path)).close();
  assert.match(told.join(), /note: uid \d+, who is neither root nor you, answers at/);
  for (const trusted of [{ uid: 0, pid: 77 }, { uid, pid: 77 }, { uid: uid + 4_000, pid: 1 }, undefined]) {
    (await by(trusted)).close();
  }
});

test('a client that is turned away is told why, although it has begun to write', async (t) => {
  const rig = await startRig(t, { limits: { ...SERVER_LIMITS, clients: 1 } });
  await (await rig.connect()).ask('events.subscribe');
  for (let round = 0; round < 20; round++) {
    const client = await connect({ socket: rig.path, environment: {}, uid: process.geteuid?.() ?? 0 });
    await assert.rejects(client.call('status', {}), /serves 1 clients already; try again later/);
    client.close();
  }
});

test('that an engine runs is found out where its socket does not answer', (t) => {
  const proc = temporaryFolder(t);
  const programs: readonly [pid: number, words: readonly string[]][] = [
    [1, ['/opt/taskmaster/taskmaster', 'engine', 'start', '/etc/tm.toml']],
    [7, ['vi', 'engine', 'start']],
    [
      8,
      ['node', '--no-warnings', '/opt/taskmaster/main.cjs', 'taskmaster', 'engine', 'start', '/etc/tm.toml'],
    ],
    [9, ['taskmaster', 'engine', 'check', '/etc/tm.toml']],
  ];
  for (const [pid, words] of programs) {
    mkdirSync(join(proc, String(pid)));
    writeFileSync(join(proc, String(pid), 'cmdline'), words.map((word) => `${word}\0`).join(''));
  }
  mkdirSync(join(proc, '12'));
  assert.deepEqual(runningEngines(proc), [1, 8]);
  assert.match(enginesInWords([1]), /an engine runs as PID 1, but its socket is not there/);
  assert.equal(enginesInWords([]), '');
});
