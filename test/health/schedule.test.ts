import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstDelay, judge, type Progress, type Timing } from '../../src/health/schedule.ts';

const RULES: Timing = { intervalMs: 10_000, startPeriodMs: 30_000, startIntervalMs: 1_000, retries: 3 };
const passed = { passed: true, outcome: 'exited with code 0' };
const failed = { passed: false, outcome: 'exited with code 7' };
const unproven: Progress = { standing: 'unproven', failures: 0 };

test('one success is healthy at once, and told once', () => {
  const first = judge(unproven, passed, 0, RULES);
  assert.deepEqual(first.fact, { kind: 'becameHealthy' });
  assert.equal(first.delayMs, 10_000);
  assert.equal(judge(first.progress, passed, 0, RULES).fact, undefined);
});

test('inside the start period failures do not count and the next look is soon', () => {
  let progress = unproven;
  for (let run = 0; run < 10; run++) {
    const judgement = judge(progress, failed, 29_999, RULES);
    assert.equal(judgement.fact, undefined);
    assert.equal(judgement.counts, false);
    assert.equal(judgement.delayMs, 1_000);
    progress = judgement.progress;
  }
  assert.equal(progress.failures, 0);
});

test('after the start period it takes all retries in a row, whatever was before', () => {
  let progress = unproven;
  for (const expected of [undefined, undefined, 'becameUnhealthy', undefined]) {
    const judgement = judge(progress, failed, 30_000, RULES);
    assert.equal(judgement.fact?.kind, expected);
    assert.equal(judgement.delayMs, 10_000);
    progress = judgement.progress;
  }
});

test('the start period is over with the first success', () => {
  const proven = judge(unproven, passed, 1_000, RULES).progress;
  assert.equal(judge(proven, failed, 2_000, RULES).counts, true);
});

test('a success between failures begins the count again', () => {
  let progress: Progress = { standing: 'healthy', failures: 0 };
  for (const result of [failed, failed, passed, failed, failed]) {
    const judgement = judge(progress, result, 60_000, RULES);
    assert.equal(judgement.fact, undefined);
    progress = judgement.progress;
  }
  assert.deepEqual(judge(progress, failed, 60_000, RULES).fact, {
    kind: 'becameUnhealthy',
    reason: 'health check failed 3 times: exited with code 7',
  });
});

test('an unhealthy one becomes healthy by one success', () => {
  const judgement = judge({ standing: 'unhealthy', failures: 5 }, passed, 60_000, RULES);
  assert.deepEqual(judgement.fact, { kind: 'becameHealthy' });
  assert.equal(judgement.progress.failures, 0);
});

test('the first look at an unproven one is soon where failures do not count, else after the interval', () => {
  assert.equal(firstDelay('unproven', RULES), 100);
  assert.equal(firstDelay('unproven', { ...RULES, startPeriodMs: 0 }), 10_000);
  assert.equal(firstDelay('healthy', RULES), 10_000);
});
