/** Rolling restarts in a world driven by hand. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProcessConfig } from '../../src/config/resolved-config.ts';
import { processConfig, Rig } from './rig.ts';

const NAMES = ['web:1', 'web:2', 'web:3', 'web:4'];
const web = (changes: Parameters<typeof processConfig>[1] = {}): ProcessConfig => ({
  ...processConfig('web', changes),
  instances: NAMES.length,
});

/** Four healthy copies. */
function running(process = web()): Rig {
  const rig = new Rig([process, processConfig('db')]).startAll();
  for (const name of NAMES) rig.healthy(name);
  return rig;
}

function roll(rig: Rig, atOnce: number, names: readonly string[] = NAMES): void {
  const records = names.map((name) => rig.record(name));
  rig.supervisor.roll(records, atOnce, { by: 'user', cause: 'restarted by uid 0' });
}

const incarnations = (rig: Rig): readonly number[] => NAMES.map((name) => rig.see(name).incarnation);
const states = (rig: Rig): readonly string[] => NAMES.map((name) => rig.state(name));
const reported = (rig: Rig, event: string) => rig.told.findLast((one) => one.event === event);

test('one is restarted at a time, and the next once it is healthy', () => {
  const rig = running();
  roll(rig, 1);
  for (const [index, name] of NAMES.entries()) {
    assert.deepEqual(
      states(rig),
      NAMES.map((_, at) => (at === index ? 'stopping' : 'healthy')),
    );
    rig.exit(name, 0);
    assert.equal(rig.state(name), 'healthcheck');
    assert.equal(incarnations(rig).filter((number) => number === 2).length, index + 1);
    rig.healthy(name);
  }
  assert.deepEqual(incarnations(rig), [2, 2, 2, 2]);
  assert.deepEqual(rig.supervisor.world.rollouts, []);
  const begun = reported(rig, 'rollout_started');
  const ended = reported(rig, 'rollout_ended');
  assert.equal(ended?.caused_by, begun?.id);
  assert.equal(ended?.event === 'rollout_ended' && ended.instances, 4);
});

test('with two at a time there are never more than two down', () => {
  const rig = running();
  roll(rig, 2);
  assert.deepEqual(states(rig), ['stopping', 'stopping', 'healthy', 'healthy']);
  rig.exit('web:2', 0);
  rig.healthy('web:2');
  assert.deepEqual(states(rig), ['stopping', 'healthy', 'stopping', 'healthy']);
});

test('the first that fails ends it, and the others keep running', () => {
  const rig = running();
  roll(rig, 1);
  rig.exit('web:1', 0);
  rig.healthy('web:1');
  rig.exit('web:2', 0);
  rig.exit('web:2', 1);
  assert.deepEqual(states(rig), ['healthy', 'backoff', 'healthy', 'healthy']);
  assert.deepEqual(incarnations(rig), [2, 2, 1, 1]);
  const stopped = reported(rig, 'rollout_stopped');
  assert.ok(stopped?.event === 'rollout_stopped');
  assert.equal(stopped.reason, 'web:2 is backoff');
  assert.deepEqual(stopped.left, ['web:3', 'web:4']);
  rig.clock.advance(60_000);
  assert.deepEqual(incarnations(rig).slice(2), [1, 1]);
});

test('an instance that a person stops meanwhile stays stopped', () => {
  const rig = running();
  roll(rig, 1);
  rig.decide('web:2', 'stop');
  rig.exit('web:2', 0);
  rig.exit('web:1', 0);
  rig.healthy('web:1');
  assert.deepEqual(states(rig), ['healthy', 'stopped', 'stopping', 'healthy']);
});

test('a person who stops the one that is being restarted does not end it', () => {
  const rig = running();
  roll(rig, 1);
  rig.decide('web:1', 'stop');
  rig.exit('web:1', 0);
  assert.deepEqual(states(rig), ['stopped', 'stopping', 'healthy', 'healthy']);
});

test('a shutdown ends it: nobody is restarted any more', () => {
  const rig = running();
  roll(rig, 1);
  rig.drain.begin({ code: 0, reason: 'asked to' });
  assert.deepEqual(rig.supervisor.world.rollouts, []);
  const stopped = reported(rig, 'rollout_stopped');
  assert.ok(stopped?.event === 'rollout_stopped');
  assert.equal(stopped.reason, 'the engine is shutting down');
  for (const name of NAMES) rig.exit(name, 0);
  assert.deepEqual(states(rig), ['stopped', 'stopped', 'stopped', 'stopped']);
  assert.deepEqual(incarnations(rig), [1, 1, 1, 1]);
});

test('a later one takes over the turns of an earlier one', () => {
  const rig = running();
  roll(rig, 1);
  roll(rig, 1, ['web:3', 'web:4']);
  assert.deepEqual(states(rig), ['stopping', 'healthy', 'stopping', 'healthy']);
  for (const name of ['web:1', 'web:2', 'web:3', 'web:4']) {
    rig.exit(name, 0);
    rig.healthy(name);
  }
  assert.deepEqual(incarnations(rig), [2, 2, 2, 2]);
});

test('a reload restarts the copies of a process with rollout = "rolling" one after the other', () => {
  const rolling = { rollout: { maxUnavailable: 1 } };
  const rig = running({ ...web(), ...rolling });
  rig.healthy('db');
  rig.reload(
    { ...web({ command: '/bin/other' }), ...rolling },
    processConfig('db', { command: '/bin/other' }),
  );
  assert.deepEqual(states(rig), ['stopping', 'healthy', 'healthy', 'healthy']);
  assert.equal(rig.state('db'), 'stopping', 'one without it is restarted at once');
  for (const name of NAMES) {
    rig.exit(name, 0);
    rig.healthy(name);
  }
  assert.deepEqual(incarnations(rig), [2, 2, 2, 2]);
  const begun = reported(rig, 'rollout_started');
  assert.equal(begun?.caused_by, reported(rig, 'config_reloaded')?.id);
});

test('a reload that removes an instance whose turn is yet to come passes it over', () => {
  const rig = running();
  roll(rig, 1);
  rig.reload({ ...web(), instances: 2 }, processConfig('db'));
  rig.exit('web:1', 0);
  rig.healthy('web:1');
  assert.deepEqual(
    ['web:1', 'web:2', 'web:3'].map((name) => rig.state(name)),
    ['healthy', 'stopping', 'stopping'],
  );
  rig.exit('web:3', 0);
  rig.exit('web:4', 0);
  rig.exit('web:2', 0);
  rig.healthy('web:2');
  assert.deepEqual(rig.supervisor.world.rollouts, []);
});

test('who waits for a turn hears that a rolling restart is over, though no instance changes by that', () => {
  const rig = running();
  let isOver = false;
  rig.supervisor.onTurnEnd(() => {
    isOver = rig.supervisor.world.rollouts.length === 0;
  });
  roll(rig, 4);
  for (const name of NAMES) {
    assert.equal(isOver, false);
    rig.exit(name, 0);
    rig.healthy(name);
  }
  assert.equal(isOver, true);
});
