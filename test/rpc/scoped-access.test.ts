/** Grants that are confined to some processes, and to some of what may be done to them. */

import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Grant } from '../../src/rpc/access/peer.ts';
import { METHODS } from '../../src/rpc/contract/contract.ts';
import { eventually } from '../support/eventually.ts';
import { anInstance, FakeEngine } from '../support/fake-engine.ts';
import { type RawClient, type Rig, startRig } from '../support/rpc-rig.ts';

const DEPLOY = 2000;
const NOTHING_MORE = { stdin: false, shutdown: false, reload: false };

function grant(level: Grant['level'], only?: Partial<NonNullable<Grant['only']>>): Grant {
  const limits = { processes: undefined, ...NOTHING_MORE, ...only };
  return { level, uid: DEPLOY, gid: undefined, ...(only !== undefined && { only: limits }) };
}

const ofWeb = ['web*'];

async function connect(
  t: TestContext,
  ...grants: readonly Grant[]
): Promise<{ rig: Rig; client: RawClient }> {
  const engine = new FakeEngine(
    anInstance('web:1', { process: 'web', pid: 10 }),
    anInstance('web:2', { process: 'web', pid: 11 }),
    anInstance('secret', { pid: 12 }),
  );
  const rig = await startRig(t, { grants }, engine);
  rig.peer = { pid: 5, uid: DEPLOY, gid: DEPLOY };
  engine.output.set('secret', [{ stream: 'stdout', incarnation: 1, bytes: Buffer.from('secret output') }]);
  engine.emit('state_changed', { from: 'idle', to: 'starting' }, { process: 'secret', instance: 'secret' });
  engine.emit('state_changed', { from: 'idle', to: 'starting' }, { process: 'web', instance: 'web:1' });
  engine.emit('command_received', { method: 'stop', uid: 0, targets: ['secret'] });
  engine.emit('config_warning', { message: 'secret is odd' });
  engine.journalLine('secret', 'secret line');
  engine.chain = engine.events;
  return { rig, client: await rig.connect() };
}

describe('who sees only some processes', () => {
  for (const level of ['read', 'control'] as const) {
    test(`hears of no other in any method (${level})`, async (t) => {
      const all = { stdin: true, shutdown: true, reload: true };
      const { rig, client } = await connect(
        t,
        grant(level, { processes: ofWeb, ...(level === 'control' && all) }),
      );
      const names = [['secret'], ['all'], ['*'], ['s*'], ['web'], ['secre']];
      const asked: Partial<Record<keyof typeof METHODS, readonly object[]>> = {
        status: [{}, { usage: true }, ...names.map((some) => ({ names: some }))],
        why: names.map((some) => ({ names: some })),
        signal: names.map((some) => ({ names: some, signal: 'HUP' })),
        'reload.processes': names.map((some) => ({ names: some })),
        start: names.map((some) => ({ names: some })),
        stop: names.map((some) => ({ names: some })),
        restart: names.map((some) => ({ names: some })),
        attach: [{ name: 'secret' }, { name: 's*' }, { name: 'web:1' }, { name: 'secret', stdin: true }],
        send: [{ name: 'secret', text: 'x' }],
        env: [{ name: 'secret' }],
        config: [{}, { process: 'secret' }],
        health: [{ question: 'ready' }, { question: 'live' }, { question: 'startup' }],
        'logs.output': [{ name: 'secret' }, { name: 'secre' }],
        'logs.position': [{}, { names: ['all'] }, { names: ['secret'] }],
        'logs.query': [
          {},
          { output: true },
          { names: ['secret'], output: true },
          { text: 'secret', output: true },
        ],
        'events.subscribe': [
          { replay: 100 },
          { names: ['secret'], replay: 100 },
          { after_id: 0, names: ['s*'] },
        ],
        'status.subscribe': [{}, { usage: true, interval_ms: 20 }],
      };
      rig.engine.verdict = { ok: false, reason: 'secret is unhealthy' };
      for (const method of Object.keys(METHODS) as (keyof typeof METHODS)[]) {
        if (method === 'shutdown' || method === 'rpc.discover') continue;
        for (const params of asked[method] ?? [{}]) {
          const before = client.messages.length;
          await client.ask(method, params);
          const replies = client.messages.slice(before);
          const told = replies.map(({ error, ...rest }) => ({ ...rest, hint: error?.data.suggestion }));
          assert.doesNotMatch(JSON.stringify(told), /secret/, `${method} ${JSON.stringify(params)}`);
          // A message may say again what was asked, but not more.
          const said = replies.map(({ error }) => error?.message ?? '').join();
          if (!JSON.stringify(params).includes('secret')) assert.doesNotMatch(said, /secret/);
        }
      }
      assert.deepEqual(
        rig.engine.calls.filter((call) => call.includes('secret')),
        [],
      );
      rig.engine.emit(
        'state_changed',
        { from: 'starting', to: 'healthy' },
        { process: 'secret', instance: 'secret' },
      );
      rig.engine.emit('config_reloaded', {
        added: ['secret'],
        removed: [],
        restarted: [],
        updated: [],
        duration_ms: 1,
      });
      rig.engine.print('secret', 'secret output');
      rig.engine.emit(
        'state_changed',
        { from: 'starting', to: 'healthy' },
        { process: 'web', instance: 'web:2' },
      );
      await eventually(() =>
        assert.ok(client.messages.some(({ params }) => params?.event?.instance === 'web:2')),
      );
      const told = client.messages.filter(({ method }) => method !== undefined);
      assert.doesNotMatch(JSON.stringify(told), /secret/);
    });
  }

  test('sees its own as everybody does', async (t) => {
    const { client } = await connect(t, grant('read', { processes: ofWeb }));
    const { result } = await client.ask('status');
    assert.deepEqual(
      result.instances.map(({ name }: { name: string }) => name),
      ['web:1', 'web:2'],
    );
    assert.equal((await client.ask('attach', { name: 'web:1' })).error, undefined);
    assert.equal((await client.ask('why', { names: ['web'] })).result.reports.length, 2);
  });
});

describe('who controls only some processes', () => {
  test('is refused for the others, and then nothing at all is done', async (t) => {
    const { rig, client } = await connect(t, grant('read'), grant('control', { processes: ofWeb }));
    for (const method of ['start', 'stop', 'restart', 'reload.processes'] as const) {
      for (const names of [['secret'], ['web:1', 'secret'], ['all']]) {
        const { error } = await client.ask(method, { names });
        assert.equal(error.data.code, 'not-permitted');
        assert.match(
          error.message,
          new RegExp(`cannot ${method.split('.')[0]} secret: uid ${DEPLOY} has no grant for that`),
        );
      }
    }
    assert.equal(
      (await client.ask('signal', { names: ['secret'], signal: 'KILL' })).error.data.code,
      'not-permitted',
    );
    assert.deepEqual(rig.engine.calls, []);
    assert.equal((await client.ask('stop', { names: ['web'] })).error, undefined);
    assert.deepEqual(rig.engine.calls, [`stop web:1,web:2 by ${DEPLOY}`]);
  });

  const more: readonly [what: keyof typeof NOTHING_MORE, method: keyof typeof METHODS, params: object][] = [
    ['shutdown', 'shutdown', {}],
    ['reload', 'reload', {}],
    ['reload', 'reload', { plan: true }],
    ['reload', 'rollback', {}],
    ['stdin', 'attach', { name: 'web:1', stdin: true }],
    ['stdin', 'send', { name: 'web:1', text: 'x' }],
  ];
  for (const [what, method, params] of more) {
    test(`${method} ${JSON.stringify(params)} takes ${what} = true`, async (t) => {
      const without = await connect(t, grant('control', { processes: ofWeb }));
      const { error } = await without.client.ask(method, params);
      assert.equal(error?.data.code, 'not-permitted');
      assert.deepEqual([without.rig.engine.calls, without.rig.engine.written], [[], []]);
      const withIt = await connect(t, grant('control', { processes: ofWeb, [what]: true }));
      assert.equal((await withIt.client.ask(method, params)).error, undefined);
    });
  }

  test('writes to no other, whatever else it may do', async (t) => {
    const { rig, client } = await connect(
      t,
      grant('control', {}),
      grant('control', { processes: ofWeb, stdin: true }),
    );
    assert.equal((await client.ask('send', { name: 'secret', text: 'x' })).error.data.code, 'not-permitted');
    assert.equal(
      (await client.ask('attach', { name: 'secret', stdin: true })).error.data.code,
      'not-permitted',
    );
    assert.equal((await client.ask('send', { name: 'web:2', text: 'x' })).error, undefined);
    assert.equal((await client.ask('stop', { names: ['all'] })).error, undefined);
    assert.equal(rig.engine.holders.size, 0);
  });

  test('by name alone may do everything, as ever', async (t) => {
    for (const [, method, params] of more) {
      const { client } = await connect(t, grant('control'));
      assert.equal((await client.ask(method, params)).error, undefined, method);
    }
  });
});
