import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PacedReports } from '../../src/output/sinks/paced-reports.ts';
import { HandClock } from '../supervisor/rig.ts';

function rig() {
  const clock = new HandClock();
  const told: string[] = [];
  const paced = new PacedReports(clock, {
    onFailed: (message) => void told.push(message),
    onRestored: () => void told.push('restored'),
    onDropped: (bytes, reason) => void told.push(`${bytes} ${reason}`),
  });
  return { clock, told, paced };
}

test('a file that fails and works again is reported as ever, a few times a minute', () => {
  const { clock, told, paced } = rig();
  for (let turn = 0; turn < 5; turn++) {
    paced.onFailed('no space');
    paced.onRestored();
  }
  assert.equal(told.length, 10);
  clock.advance(60_000);
  assert.equal(told.length, 10, 'nothing was held back');
});

test('failures beyond that are counted, and reported together when the minute is over', () => {
  const { clock, told, paced } = rig();
  for (let turn = 0; turn < 1_000; turn++) {
    paced.onFailed('it was deleted');
    paced.onDropped(10, 'lost');
    paced.onRestored();
  }
  assert.equal(told.length, 12);
  clock.advance(60_000);
  assert.deepEqual(told.slice(12), ['it was deleted (996 more in the last minute)', 'restored', '9960 lost']);
  paced.onFailed('again');
  assert.equal(told.at(-1), 'again');
});

test('the last word is how the file is', () => {
  const { clock, told, paced } = rig();
  for (let turn = 0; turn < 50; turn++) {
    paced.onFailed('it was deleted');
    paced.onRestored();
  }
  paced.onFailed('no space');
  clock.advance(60_000);
  assert.match(told.at(-1) ?? '', /^no space \(\d+ more in the last minute\)$/);
  paced.onRestored();
  assert.equal(told.at(-1), 'restored');
});

test('what waits is reported at the end', () => {
  const { told, paced } = rig();
  for (let turn = 0; turn < 50; turn++) paced.onDropped(1, 'lost');
  paced.flush();
  assert.equal(told.at(-1), '38 lost');
});
