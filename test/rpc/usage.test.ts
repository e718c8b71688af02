import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { GroupUsage } from '../../src/supervisor/ports/usage.ts';
import { eventually } from '../support/eventually.ts';
import { anInstance, FakeEngine } from '../support/fake-engine.ts';
import { type RawClient, type Rig, startRig } from '../support/rpc-rig.ts';

const used = (cpuSeconds: number): GroupUsage => ({
  cpuSeconds,
  residentBytes: 4_096,
  anonymousBytes: 1_024,
  processes: 2,
});
const ON_THE_WIRE = { cpu_seconds: 1.5, memory_bytes: 4_096, anonymous_bytes: 1_024, processes: 2 };

async function start(t: TestContext): Promise<{ rig: Rig; client: RawClient }> {
  const engine = new FakeEngine(
    anInstance('web', { pid: 7 }),
    anInstance('db', { pid: 8 }),
    anInstance('off', { pid: null, state: 'stopped' }),
  );
  engine.usage = new Map([
    [7, used(1.5)],
    [8, used(1.5)],
  ]);
  const rig = await startRig(t, {}, engine);
  return { rig, client: await rig.connect() };
}

test('status tells what each running one uses, and looks only where somebody asked', async (t) => {
  const { rig, client } = await start(t);
  const plain = await client.ask('status');
  assert.equal(plain.result.instances[0].usage, undefined);
  assert.equal(rig.engine.usageReads, 0);
  const { result } = await client.ask('status', { usage: true, names: ['web', 'off'] });
  assert.deepEqual(
    result.instances.map(({ name, usage }: { name: string; usage: unknown }) => [name, usage]),
    [
      ['web', ON_THE_WIRE],
      ['off', undefined],
    ],
  );
});

test('a subscription with usage begins with it and tells later what has changed of it', async (t) => {
  const { rig, client } = await start(t);
  const { result } = await client.ask('status.subscribe', { usage: true, interval_ms: 20 });
  assert.deepEqual(result.status.instances[1].usage, ON_THE_WIRE);
  rig.engine.usage = new Map([
    [7, used(2)],
    [8, used(1.5)],
  ]);
  await client.received(2);
  const { instances, removed } = client.messages[1].params;
  assert.deepEqual(
    instances.map(({ name, usage }: { name: string; usage: GroupUsage }) => [name, usage]),
    [['web', { ...ON_THE_WIRE, cpu_seconds: 2 }]],
  );
  assert.deepEqual(removed, []);
  // What changes in between is told at once, with the usage last read.
  const before = rig.engine.usageReads;
  rig.engine.change('db', { restarts: 1 });
  rig.engine.emit('state_changed', { from: 'healthy', to: 'backoff' }, { instance: 'db', process: 'db' });
  await client.received(3);
  const [db] = client.messages[2].params.instances;
  assert.deepEqual([db.name, db.restarts, db.usage, rig.engine.usageReads], ['db', 1, ON_THE_WIRE, before]);
});

test('a subscription without usage never looks, and one that has ended looks no more', async (t) => {
  const { rig, client } = await start(t);
  await client.ask('status.subscribe', { interval_ms: 20 });
  const { result } = await client.ask('status.subscribe', { interval_ms: 20, usage: true });
  await eventually(() => rig.engine.usageReads === 2);
  await client.ask('status.unsubscribe', { subscription: result.subscription });
  assert.equal(rig.engine.listenerCount, 1);
  rig.engine.usage = new Map([[7, used(9)]]);
  rig.engine.emit('state_changed', { from: 'healthy', to: 'backoff' }, { instance: 'web', process: 'web' });
  const last = await eventually(() => client.messages.find(({ method }) => method === 'status') ?? false);
  assert.equal(last.params.instances[0].usage, undefined);
});

test('a look that ends after its subscription tells nothing', async (t) => {
  const { rig, client } = await start(t);
  const { result } = await client.ask('status.subscribe', { interval_ms: 20, usage: true });
  const { promise, resolve } = Promise.withResolvers<ReadonlyMap<number, GroupUsage>>();
  let isLooking = false;
  rig.engine.readUsage = () => {
    isLooking = true;
    return promise;
  };
  await eventually(() => isLooking);
  await client.ask('status.unsubscribe', { subscription: result.subscription });
  resolve(new Map([[7, used(9)]]));
  await client.ask('version');
  assert.deepEqual(
    client.messages.filter(({ method }) => method === 'status'),
    [],
  );
});
