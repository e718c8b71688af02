/** Spawns that have no answer for a while: `starting` is a state like any other. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXIT_CODES } from '../../src/exit-codes.ts';
import type { HeldSpawn } from '../support/hand-kernel.ts';
import { processConfig, Rig } from './rig.ts';

function holding(choices: Parameters<typeof processConfig>[1] = {}): Rig {
  const rig = new Rig([processConfig('web', choices), processConfig('other')]);
  rig.kernel.holdsSpawns = true;
  rig.decide('web', 'start');
  assert.equal(rig.state('web'), 'starting');
  return rig;
}

function held(rig: Rig): HeldSpawn {
  const [first] = rig.kernel.held;
  assert.ok(first !== undefined, 'a spawn has no answer');
  return first;
}

test('it says what it waits for and until when, and others start meanwhile', () => {
  const rig = holding();
  assert.equal(rig.see('web').reason, 'trying to change directory to /hung');
  assert.equal(rig.see('web').pid, null);
  rig.kernel.holdsSpawns = false;
  rig.decide('other', 'start');
  assert.equal(rig.state('other'), 'healthcheck');
});

test('the answer that comes at last makes it run', () => {
  const rig = holding();
  rig.clock.advance(9_000);
  held(rig).execute();
  assert.equal(rig.state('web'), 'healthcheck');
  assert.equal(rig.see('web').pid, rig.pid('web'));
  rig.clock.advance(60_000);
  assert.equal(rig.state('web'), 'healthcheck', 'its deadline was that of the spawn');
});

test('a failure that comes at last is one like any other', () => {
  const rig = holding();
  held(rig).fail({ step: 'execute', errno: 'ENOENT', message: 'cannot execute web' });
  assert.equal(rig.state('web'), 'failed');
  assert.equal(rig.see('web').reason, 'cannot execute web');
});

test('without an answer it is given up, and fails with the step that it was in', () => {
  const rig = holding();
  rig.clock.advance(9_999);
  assert.equal(rig.state('web'), 'starting');
  rig.clock.advance(1);
  assert.deepEqual(rig.kernel.abandoned, ['timed-out']);
  assert.equal(rig.state('web'), 'failed');
  const failed = rig.told.find(({ event }) => event === 'spawn_failed');
  assert.ok(failed?.event === 'spawn_failed');
  assert.equal(failed.level, 'error');
  assert.equal(failed.step, 'change directory');
});

for (const kind of ['stop', 'kill'] as const) {
  test(`${kind} gives it up`, () => {
    const rig = holding();
    rig.decide('web', kind);
    assert.deepEqual(rig.kernel.abandoned, ['cancelled']);
    assert.equal(rig.state('web'), 'stopped');
    assert.equal(rig.told.find(({ event }) => event === 'spawn_failed')?.level, 'info');
    assert.equal(rig.clock.pending, 0);
  });
}

test('what is executed after all is stopped as it was wanted', () => {
  const rig = holding();
  rig.kernel.answersAnyway = true;
  rig.decide('web', 'stop');
  rig.decide('web', 'stop');
  assert.equal(rig.state('web'), 'starting');
  assert.deepEqual(rig.kernel.abandoned, ['cancelled'], 'once');
  held(rig).execute();
  assert.equal(rig.state('web'), 'stopping');
  rig.die('web', 'SIGTERM');
  assert.equal(rig.state('web'), 'stopped');
});

test('a start after a stop is under way at once, and a restart begins another attempt', () => {
  const rig = holding();
  rig.decide('web', 'restart');
  assert.equal(rig.state('web'), 'starting');
  assert.equal(rig.see('web').incarnation, 2);
  rig.decide('web', 'stop');
  rig.kernel.holdsSpawns = false;
  rig.decide('web', 'start');
  assert.equal(rig.state('web'), 'healthcheck');
});

test('a shutdown gives it up, with a grace period or without', () => {
  for (const act of ['begin', 'killNow'] as const) {
    const rig = holding();
    rig.drain[act]({ code: EXIT_CODES.requested, reason: 'a test ends it' });
    assert.equal(rig.state('web'), 'stopped');
  }
});
