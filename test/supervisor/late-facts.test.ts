/** Facts about what is over: each carries what it is about, and is dropped at the one door. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProcessConfig } from '../../src/config/resolved-config.ts';
import { isPresent } from '../../src/supervisor/world/instance-record.ts';
import { processConfig, Rig } from './rig.ts';

test('what the health check says of an incarnation that has ended is dropped', () => {
  const rig = new Rig([processConfig('web', { baseMs: 0 })]).startAll();
  const watch = rig.health.watches.get('web');
  rig.exit('web', 1);
  assert.equal(rig.see('web').incarnation, 2);
  watch?.report({ kind: 'becameHealthy' });
  watch?.report({ kind: 'becameUnhealthy', reason: 'late' });
  assert.equal(rig.state('web'), 'healthcheck');
  assert.equal(rig.record('web').healthReason, undefined);
  rig.healthy('web');
  assert.equal(rig.state('web'), 'healthy');
  assert.deepEqual(rig.faults, []);
});

test('what a watch says after another one has taken its place is dropped, in the same incarnation too', () => {
  const rig = new Rig([processConfig('web')]).startAll();
  const readiness = rig.health.watches.get('web');
  rig.healthy('web');
  readiness?.report({ kind: 'becameUnhealthy', reason: 'late' });
  assert.equal(rig.state('web'), 'healthy');
  assert.deepEqual(rig.faults, []);
});

test('a dependency that is ready starts nothing that was stopped in the same turn', () => {
  const rig = new Rig([processConfig('db'), processConfig('web', { dependsOn: ['db'] })]).startAll();
  const cancel = rig.supervisor.onTurnEnd(() => {
    cancel();
    rig.decide('web', 'stop');
  });
  rig.healthy('db');
  assert.equal(rig.state('web'), 'stopped');
  assert.deepEqual(rig.faults, []);
});

test('two dependencies that fail in one turn block an instance once', () => {
  const [a, b] = ['a', 'b'].map((name) => processConfig(name, { policy: 'always' })) as [
    ProcessConfig,
    ProcessConfig,
  ];
  const web = processConfig('web', { dependsOn: ['a', 'b'] });
  const rig = new Rig([a, b, web]).startAll();
  for (const name of ['a', 'b']) {
    rig.decide(name, 'stop');
    rig.exit(name, 0);
    rig.kernel.failNextSpawn('ENOENT');
  }
  assert.equal(rig.state('web'), 'waiting');
  rig.reload({ ...a, reloadSignal: 'SIGHUP' }, { ...b, reloadSignal: 'SIGHUP' }, web);
  assert.deepEqual([rig.state('a'), rig.state('b'), rig.state('web')], ['failed', 'failed', 'blocked']);
  assert.deepEqual(rig.faults, []);
});

test('a fact is about the present if its incarnation, deadline and activity are', () => {
  const rig = new Rig([processConfig('web', { startTimeoutMs: 1_000 })]).startAll();
  const record = rig.record('web');
  const { deadline, activity, machine } = record;
  const now = {
    incarnation: machine.incarnation,
    deadline: deadline?.number ?? 0,
    activity: activity?.number ?? 0,
  };
  assert.equal(isPresent(record, now), true);
  for (const part of ['incarnation', 'deadline', 'activity'] as const) {
    assert.equal(isPresent(record, { ...now, [part]: now[part] - 1 }), false, part);
  }
});

test('a program that went to the background is known as such, though what it left calls setsid(2) later', () => {
  const rig = new Rig([processConfig('web')]).startAll();
  const pid = rig.pid('web');
  rig.exit('web', 0, 1);
  rig.clock.advance(60);
  assert.equal(rig.state('web'), 'healthcheck');
  rig.kernel.becomeDaemons(pid);
  rig.clock.advance(20);
  assert.equal(rig.state('web'), 'stopping');
  rig.kernel.emptyGroup(pid);
  assert.equal(rig.state('web'), 'failed');
  assert.match(rig.see('web').reason ?? '', /put itself in the background/);
});

test('while the engine looks whether a daemon was left, nobody signals the number of the dead leader', () => {
  const rig = new Rig([processConfig('web')]).startAll();
  const pid = rig.pid('web');
  rig.exit('web', 0, 1);
  rig.decide('web', 'stop');
  assert.deepEqual(rig.targetsOf(pid), []);
  rig.clock.advance(20);
  assert.deepEqual(rig.targetsOf(pid), ['SIGTERM others']);
  rig.kernel.emptyGroup(pid);
  assert.equal(rig.state('web'), 'stopped');
});

test('the look for a daemon ends, and what is left is stopped as members', () => {
  const rig = new Rig([processConfig('web')]).startAll();
  const pid = rig.pid('web');
  rig.exit('web', 0, 1);
  rig.clock.advance(200);
  assert.deepEqual(rig.targetsOf(pid), ['SIGTERM others']);
  rig.kernel.emptyGroup(pid);
  assert.equal(rig.state('web'), 'completed');
});
