import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TaskmasterError } from '../../src/errors.ts';
import { SERVER_LIMITS } from '../../src/rpc/server/server.ts';
import { eventually } from '../support/eventually.ts';
import { anInstance, FakeEngine } from '../support/fake-engine.ts';
import { startRig } from '../support/rpc-rig.ts';

describe('actions', () => {
  test('an action is accepted at once and tells what there was to do', async (t) => {
    const engine = new FakeEngine(
      anInstance('up'),
      anInstance('down', { state: 'stopped', desired: 'down' }),
    );
    engine.onRequest = () => engine.change('up', { state: 'stopping', desired: 'down' });
    const client = await (await startRig(t, {}, engine)).connect();
    const { result } = await client.ask('stop', { names: ['all'] });
    assert.deepEqual(result.instances, [
      { name: 'up', state: 'stopping', already: false, reached: false, reason: null },
      { name: 'down', state: 'stopped', already: true, reached: true, reason: null },
    ]);
  });

  test('with wait the reply comes when all are where they should be', async (t) => {
    const rig = await startRig(t);
    const client = await rig.connect();
    client.request(1, 'stop', { names: ['web'], wait: true });
    await eventually(() => rig.engine.waiters === 1);
    assert.equal(client.messages.length, 0);
    rig.engine.change('web', { state: 'stopped' });
    rig.engine.settleAll();
    const [{ result }] = await client.received(1);
    assert.equal(result.instances[0].reached, true);
  });

  test('a restart is reached only by a new incarnation', async (t) => {
    const rig = await startRig(t);
    const client = await rig.connect();
    for (const [incarnation, reached] of [
      [1, false],
      [2, true],
    ] as const) {
      const answer = client.ask('restart', { names: ['web'], wait: true });
      await eventually(() => rig.engine.waiters === 1);
      rig.engine.change('web', { incarnation });
      rig.engine.settleAll();
      assert.equal((await answer).result.instances[0].reached, reached);
    }
  });

  test('when the time is up the error says who is late, and nothing waits any more', async (t) => {
    const rig = await startRig(t);
    const client = await rig.connect();
    const { error } = await client.ask('stop', { names: ['web'], wait: true, timeout_ms: 20 });
    assert.equal(error.data.code, 'timed-out');
    assert.match(error.message, /web is healthy/);
    assert.equal(error.data.instances[0].name, 'web');
    assert.equal(rig.engine.waiters, 0);
  });

  test('an instance that a reload removed meanwhile has been stopped', async (t) => {
    const rig = await startRig(t);
    const client = await rig.connect();
    client.request(1, 'stop', { names: ['web'], wait: true });
    await eventually(() => rig.engine.waiters === 1);
    rig.engine.instances.delete('web');
    rig.engine.settleAll();
    const [{ result }] = await client.received(1);
    assert.deepEqual(
      [result.instances[0].reached, result.instances[0].reason],
      [true, 'it was removed by a reload'],
    );
  });

  test('an unknown name suggests the nearest and does nothing', async (t) => {
    const rig = await startRig(t);
    const { error } = await (await rig.connect()).ask('stop', { names: ['wbe'] });
    assert.deepEqual(error.data, { code: 'unknown-process', name: 'wbe', suggestion: 'web' });
    assert.deepEqual(rig.engine.calls, []);
  });

  test('a process with several instances is no single instance', async (t) => {
    const rig = await startRig(t, {}, new FakeEngine(anInstance('web:1'), anInstance('web:2')));
    const { error } = await (await rig.connect()).ask('attach', { name: 'web' });
    assert.match(error.message, /it means 2 instances; name one of web:1, web:2/);
  });
});

describe('reload.processes', () => {
  const two = (): FakeEngine => new FakeEngine(anInstance('web:1'), anInstance('web:2'), anInstance('db'));

  test('says which are meant by their names, and which by a pattern only', async (t) => {
    const rig = await startRig(t, {}, two());
    const client = await rig.connect();
    for (const names of [['web'], ['web:2', 'd*'], ['all']]) await client.ask('reload.processes', { names });
    assert.deepEqual(rig.engine.calls, [
      'reload web:1,web:2 (web:1,web:2) by 0',
      'reload web:2,db (web:2) by 0',
      'reload web:1,web:2,db () by 0',
    ]);
  });

  test('waits if asked to, and says when the time is over', async (t) => {
    const rig = await startRig(t, {}, two());
    const client = await rig.connect();
    rig.engine.programs.set('db', {
      name: 'db',
      how: 'command',
      program: 'x',
      succeeded: true,
      outcome: 'ok',
    });
    const { result } = await client.ask('reload.processes', { names: ['db'], wait: true });
    assert.equal(result.instances[0].succeeded, true);
    rig.engine.neverReloads = true;
    const { error } = await client.ask('reload.processes', { names: ['db'], wait: true, timeout_ms: 20 });
    assert.deepEqual(
      [error.data.code, error.message],
      ['timed-out', 'reload: timed out waiting for the commands'],
    );
  });
});

describe('reload', () => {
  const report = {
    applied: true,
    plan: [
      { process: 'web', action: 'restart', changed: ['cmd'] },
      { process: 'db', action: 'unchanged', changed: [] },
    ],
    needs_engine_restart: [],
    warnings: [],
  } as const;

  test('names those of the changed ones that could not start', async (t) => {
    const engine = new FakeEngine(
      anInstance('web', { state: 'failed', reason: 'no such file' }),
      anInstance('db'),
    );
    engine.report = report;
    const client = await (await startRig(t, {}, engine)).connect();
    const { result } = await client.ask('reload');
    assert.deepEqual(result.not_up, [
      { name: 'web', state: 'failed', already: false, reached: false, reason: 'no such file' },
    ]);
  });

  test('with wait, those that did not come up in time; what the user stopped is not missed', async (t) => {
    const engine = new FakeEngine(anInstance('web:1', { state: 'healthcheck' }), anInstance('web:2'));
    engine.instances.set('web:3', anInstance('web:3', { state: 'stopped', desired: 'down' }));
    engine.report = report;
    const client = await (await startRig(t, {}, engine)).connect();
    const { result } = await client.ask('reload', { wait: true, timeout_ms: 20 });
    assert.deepEqual(
      result.not_up.map(({ name }: { name: string }) => name),
      ['web:1'],
    );
  });

  test('a rejected configuration tells its problems', async (t) => {
    const rig = await startRig(t);
    rig.engine.failure = new TaskmasterError('config-invalid', 'the configuration has 1 problem', {
      details: { problems: ['tm.toml:3: unknown key'] },
    });
    const { error } = await (await rig.connect()).ask('reload');
    assert.deepEqual(error.data, { code: 'config-invalid', problems: ['tm.toml:3: unknown key'] });
  });
});

describe('events', () => {
  test('a subscription replays, then follows, filtered, until it is ended', async (t) => {
    const rig = await startRig(t);
    for (const message of ['one', 'two', 'three']) rig.engine.emit('engine_notice', { message });
    const client = await rig.connect();
    const { result } = await client.ask('events.subscribe', { replay: 2, events: ['engine_notice'] });
    rig.engine.emit('config_warning', { message: 'not wanted' });
    rig.engine.emit('engine_notice', { message: 'four' });
    await client.received(4);
    assert.equal('result' in client.messages[0], true, 'the reply comes ahead of the events');
    const told = client.messages.slice(1).map(({ method, params }) => [method, params.event.message]);
    assert.deepEqual(told, [
      ['events', 'two'],
      ['events', 'three'],
      ['events', 'four'],
    ]);
    await client.ask('events.unsubscribe', { subscription: result.subscription });
    assert.equal(rig.engine.listenerCount, 0);
    const again = await client.ask('events.unsubscribe', { subscription: result.subscription });
    assert.equal(again.error.data.code, 'bad-arguments');
  });

  test('a query goes through the past a page at a time', async (t) => {
    const rig = await startRig(t);
    for (let count = 0; count < 5; count++) rig.engine.emit('engine_notice', { message: String(count) });
    const client = await rig.connect();
    const first = (await client.ask('logs.query', { limit: 3 })).result;
    assert.deepEqual([first.events.length, first.next_after_id], [3, 3]);
    const second = (await client.ask('logs.query', { limit: 3, after_id: 3 })).result;
    assert.deepEqual([second.events.length, second.next_after_id], [2, null]);
  });

  test('names filter by instance, process and pattern; a name nobody knows is an error', async (t) => {
    const rig = await startRig(t);
    rig.engine.emit('process_spawned', { command: 'x' }, { process: 'gone', instance: 'gone:1' });
    rig.engine.emit('process_spawned', { command: 'x' }, { process: 'web', instance: 'web' });
    const client = await rig.connect();
    for (const [name, count] of [
      ['gone', 1],
      ['gone:*', 1],
      ['all', 2],
      ['w?b', 1],
    ] as const) {
      const { result } = await client.ask('logs.query', { names: [name] });
      assert.equal(result.events.length, count, name);
    }
    assert.equal((await client.ask('logs.query', { names: ['wbe'] })).error.data.code, 'unknown-process');
  });
});

describe('attach', () => {
  test('replay first, then live output, byte for byte, and the life of the process', async (t) => {
    const rig = await startRig(t);
    rig.engine.output.set('web', [{ stream: 'stdout', incarnation: 1, bytes: Buffer.from('old\n') }]);
    const client = await rig.connect();
    await client.ask('attach', { name: 'web' });
    rig.engine.print('web', 'né\n', { stream: 'stderr' });
    rig.engine.print('web', Buffer.from([0xff, 0x00]));
    const about = { instance: 'web', process: 'web', incarnation: 1 };
    const status = { how: 'exited', code: 3 } as const;
    rig.engine.emit('process_exited', { status, uptime_ms: 1, requested: false }, about);
    rig.engine.emit('process_exited', { status, uptime_ms: 1, requested: false }, { instance: 'other' });
    rig.engine.emit('state_changed', { from: 'ended', to: 'backoff' }, about);
    rig.engine.emit('process_spawned', { command: 'x' }, { ...about, incarnation: 2, pid: 77 });
    rig.engine.instances.delete('web');
    rig.engine.emit('config_reloaded', {
      added: [],
      removed: [],
      restarted: [],
      updated: [],
      duration_ms: 1,
    });
    await client.received(8);
    const told = client.messages.slice(1).map(({ params: { subscription, ...rest } }) => rest);
    assert.deepEqual(told, [
      { kind: 'output', stream: 'stdout', incarnation: 1, text: 'old\n' },
      { kind: 'output', stream: 'stderr', incarnation: 1, text: 'né\n' },
      { kind: 'output', stream: 'stdout', incarnation: 1, base64: '/wA=' },
      { kind: 'exited', incarnation: 1, status },
      { kind: 'state', incarnation: 1, state: 'backoff' },
      { kind: 'started', incarnation: 2, pid: 77 },
      { kind: 'removed' },
    ]);
  });

  test('a slow reader loses the oldest bytes, hears how many, and gets the newest', async (t) => {
    const outbox = { ...SERVER_LIMITS.outbox, notificationBytes: 256 * 1024 };
    const rig = await startRig(t, { limits: { ...SERVER_LIMITS, outbox } });
    const slow = await rig.connect();
    await slow.ask('attach', { name: 'web' });
    slow.socket.pause();
    const piece = 50_000;
    const count = 100;
    for (let index = 0; index < count; index++) {
      rig.engine.print('web', Buffer.alloc(piece, 97 + (index % 26)));
      await new Promise(setImmediate);
    }
    rig.engine.print('web', 'the end');
    slow.socket.resume();
    await eventually(() => slow.messages.at(-1)?.params?.text === 'the end');
    let received = 0;
    let lost = 0;
    for (const { method, params } of slow.messages.slice(1)) {
      if (method === 'dropped') lost += params.bytes;
      else received += params.text.length;
    }
    assert.ok(lost > piece * 50, `${lost} lost`);
    assert.equal(received + lost, piece * count + 'the end'.length);
  });

  test('a stuck reader of one subscription still gets the replies to its calls, each in its place', async (t) => {
    const rig = await startRig(t);
    const client = await rig.connect();
    await client.ask('attach', { name: 'web' });
    client.socket.pause();
    for (let index = 0; index < 200; index++) rig.engine.print('web', Buffer.alloc(50_000, 97));
    client.request(5, 'health');
    await eventually(() => rig.engine.calls.includes('health ready'));
    await new Promise(setImmediate);
    rig.engine.print('web', 'later');
    client.socket.resume();
    await eventually(() => client.messages.at(-1)?.params?.text === 'later');
    const place = client.messages.findIndex(({ id }) => id === 5);
    assert.equal(place, client.messages.length - 2);
  });

  test('what is typed goes to the process attached to', async (t) => {
    const rig = await startRig(t);
    const client = await rig.connect();
    rig.engine.inputs.set('web', 'terminal');
    const { result } = await client.ask('attach', { name: 'web', stdin: true });
    assert.equal(result.input, 'terminal');
    const { subscription } = result;
    await client.ask('attach.write', { subscription, text: 'hé\n', end: true });
    assert.deepEqual(rig.engine.written, [{ instance: 'web', text: 'hé\n', end: true }]);
    await client.ask('attach.resize', { subscription, columns: 100, rows: 30 });
    assert.ok(rig.engine.calls.includes('resize web 100 30'));
    const other = await client.ask('attach.write', { subscription: 99, text: 'x' });
    assert.match(other.error.message, /no attach subscription 99 with stdin/);
    const { result: reader } = await client.ask('attach', { name: 'web' });
    const refused = await client.ask('attach.write', { subscription: reader.subscription, text: 'x' });
    assert.match(refused.error.message, /with stdin/);
  });

  test('the right to write ends with the subscription, and with the connection', async (t) => {
    const rig = await startRig(t);
    const client = await rig.connect();
    const { result } = await client.ask('attach', { name: 'web', stdin: true });
    assert.equal(rig.engine.holders.size, 1);
    await client.ask('detach', { subscription: result.subscription });
    assert.equal(rig.engine.holders.size, 0);
    await client.ask('attach', { name: 'web', stdin: true });
    assert.equal(rig.engine.holders.size, 1);
    client.socket.destroy();
    await eventually(() => assert.equal(rig.engine.holders.size, 0));
  });

  test('who loses the right to write is told, and its subscription goes on', async (t) => {
    const rig = await startRig(t);
    const client = await rig.connect();
    await client.ask('attach', { name: 'web', stdin: true });
    const thief = await rig.connect();
    assert.match((await thief.ask('attach', { name: 'web', stdin: true })).error.message, /uid \d+ does/);
    await thief.ask('attach', { name: 'web', stdin: true, steal: true });
    await eventually(() => assert.equal(client.messages.at(-1)?.params?.kind, 'input-lost'));
    rig.engine.print('web', 'on');
    await eventually(() => assert.equal(client.messages.at(-1)?.params?.text, 'on'));
  });
});

describe('status', () => {
  test('a subscription tells what changed, many changes at a time, and what is no more', async (t) => {
    const rig = await startRig(t, {}, new FakeEngine(anInstance('web'), anInstance('db'), anInstance('old')));
    const client = await rig.connect();
    const { result } = await client.ask('status.subscribe', { interval_ms: 20 });
    assert.equal(result.status.instances.length, 3);
    for (let index = 0; index < 100; index++) {
      rig.engine.change('web', { restarts: index });
      rig.engine.emit(
        'state_changed',
        { from: 'healthy', to: 'backoff' },
        { instance: 'web', process: 'web' },
      );
    }
    await client.received(2);
    const told = client.messages[1].params;
    assert.deepEqual(
      [told.instances.length, told.instances[0].name, told.instances[0].restarts, told.removed],
      [1, 'web', 99, []],
    );
    rig.engine.instances.delete('old');
    rig.engine.emit('config_reloaded', {
      added: [],
      removed: ['old'],
      restarted: [],
      updated: [],
      duration_ms: 1,
    });
    await client.received(3);
    assert.deepEqual(client.messages[2].params.removed, ['old']);
  });
});
