import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SystemClock } from '../../src/system/clock.ts';

const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

test('a callback never comes early, not by a fraction of a millisecond', async () => {
  const clock = new SystemClock();
  const delays = Array.from({ length: 200 }, (_, index) => 1 + index / 17);
  const early = await Promise.all(
    delays.map(
      (delayMs) =>
        new Promise<number>((resolve) => {
          const begun = clock.now();
          clock.after(delayMs, () => resolve(Math.max(0, delayMs - (clock.now() - begun))));
        }),
    ),
  );
  assert.deepEqual(
    early.filter((earlyMs) => earlyMs > 0),
    [],
  );
});

test('a delay of nothing is over in the next turn', async () => {
  const clock = new SystemClock();
  const order: string[] = [];
  await new Promise<void>((resolve) => {
    clock.after(0, () => {
      order.push('callback');
      resolve();
    });
    order.push('turn is over');
  });
  assert.deepEqual(order, ['turn is over', 'callback']);
});

test('what was cancelled does not happen, and cancelling twice does nothing', async () => {
  const clock = new SystemClock();
  let happened = 0;
  const cancels = [0, 1, 5].map((delayMs) =>
    clock.after(delayMs, () => {
      happened += 1;
    }),
  );
  for (const cancel of [...cancels, ...cancels]) cancel();
  await new Promise<void>((resolve) => clock.after(20, resolve));
  assert.equal(happened, 0);
});

test('a delay of more than 24 days is no overflow of setTimeout, and can be cancelled', async (t) => {
  const warnings: string[] = [];
  const onWarning = (warning: Error): unknown => warnings.push(warning.name);
  process.on('warning', onWarning);
  t.after(() => process.off('warning', onWarning));
  const clock = new SystemClock();
  const cancel = clock.after(LONGEST_TIMEOUT_MS + 1, () => assert.fail('it came at once'));
  await new Promise<void>((resolve) => clock.after(20, resolve));
  cancel();
  assert.deepEqual(warnings, []);
});

test('a long delay is waited for in parts, each of which can be cancelled', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let nowMs = 0;
  t.mock.method(process, 'hrtime', () => [Math.floor(nowMs / 1e3), (nowMs % 1e3) * 1e6]);
  const advance = (ms: number): void => {
    nowMs += ms;
    t.mock.timers.tick(ms);
  };
  const clock = new SystemClock();
  let happened = 0;
  const happen = (): void => {
    happened += 1;
  };
  clock.after(LONGEST_TIMEOUT_MS * 2 + 1_000, happen);
  const cancel = clock.after(LONGEST_TIMEOUT_MS + 1_000, happen);
  advance(LONGEST_TIMEOUT_MS);
  cancel();
  advance(LONGEST_TIMEOUT_MS);
  assert.equal(happened, 0);
  advance(1_000);
  assert.equal(happened, 1);
});

test('now only grows, and the wall time is the wall clock', () => {
  const clock = new SystemClock();
  const first = clock.now();
  assert.ok(clock.now() >= first);
  assert.ok(Math.abs(clock.wallTime() - Date.now()) < 1_000);
});
