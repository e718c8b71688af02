/** Facts about what is over: each carries what it is about, and is dropped at the one door. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
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
