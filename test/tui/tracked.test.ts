import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { WireInstance } from '../../src/rpc/contract/contract.ts';
import { shortBytes, sparkline } from '../../src/tui/model/figures.ts';
import { tick, track } from '../../src/tui/model/tracked.ts';
import { wireInstance } from '../support/board-rig.ts';

function using(cpuSeconds: number, changes: Partial<WireInstance> = {}): WireInstance {
  const usage = { cpu_seconds: cpuSeconds, memory_bytes: 1, anonymous_bytes: 1, processes: 1 };
  return wireInstance('web', { usage, ...changes });
}

describe('CPU', () => {
  test('is not known from one sample', () => {
    assert.equal(track(undefined, using(5), 0).cpuPercent, undefined);
  });

  test('is the difference over the time between', () => {
    const before = track(undefined, using(5), 0);
    assert.equal(Math.round(track(before, using(5.5), 1_250).cpuPercent ?? 0), 40);
  });

  test('after a silence is that of the last second: what does not change is not told', () => {
    const before = track(undefined, using(5), 0);
    assert.equal(track(before, using(6), 60_000).cpuPercent, 100);
  });

  test('is not disturbed by a change of state between two samples', () => {
    const first = track(undefined, using(5), 0);
    const second = track(first, using(5.5), 1_000);
    const between = track(second, using(5.5, { state: 'unhealthy' }), 1_100);
    assert.equal(between.cpuPercent, 50);
    assert.equal(track(between, using(5.9), 2_000).cpuPercent?.toFixed(3), '40.000');
  });

  test('falls to nothing when nothing is told any more', () => {
    const second = track(track(undefined, using(5), 0), using(5.5), 1_000);
    assert.equal(tick(second, 2_000).cpuPercent, 50);
    assert.equal(tick(second, 4_000).cpuPercent, 0);
  });

  test('begins again with the next incarnation', () => {
    const before = track(undefined, using(50), 0);
    assert.equal(track(before, using(1, { incarnation: 2 }), 1_000).cpuPercent, undefined);
  });
});

test('sizes take at most four characters', () => {
  const sizes: readonly [bytes: number, text: string][] = [
    [0, '0B'],
    [999, '999B'],
    [1_000, '1.0K'],
    [45 * 1_048_576, '45M'],
    [1_000 * 1_048_576, '1.0G'],
    [1.25 * 2 ** 30, '1.3G'],
  ];
  for (const [bytes, text] of sizes) assert.equal(shortBytes(bytes), text);
});

test('a sparkline has one bar a sample, newest last; the highest sets the scale', () => {
  assert.equal(sparkline([0, 50, 100], 5, 100), '  ▁▄█');
  assert.equal(sparkline([0, 400], 2, 100), '▁█');
  assert.equal(sparkline([1, 2, 3, 4], 2, 0), '▆█');
});
