/** The steps of a rotation, and a crash between any two of them. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import {
  compressFile,
  type RotationSteps,
  removeOldest,
  rotateFiles,
} from '../../src/output/files/rotation.ts';
import { isNewInterval } from '../../src/output/files/rotation-schedule.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const MOST = 5;

/** Does so many steps, and nothing whatever after them, as one who was killed. */
function killedAfter(count: number): { readonly steps: RotationSteps; readonly wasKilled: () => boolean } {
  let left = count;
  const step = async (does: () => Promise<void>): Promise<void> => {
    left -= 1;
    if (left < 0) throw new Error('killed');
    await does();
  };
  return {
    steps: { rename: (from, to) => step(() => rename(from, to)), unlink: (path) => step(() => unlink(path)) },
    wasKilled: () => left < 0,
  };
}

/** What stands in all of them, the oldest first; that each number is there once is checked. */
function linesIn(folder: string): readonly string[] {
  const numbered = readdirSync(folder)
    .filter((name) => !name.endsWith('.part'))
    .map((name) => ({ name, number: Number(/\.(\d+)/.exec(name)?.[1] ?? 0) }))
    .sort((one, other) => other.number - one.number);
  assert.equal(
    new Set(numbered.map(({ number }) => number)).size,
    numbered.length,
    readdirSync(folder).join(' '),
  );
  return numbered.flatMap(({ name }) => {
    const bytes = readFileSync(join(folder, name));
    return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString().split('\n').slice(0, -1);
  });
}

for (const isCompressed of [false, true]) {
  for (let killedAt = 0; killedAt < 8; killedAt++) {
    test(`killed after ${killedAt} steps of ${isCompressed ? 'a compressed' : 'a plain'} rotation, the next one loses and doubles no line`, async (t) => {
      const folder = temporaryFolder(t);
      const path = join(folder, 'log');
      writeFileSync(`${path}.3.gz`, gzipSync('one\n'));
      writeFileSync(`${path}.2`, 'two\n');
      writeFileSync(`${path}.1`, 'three\n');
      writeFileSync(path, 'four\n');
      const { steps, wasKilled } = killedAfter(killedAt);
      try {
        await rotateFiles(path, MOST, steps);
        await removeOldest(path, MOST, steps);
        if (isCompressed) await compressFile(`${path}.1`, steps);
      } catch {
        assert.ok(wasKilled());
      }
      writeFileSync(path, 'five\n', { flag: 'a' });
      await rotateFiles(path, MOST);
      if (isCompressed) await compressFile(`${path}.1`);
      assert.deepEqual(linesIn(folder), ['one', 'two', 'three', 'four', 'five']);
      assert.deepEqual(
        readdirSync(folder).filter((name) => name.endsWith('.part')),
        [],
      );
    });
  }
}

test('a gap in the numbers is filled before anything is removed', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'log');
  for (const name of ['log', 'log.1', 'log.3', 'log.4']) writeFileSync(join(folder, name), `${name}\n`);
  await rotateFiles(path, 4);
  assert.deepEqual(readdirSync(folder).sort(), ['log.1', 'log.2', 'log.3', 'log.4']);
  assert.deepEqual(linesIn(folder), ['log.4', 'log.3', 'log.1', 'log']);
});

test('with all numbers taken, the oldest is one too many until it is removed, by the next rotation at the latest', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'log');
  for (const name of ['log', 'log.1', 'log.2.gz']) writeFileSync(join(folder, name), '');
  await rotateFiles(path, 2);
  assert.deepEqual(readdirSync(folder).sort(), ['log.1', 'log.2', 'log.3.gz']);
  writeFileSync(path, '');
  await rotateFiles(path, 2);
  assert.deepEqual(readdirSync(folder).sort(), ['log.1', 'log.2', 'log.3']);
  await removeOldest(path, 2);
  assert.deepEqual(readdirSync(folder).sort(), ['log.1', 'log.2']);
});

test('removing the oldest leaves alone what is being compressed meanwhile', async (t) => {
  const folder = temporaryFolder(t);
  for (const name of ['log.1', 'log.1.gz.part', 'log.4', 'log.4.gz']) writeFileSync(join(folder, name), '');
  await removeOldest(join(folder, 'log'), 3);
  assert.deepEqual(readdirSync(folder).sort(), ['log.1', 'log.1.gz.part']);
});

test('files of others that merely look alike are left alone', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'log');
  const others = ['log.1.bak', 'log.01', 'log.old', 'log2.1', 'log.1.part', 'log.2.gz.tmp'];
  for (const name of [...others, 'log', 'log.7']) writeFileSync(join(folder, name), '');
  await rotateFiles(path, 1);
  await removeOldest(path, 1);
  assert.deepEqual(readdirSync(folder).sort(), [...others, 'log.1'].sort());
});

test('days begin at midnight UTC, weeks on Monday, hours on the hour', () => {
  const at = (text: string): number => Date.parse(`${text}Z`);
  const [hour, day, week] = [3_600_000, 86_400_000, 604_800_000];
  const cases = [
    [hour, '2026-11-25T10:59:59.999', '2026-11-25T11:00', true],
    [hour, '2026-11-25T10:00', '2026-11-25T10:59:59.999', false],
    [day, '2026-11-25T23:59:59.999', '2026-11-26T00:00', true],
    [day, '2026-11-25T00:00', '2026-11-25T23:59', false],
    [week, '2026-11-22T23:59', '2026-11-23T00:00', true],
    [week, '2026-11-23T00:00', '2026-11-29T23:59', false],
    [day, '2026-11-26T00:00', '2026-11-25T23:00', false],
  ] as const;
  for (const [every, since, now, expected] of cases)
    assert.equal(isNewInterval(every, at(since), at(now)), expected, `${since} to ${now}`);
});
