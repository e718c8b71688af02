/** The alarm of the wall clock against the kernel. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { native } from '../../src/system/native.ts';
import { SystemWallAlarm } from '../../src/system/wall-alarm.ts';
import { eventually } from '../support/eventually.ts';

const HOUR_MS = 3_600_000;

function alarm(t: TestContext, addon: ConstructorParameters<typeof SystemWallAlarm>[0] = native()) {
  const rings: number[] = [];
  // The addon does not keep the event loop alive.
  const keepAlive = setInterval(() => {}, 1_000);
  const made = new SystemWallAlarm(addon, () => rings.push(Date.now()));
  t.after(() => {
    clearInterval(keepAlive);
    made.stop();
  });
  return { made, rings };
}

const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

test('it rings at its time, once, and never early', async (t) => {
  const { made, rings } = alarm(t);
  const at = Date.now() + 120;
  made.set(at);
  await eventually(() => assert.equal(rings.length, 1));
  assert.ok((rings[0] ?? 0) >= at, `${rings[0]} < ${at}`);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(rings.length, 1);
});

test('a time that has passed rings at once', async (t) => {
  const { made, rings } = alarm(t);
  made.set(Date.now() - HOUR_MS);
  await eventually(() => assert.equal(rings.length, 1));
});

test('a time farther than a timeout of Node can be is no time that has come', async (t) => {
  const { made, rings } = alarm(t);
  made.set(Date.now() + 100 * 24 * HOUR_MS);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(rings.length, 0);
});

test('it rings when somebody sets the clock, and each time', async (t) => {
  const { made, rings } = alarm(t);
  for (let round = 1; round <= 3; round++) {
    made.set(Date.now() + HOUR_MS);
    // To what it shows anyway: the kernel tells that it was set all the same (timerfd_create(2)).
    execFileSync('python3', ['-c', 'import time; time.clock_settime(time.CLOCK_REALTIME, time.time())']);
    await eventually(() => assert.ok(rings.length >= round, `rung ${rings.length} times`));
  }
});

test('stopped, it rings no more and holds no descriptor', async (t) => {
  const { made, rings } = alarm(t);
  const before = openDescriptors();
  made.set(Date.now() + 30);
  made.stop();
  await eventually(() => assert.equal(openDescriptors(), before));
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.equal(rings.length, 0);
  made.set(Date.now() + 10);
  await eventually(() => assert.equal(rings.length, 1));
});

test('without a descriptor for it, it looks at the clock now and then', async (t) => {
  const { made, rings } = alarm(t, { ...native(), openWallTimer: () => -24 });
  made.set(Date.now() + 20);
  await eventually(() => assert.equal(rings.length, 1));
});
