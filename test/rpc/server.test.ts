import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Ajv } from 'ajv';
import { METHODS } from '../../src/rpc/contract/contract.ts';
import { SERVER_LIMITS } from '../../src/rpc/server/server.ts';
import { eventually } from '../support/eventually.ts';
import { anInstance, FakeEngine } from '../support/fake-engine.ts';
import { RawClient, startRig } from '../support/rpc-rig.ts';

const call = (id: number, method: string, params?: unknown) => ({ jsonrpc: '2.0', id, method, params });

describe('JSON-RPC 2.0', () => {
  test('a request is answered under its id, whatever kind of id that is', async (t) => {
    const client = await (await startRig(t)).connect();
    for (const id of [0, 1.5, 'x', '', null]) {
      const reply = await client.exchange(`${JSON.stringify({ jsonrpc: '2.0', id, method: 'version' })}\n`);
      assert.deepEqual(reply, { jsonrpc: '2.0', id, result: { version: '1.2.3', pid: 1 } });
    }
  });

  test('a notification is done and never answered, not even with an error', async (t) => {
    const rig = await startRig(t);
    const client = await rig.connect();
    client.send('{"jsonrpc":"2.0","method":"stop","params":{"names":["web"]}}\n');
    client.send('{"jsonrpc":"2.0","method":"nonsense"}\n{"jsonrpc":"2.0","method":"stop"}\n');
    assert.equal((await client.ask('version')).result.version, '1.2.3');
    assert.equal(client.messages.length, 1);
    assert.deepEqual(rig.engine.calls, ['stop web by 0']);
  });

  test('a batch gets one line with an answer for each request, and none for notifications', async (t) => {
    const client = await (await startRig(t)).connect();
    const batch = [call(1, 'version'), { jsonrpc: '2.0', method: 'version' }, 7, call(2, 'nope')];
    const reply = await client.exchange(`${JSON.stringify(batch)}\n`);
    const summary = reply.map(({ id, error }: { id: unknown; error?: { code: number } }) => [
      id,
      error?.code,
    ]);
    assert.deepEqual(summary, [
      [1, undefined],
      [null, -32600],
      [2, -32601],
    ]);
  });

  test('a batch of notifications has no answer at all', async (t) => {
    const client = await (await startRig(t)).connect();
    client.send('[{"jsonrpc":"2.0","method":"version"}]\n');
    await client.ask('version');
    assert.equal(client.messages.length, 1);
  });

  test('garbage is answered with a parse error, and the connection goes on', async (t) => {
    const client = await (await startRig(t)).connect();
    const reply = await client.exchange(Buffer.from([0x00, 0xff, 0xfe, 0x80, 0x0a]));
    assert.deepEqual([reply.id, reply.error.code], [null, -32700]);
    assert.equal((await client.ask('version')).result.pid, 1);
  });

  test('CRLF, blank lines and a last line without a newline are fine', async (t) => {
    const client = await (await startRig(t)).connect();
    client.send('\r\n  \n{"jsonrpc":"2.0","id":1,"method":"version"}\r\n');
    client.socket.end('{"jsonrpc":"2.0","id":2,"method":"version"}');
    const replies = await client.received(2);
    assert.deepEqual(
      replies.map(({ id }) => id),
      [1, 2],
    );
    await eventually(() => client.hasEnded);
  });

  test('a character split across packets arrives whole', async (t) => {
    const client = await (await startRig(t)).connect();
    const line = Buffer.from('{"jsonrpc":"2.0","id":"é€😀","method":"version"}\n');
    for (const byte of line) {
      client.send(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    assert.equal((await client.received(1))[0].id, 'é€😀');
  });

  test('an unknown method and wrong parameters each say what would be right', async (t) => {
    const client = await (await startRig(t)).connect();
    const unknown = await client.ask('statsu');
    assert.equal(unknown.error.code, -32601);
    assert.match(unknown.error.message, /did you mean status\?/);
    const cases: [method: string, params: unknown, says: RegExp][] = [
      ['stop', {}, /"names" is missing/],
      ['stop', { names: [] }, /names must NOT have fewer than 1/],
      ['stop', { names: ['web'], wiat: true }, /no parameter "wiat"/],
      ['stop', ['web'], /must be object/],
      ['health', { question: 'maybe' }, /question must be one of startup, ready, live/],
      ['attach', { name: '' }, /one line that is neither empty/],
      ['signal', { names: ['web'], signal: 'HPU' }, /did you mean HUP\?/],
    ];
    for (const [method, params, says] of cases) {
      const { error } = await client.ask(method, params);
      assert.equal(error.code, -32602, method);
      assert.equal(error.data.code, 'bad-arguments');
      assert.match(error.message, says);
    }
  });

  test('a fault inside is told as such, without its insides, and noted', async (t) => {
    const rig = await startRig(t);
    rig.engine.failure = new Error('secret detail');
    const { error } = await (await rig.connect()).ask('stop', { names: ['web'] });
    assert.equal(error.code, -32603);
    assert.doesNotMatch(JSON.stringify(error), /secret/);
    assert.equal(rig.faults.length, 1);
  });
});

test('every method answers with what its schema says', async (t) => {
  const rig = await startRig(t, {}, new FakeEngine(anInstance('web'), anInstance('api')));
  rig.engine.emit('engine_notice', { message: 'hello' });
  rig.engine.output.set('web', [{ stream: 'stdout', incarnation: 1, bytes: Buffer.from([0xff]), time: 5 }]);
  const client = await rig.connect();
  const params: Partial<Record<keyof typeof METHODS, object>> = {
    start: { names: ['web'] },
    stop: { names: ['web'] },
    restart: { names: ['all'] },
    run: { names: ['all'] },
    signal: { names: ['web'], signal: 'hup' },
    'reload.processes': { names: ['web'] },
    attach: { name: 'web', stdin: true },
    'attach.write': { subscription: 2, text: 'hi' },
    send: { name: 'api', text: 'hi' },
    'attach.resize': { subscription: 2, columns: 80, rows: 24 },
    detach: { subscription: 2 },
    'events.unsubscribe': { subscription: 3 },
    'status.unsubscribe': { subscription: 1 },
    'logs.output': { name: 'web' },
    why: { names: ['web'] },
    env: { name: 'web' },
    'cli.run': {
      version: '1.2.3',
      words: ['version'],
      socket: '/s',
      stdin: { terminal: false },
      stdout: { terminal: false },
      stderr: { terminal: false },
      environment: {},
    },
  };
  const ofACommand = ['cli.written', 'cli.input', 'cli.resize', 'cli.interrupt'];
  const ajv = new Ajv({ strict: true, allowUnionTypes: true, keywords: ['x-access'] });
  const order = Object.keys(METHODS).sort((left, right) => rank(left) - rank(right));
  for (const method of order as (keyof typeof METHODS)[]) {
    // For while a command runs: see verb-run.test.ts.
    if (ofACommand.includes(method)) continue;
    const { result, error } = await client.ask(method, params[method]);
    assert.equal(error, undefined, `${method}: ${JSON.stringify(error)}`);
    const validate = ajv.compile(structuredClone(METHODS[method].result));
    assert.ok(validate(result), `${method}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(result)}`);
  }
});

/** Subscriptions in the order of the ids that the parameters above use, and before what ends them. */
function rank(method: string): number {
  const first = ['status.subscribe', 'attach', 'events.subscribe', 'attach.write'];
  return first.includes(method) ? first.indexOf(method) : first.length;
}

/** What is in use once the garbage is gone. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe('bad clients', () => {
  test('100 MB without a newline get an error and a closed connection, and stay out of memory', async (t) => {
    const rig = await startRig(t);
    const client = await rig.connect();
    const before = heldBytes();
    const block = Buffer.alloc(1024 * 1024, 0x61);
    for (let sent = 0; sent < 100; sent++) {
      if (!client.socket.write(block)) await eventually(() => !client.socket.writableNeedDrain);
    }
    const held = heldBytes() - before;
    assert.ok(held < 32 * 1024 * 1024, `${held} bytes are held`);
    const [reply] = await client.received(1);
    assert.equal(reply.error.code, -32700);
    assert.match(reply.error.message, /longer than 262144 bytes/);
    client.socket.end();
    await eventually(() => rig.server.clientCount === 0);
    assert.equal((await (await rig.connect()).ask('version')).result.pid, 1);
  });

  test('a client that says nothing at all hurts nobody', async (t) => {
    const rig = await startRig(t);
    await rig.connect();
    assert.equal((await (await rig.connect()).ask('version')).result.pid, 1);
    assert.equal(rig.server.clientCount, 2);
  });

  test('200 silent connections do not keep a new client out', async (t) => {
    const rig = await startRig(t, { limits: { ...SERVER_LIMITS, silenceMs: 0 } });
    const silent = await Promise.all(Array.from({ length: 200 }, () => rig.connect()));
    const working = await rig.connect();
    assert.equal((await working.ask('version')).result.pid, 1);
    assert.ok(rig.server.clientCount <= SERVER_LIMITS.clients);
    await eventually(() => silent.filter(({ isClosed, hasEnded }) => isClosed || hasEnded).length >= 73);
  });

  test('when all places are taken by clients at work, one more is told so and turned away', async (t) => {
    const rig = await startRig(t, { limits: { ...SERVER_LIMITS, clients: 2, silenceMs: 0 } });
    for (const client of [await rig.connect(), await rig.connect()]) await client.ask('events.subscribe');
    const third = await rig.connect();
    const [refusal] = await third.received(1);
    assert.match(refusal.error.message, /serves 2 clients already/);
    await eventually(() => third.hasEnded);
    assert.deepEqual(rig.rejected, ['too many clients 0']);
  });

  test('a client that floods and never reads is not read from, and others are served', async (t) => {
    const instances = Array.from({ length: 200 }, (_, index) => anInstance(`web:${index}`));
    const rig = await startRig(t, {}, new FakeEngine(...instances));
    const flood = await rig.connect();
    flood.socket.pause();
    const before = heldBytes();
    for (let id = 0; id < 20_000; id++) flood.request(id, 'status');
    const other = await rig.connect();
    for (let round = 0; round < 20; round++) assert.equal((await other.ask('version')).result.pid, 1);
    // 20,000 replies of 70 KB would be 1.4 GB.
    const held = heldBytes() - before;
    assert.ok(held < 32 * 1024 * 1024, `${held} bytes are held`);
    assert.equal(rig.server.clientCount, 2, 'it was held up, not thrown out');
    flood.socket.destroy();
    await eventually(() => rig.server.clientCount === 1);
  });

  test('a client that leaves its replies lying is let go in the end', async (t) => {
    const outbox = { ...SERVER_LIMITS.outbox, stallMs: 50 };
    const instances = Array.from({ length: 500 }, (_, index) => anInstance(`web:${index}`));
    const rig = await startRig(t, { limits: { ...SERVER_LIMITS, outbox } }, new FakeEngine(...instances));
    const client = await rig.connect();
    client.socket.pause();
    for (let id = 0; id < 50; id++) client.request(id, 'status');
    await eventually(() => rig.server.clientCount === 0);
  });

  test('one that closes its writing side still gets its replies, then the connection ends', async (t) => {
    const rig = await startRig(t);
    const client = await rig.connect();
    client.request(1, 'stop', { names: ['web'], wait: true });
    client.socket.end();
    await eventually(() => rig.engine.waiters === 1);
    assert.equal(client.hasEnded, false);
    rig.engine.settleAll();
    assert.equal((await client.received(1))[0].id, 1);
    await eventually(() => rig.server.clientCount === 0);
  });

  test('one that vanishes while it waits leaves nothing behind', async (t) => {
    const rig = await startRig(t);
    const client = await rig.connect();
    await client.ask('events.subscribe');
    await client.ask('attach', { name: 'web' });
    client.request(1, 'stop', { names: ['web'], wait: true });
    await eventually(() => rig.engine.waiters === 1);
    assert.equal(rig.engine.listenerCount, 3);
    client.socket.destroy();
    await eventually(() => rig.engine.waiters === 0 && rig.engine.listenerCount === 0);
    assert.deepEqual(rig.faults, []);
  });
});

test('closing answers what is under way with the reason, and removes the socket', async (t) => {
  const rig = await startRig(t);
  const client = await rig.connect();
  client.request(1, 'stop', { names: ['web'], wait: true });
  await eventually(() => rig.engine.waiters === 1);
  await rig.server.close(1_000);
  const [reply] = await client.received(1);
  assert.equal(reply.error.data.code, 'shutting-down');
  await assert.rejects(RawClient.connect(rig.path), { code: 'ENOENT' });
});
