/** Commands that the engine runs for a client: its rights, its bounds, its end. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runVerb } from '../../src/commands/shell.ts';
import type { Grant } from '../../src/rpc/access/peer.ts';
import { SERVER_LIMITS } from '../../src/rpc/server/server.ts';
import { eventually } from '../support/eventually.ts';
import { anInstance, FakeEngine } from '../support/fake-engine.ts';
import { type RawClient, type Rig, startRig } from '../support/rpc-rig.ts';

const loadVerbs = async () => runVerb;
const PLAIN = { terminal: false };

function paramsOf(words: readonly string[], changes: object = {}): object {
  const streams = { stdin: PLAIN, stdout: PLAIN, stderr: PLAIN };
  return { version: '1.2.3', words, socket: '/s', ...streams, environment: {}, ...changes };
}

/** What came for a command so far. */
function seen({ messages }: RawClient) {
  const frames = messages.filter(({ method }) => method === 'cli').map(({ params }) => params);
  const of = (stream: string): string =>
    frames.map((frame) => (frame.kind === 'output' && frame.stream === stream ? frame.text : '')).join('');
  return { kinds: frames.map(({ kind }) => kind), out: of('stdout'), err: of('stderr') };
}

async function run(rig: Rig, words: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const client = await rig.connect();
  const { result } = await client.ask('cli.run', paramsOf(words));
  const { out, err } = seen(client);
  client.socket.destroy();
  return { code: result.exit_code, out, err };
}

const two = (): FakeEngine => new FakeEngine(anInstance('web'), anInstance('api'));
const stranger = { pid: 9, uid: 4_000, gid: 4_000 };
const grantOf = (changes: Partial<Grant>): Grant => ({
  level: 'read',
  uid: stranger.uid,
  gid: undefined,
  ...changes,
});

test('it is announced, then what it prints comes, then its exit code', async (t) => {
  const rig = await startRig(t, { loadVerbs }, two());
  const client = await rig.connect();
  const { result } = await client.ask('cli.run', paramsOf(['status', 'web']));
  assert.deepEqual(result, { exit_code: 0 });
  assert.deepEqual(seen(client), {
    kinds: ['begun', 'output'],
    out: 'web: healthy since 2 seconds\n',
    err: '',
  });
  assert.equal(client.messages[0].params.exit_code, 4);
});

test('it is declined for a client of another version, for a prompt, and where the engine runs none', async (t) => {
  const rig = await startRig(t, { loadVerbs }, two());
  const client = await rig.connect();
  const other = await client.ask('cli.run', paramsOf(['status'], { version: '0.0.1' }));
  assert.equal(other.result.declined, 'the engine has version 1.2.3');
  for (const words of [
    ['-c', 'status'],
    ['attach', 'web', '--stdin'],
    ['logs', '--grep', '(a*)*b'],
  ])
    assert.match((await client.ask('cli.run', paramsOf(words))).result.declined, /./);
  assert.deepEqual(seen(client).kinds, []);
  const without = await startRig(t, {}, two());
  assert.match((await (await without.connect()).ask('cli.run', paramsOf(['status']))).result.declined, /./);
});

describe('it can do what its client can, and no more', () => {
  test('with read', async (t) => {
    const rig = await startRig(t, { loadVerbs, grants: [grantOf({})] }, two());
    rig.peer = stranger;
    assert.deepEqual((await run(rig, ['status', 'web'])).out, 'web: healthy since 2 seconds\n');
    for (const words of [
      ['stop', 'web'],
      ['signal', 'web', 'hup'],
      ['reload'],
      ['send', 'web', 'x'],
      ['shutdown'],
    ]) {
      const { code, out, err } = await run(rig, words);
      assert.deepEqual([code, out], [4, ''], words.join(' '));
      assert.match(err, /uid 4000 has only "read" access/);
    }
    for (const words of [['env', 'web'], ['config']]) assert.equal((await run(rig, words)).code, 4);
    assert.deepEqual(rig.engine.calls, []);
  });

  test('confined to a process', async (t) => {
    const only = { processes: ['web'], stdin: false, shutdown: false, reload: false };
    const rig = await startRig(t, { loadVerbs, grants: [grantOf({ level: 'control', only })] }, two());
    rig.peer = stranger;
    const { out } = await run(rig, ['status']);
    assert.match(out, /web/);
    assert.doesNotMatch(out, /api/);
    assert.match((await run(rig, ['stop', 'api'])).err, /no process is called api/);
    assert.equal((await run(rig, ['stop', 'web'])).code, 0);
    assert.deepEqual(rig.engine.calls, ['stop web by 4000']);
  });

  test('and loses what it follows with the grant', async (t) => {
    const rig = await startRig(t, { loadVerbs, grants: [grantOf({})] }, two());
    rig.peer = stranger;
    const client = await rig.connect();
    client.request(1, 'cli.run', paramsOf(['status', '--watch']));
    await eventually(() => seen(client).out.includes('api: healthy'));
    rig.server.setGrants([]);
    await eventually(() => client.isClosed || client.hasEnded);
    assert.equal(rig.engine.listenerCount, 0);
  });
});

test('a connection runs one at a time', async (t) => {
  const rig = await startRig(t, { loadVerbs }, two());
  const client = await rig.connect();
  client.request(1, 'cli.run', paramsOf(['events', '--follow']));
  await eventually(() => rig.engine.listenerCount > 0);
  const second = await client.ask('cli.run', paramsOf(['status']));
  assert.match(second.error.message, /runs a command already/);
  client.send(`${JSON.stringify({ jsonrpc: '2.0', method: 'cli.interrupt' })}\n`);
  assert.deepEqual((await eventually(() => client.messages.find(({ id }) => id === 1) ?? false)).result, {
    exit_code: 130,
  });
  assert.equal(rig.engine.listenerCount, 0);
  const late = await client.ask('cli.interrupt');
  assert.match(late.error.message, /runs no command/);
  assert.deepEqual((await client.ask('cli.run', paramsOf(['health']))).result, { exit_code: 0 });
});

test('one that waits for its terminal ends with its connection', async (t) => {
  const rig = await startRig(t, { loadVerbs }, two());
  for (let count = 0; count < 3_000; count++) rig.engine.emit('engine_notice', { message: 'x'.repeat(200) });
  for (const words of [
    ['events'],
    ['stop', 'web', '--wait'],
    ['events', '--follow'],
    ['status', '--watch'],
  ]) {
    const client = await rig.connect();
    client.request(1, 'cli.run', paramsOf(words));
    await eventually(() => client.messages.length > 1 || rig.engine.waiters > 0);
    client.socket.destroy();
    await eventually(() => rig.server.clientCount === 0);
    await eventually(() => rig.engine.listenerCount + rig.engine.waiters === 0);
  }
});

test('a journal is read as fast as its reader writes it', async (t) => {
  const rig = await startRig(t, { loadVerbs }, two());
  for (let count = 0; count < 3_000; count++) rig.engine.emit('engine_notice', { message: 'x'.repeat(200) });
  const client = await rig.connect();
  client.request(1, 'cli.run', paramsOf(['events']));
  await eventually(() => seen(client).out.length > 0);
  await new Promise((done) => setTimeout(done, 50));
  const first = seen(client).out.length;
  assert.ok(first < 300_000, `a page, not all: ${first}`);
  for (let told = 0; !client.messages.some(({ id }) => id === 1); ) {
    const all = seen(client).out.length;
    if (all > told)
      client.send(
        `${JSON.stringify({ jsonrpc: '2.0', method: 'cli.written', params: { bytes: all - told } })}\n`,
      );
    told = all;
    await new Promise((done) => setTimeout(done, 5));
  }
  assert.equal(seen(client).out.split('\n').length, 3_001);
});

test('what a client has not written yet is sent ahead in bounds', async (t) => {
  const engine = two();
  const value = 'x'.repeat(1_000_000);
  engine.environment = () => Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`N${at}`, value]));
  const rig = await startRig(t, { loadVerbs }, engine);
  const client = await rig.connect();
  client.request(1, 'cli.run', paramsOf(['env', 'web']));
  await eventually(() => client.bytesReceived > 16_700_000, { withinMs: 20_000 });
  await new Promise((done) => setTimeout(done, 100));
  assert.ok(client.bytesReceived < 18_000_000, `${client.bytesReceived}`);
  client.send(
    `${JSON.stringify({ jsonrpc: '2.0', method: 'cli.written', params: { bytes: 16_000_000 } })}\n`,
  );
  await eventually(() => client.messages.some(({ id }) => id === 1), { withinMs: 20_000 });
  assert.ok(seen(client).out.length > 20_000_000);
});

test('a client that reads nothing is let go, and leaves nothing behind', async (t) => {
  const outbox = { ...SERVER_LIMITS.outbox, stallMs: 100 };
  const engine = two();
  engine.environment = () => ({ A: 'x'.repeat(4_000_000) });
  const rig = await startRig(t, { loadVerbs, limits: { ...SERVER_LIMITS, outbox } }, engine);
  const client = await rig.connect();
  client.socket.pause();
  client.request(1, 'cli.run', paramsOf(['env', 'web']));
  await eventually(() => rig.rejected.includes('it left its replies unread 0'));
  await eventually(() => rig.server.clientCount === 0);
  client.socket.destroy();
  assert.equal((await run(rig, ['health'])).code, 0);
});

test('words of any kind and number are read in bounds', async (t) => {
  const rig = await startRig(t, { loadVerbs }, two());
  const client = await rig.connect();
  const many = await client.ask('cli.run', paramsOf(['status', ...Array(2_047).fill('w')]));
  assert.deepEqual(many.result, { exit_code: 2 });
  const tooMany = await client.ask('cli.run', paramsOf(Array(2_049).fill('w')));
  assert.equal(tooMany.error.data.code, 'bad-arguments');
  const long = await client.ask('cli.run', paramsOf(['x'.repeat(200_000)]));
  assert.deepEqual(long.result, { exit_code: 2 });
});
