/** A rolling change over every state that its instances can come to, in every order. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Looks,
  type Rollout,
  type Standing,
  standingOf,
  stepRollout,
} from '../../src/lifecycle/rollout.ts';
import { DESIRED_STATES, isResting, MONITOR_STATES } from '../../src/lifecycle/states.ts';

const KEYS = ['a', 'b', 'c', 'd'];
/** `gone`: a reload has removed it. `held`: a person has stopped it. */
type Fate = Standing | 'gone' | 'held';
const FATES: readonly Fate[] = ['under way', 'arrived', 'failed', 'gone', 'held'];

function looks(fates: ReadonlyMap<string, Fate>): Looks {
  return {
    standing: (key) => {
      const fate = fates.get(key) ?? 'under way';
      return fate === 'gone' ? undefined : fate === 'held' ? 'arrived' : fate;
    },
    isStopped: (key) => fates.get(key) === 'held',
  };
}

const begun = (atOnce: number): Rollout => ({
  id: 1,
  by: 'user',
  cause: 'restarted by uid 0',
  atOnce,
  pending: KEYS,
  underway: [],
  done: [],
});

/** Every rollout that can come about, with each way in which its instances may stand. */
function* walks(): Generator<{ readonly before: Rollout; readonly fates: ReadonlyMap<string, Fate> }> {
  const seen = new Set<string>();
  const queue = [1, 2, 4, 9].map(begun);
  for (const before of queue) {
    if (seen.has(JSON.stringify(before))) continue;
    seen.add(JSON.stringify(before));
    const involved = [...before.underway, ...before.pending];
    for (let number = 0; number < FATES.length ** involved.length; number++) {
      const fates = new Map(
        involved.map((key, index) => [
          key,
          FATES[Math.floor(number / FATES.length ** index) % FATES.length] ?? 'gone',
        ]),
      );
      yield { before, fates };
      const { next } = stepRollout(before, looks(fates));
      if (next !== undefined) queue.push(next);
    }
  }
}

test('a rolling change keeps what it promises, whatever becomes of its instances', () => {
  let steps = 0;
  for (const { before, fates } of walks()) {
    steps += 1;
    const { next, restart, failed, done, left } = stepRollout(before, looks(fates));
    const is = (key: string, ...wanted: readonly Fate[]): boolean =>
      wanted.includes(fates.get(key) ?? 'gone');
    const text = JSON.stringify([before, [...fates]]);
    assert.ok((next?.underway.length ?? 0) <= before.atOnce, `at most so many at once: ${text}`);
    assert.equal(
      failed !== undefined,
      before.underway.some((key) => is(key, 'failed')),
      text,
    );
    if (failed !== undefined) assert.deepEqual([next, restart, left], [undefined, [], before.pending], text);
    for (const key of restart) {
      assert.ok(before.pending.includes(key) && !is(key, 'gone', 'held'), text);
      assert.ok(next?.underway.includes(key), text);
    }
    assert.deepEqual(
      done,
      [...before.done, ...before.underway.filter((key) => is(key, 'arrived', 'held'))],
      text,
    );
    if (failed !== undefined) continue;
    const waiting = before.pending.filter((key) => !is(key, 'gone', 'held'));
    const busy = before.underway.filter((key) => is(key, 'under way'));
    assert.equal(restart.length, Math.min(waiting.length, before.atOnce - busy.length), text);
    assert.equal(next === undefined, waiting.length + busy.length === 0, `ends when all is done: ${text}`);
  }
  assert.ok(steps > 10_000, `${steps}`);
});

test('where an instance stands follows from its state, and not before the wish has arrived', () => {
  const standings = Object.fromEntries(
    MONITOR_STATES.map((monitor) => [monitor, standingOf({ monitor, desired: 'up' })]),
  );
  for (const monitor of MONITOR_STATES) {
    for (const desired of DESIRED_STATES) {
      const isWished = desired === 'restart' || desired === 'start';
      assert.equal(
        standingOf({ monitor, desired }),
        isWished ? 'under way' : standings[monitor],
        `${monitor} ${desired}`,
      );
    }
    if (isResting(monitor)) assert.notEqual(standings[monitor], 'under way', monitor);
  }
  const failed = MONITOR_STATES.filter((monitor) => standings[monitor] === 'failed');
  assert.deepEqual(failed, ['blocked', 'unhealthy', 'backoff', 'failed']);
  const arrived = MONITOR_STATES.filter((monitor) => standings[monitor] === 'arrived');
  assert.deepEqual(arrived, ['idle', 'listening', 'scheduled', 'healthy', 'completed', 'stopped']);
});
