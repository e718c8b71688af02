/** Watching signals that Node cannot name. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { native } from '../../src/system/native.ts';
import { eventually } from '../support/eventually.ts';
import { runChild } from '../support/native-child.ts';

const SIGRTMIN = 34;
const SIGRTMAX = 64;

test('every real-time signal is told by its number, promises kept in step', async () => {
  const told: number[] = [];
  const all = Array.from({ length: SIGRTMAX - SIGRTMIN + 1 }, (_, index) => SIGRTMIN + index);
  native().watchSignals(all, (signal) => {
    queueMicrotask(() => told.push(signal));
  });
  for (const signal of all) process.kill(process.pid, signal);
  await eventually(() => assert.deepEqual([...told].sort(), all));
  native().watchSignals([], () => {});
});

test('a new watch replaces the old one', async () => {
  const told: string[] = [];
  native().watchSignals([SIGRTMIN], () => told.push('old'));
  native().watchSignals([SIGRTMIN], () => told.push('new'));
  process.kill(process.pid, SIGRTMIN);
  await eventually(() => assert.deepEqual(told, ['new']));
  native().watchSignals([], () => {});
});

test('a watch ends with the exec: the signal kills a child as it kills anyone', async () => {
  native().watchSignals([SIGRTMIN + 1], () => assert.fail('it was not for us'));
  const { status } = await runChild(['/bin/sh', '-c', `kill -${SIGRTMIN + 1} $$`]);
  assert.equal(status, SIGRTMIN + 1);
  native().watchSignals([], () => {});
});

test('a signal that cannot be watched is refused', () => {
  assert.throws(() => native().watchSignals([9], () => {}), RangeError);
});

test('an environment that ends takes its watch with it', async () => {
  const watcher = new URL('../fixtures/signal-watcher.ts', import.meta.url);
  for (let round = 0; round < 5; round += 1) {
    const [exitCode] = await once(new Worker(watcher), 'exit');
    // It ended by itself: a watch keeps no event loop alive.
    assert.equal(exitCode, 0);
  }
});
