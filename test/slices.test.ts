import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inSlices, oneATurn } from '../src/slices.ts';

/** A clock and an event loop that the test drives. */
function turns() {
  const waiting: (() => void)[] = [];
  const state = { now: 0 };
  return {
    state,
    waiting,
    port: { now: () => state.now, soon: (callback: () => void) => waiting.push(callback) },
    next: () => {
      for (const callback of waiting.splice(0)) callback();
    },
  };
}

test('work goes on without a pause until its slice is used up, and has a new one in the next turn', async () => {
  const { state, port, next, waiting } = turns();
  const pause = inSlices(port);
  state.now = 9;
  assert.equal(pause(), undefined);
  state.now = 10;
  const rest = pause();
  assert.ok(rest instanceof Promise);
  assert.equal(waiting.length, 1);
  next();
  await rest;
  state.now = 19;
  assert.equal(pause(), undefined);
});

test('of several works one piece is done in each turn, in the order in which they asked', async () => {
  const { port, next } = turns();
  const pause = oneATurn(port.soon);
  const done: string[] = [];
  for (const work of ['a', 'b', 'c']) void pause().then(() => done.push(work));
  for (const expected of [['a'], ['a', 'b'], ['a', 'b', 'c']]) {
    await new Promise(setImmediate);
    next();
    await new Promise(setImmediate);
    assert.deepEqual(done, expected);
  }
});
