import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timeRangeOf } from '../../src/cli/logs/time-flag.ts';

const NOW = Date.UTC(2026, 10, 25, 10, 30, 0);

function range(given: Readonly<Record<string, string>>): readonly (string | undefined)[] {
  const flags = { has: (name: string) => name in given, text: (name: string) => given[name], all: () => [] };
  const { since, until } = timeRangeOf(flags, NOW);
  return [since, until].map((time) => (time === undefined ? undefined : new Date(time).toISOString()));
}

const CASES: readonly [given: string, since: string][] = [
  ['10m', '2026-11-25T10:20:00.000Z'],
  ['1m30s', '2026-11-25T10:28:30.000Z'],
  ['10:02', '2026-11-25T10:02:00.000Z'],
  ['9:02:03.5', '2026-11-25T09:02:03.500Z'],
  ['10:31', '2026-11-24T10:31:00.000Z'],
  ['2026-11-25', '2026-11-25T00:00:00.000Z'],
  ['2026-11-25 10:02', '2026-11-25T10:02:00.000Z'],
  ['2026-11-25T10:02:05Z', '2026-11-25T10:02:05.000Z'],
  ['2026-11-25T12:02:05+02:00', '2026-11-25T10:02:05.000Z'],
];
for (const [given, since] of CASES) {
  test(`--since ${given} is ${since}`, () => {
    assert.deepEqual(range({ '--since': given }), [since, undefined]);
  });
}

test('a time of day after --until is the first one after --since', () => {
  assert.deepEqual(range({ '--since': '10:02', '--until': '10:35' }), [
    '2026-11-25T10:02:00.000Z',
    '2026-11-25T10:35:00.000Z',
  ]);
  assert.deepEqual(range({ '--since': '2026-11-20 23:50', '--until': '0:10' }), [
    '2026-11-20T23:50:00.000Z',
    '2026-11-21T00:10:00.000Z',
  ]);
});

for (const wrong of ['24:00', '10:60', '2026-02-30', '2026-13-01', 'noon', '', '-5m']) {
  test(`"${wrong}" is no time`, () => {
    assert.throws(() => range({ '--since': wrong }), { code: 'bad-arguments' });
  });
}
