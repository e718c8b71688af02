/**
 * The engine is killed in the middle of rotating what a process prints as fast as it can, and another goes on with the
 * same files: again and again, at whatever moment it happens to be.
 */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { EngineRun } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const KILLS = 25;
const MOST_FILES = 16;
/** The shifting of so many names takes longer than the writing of so small a file: most kills come in between. */
const FILE_BYTES = 65_536;

/** Each engine's process counts from a number of its own. */
const FIRST = 1_000_000_000;

function flood(t: TestContext, folder: string, run: number, compress: boolean): EngineRun {
  const target = `{ file = "${folder}/log", max_size = ${FILE_BYTES}, max_files = ${MOST_FILES}, compress = ${compress} }`;
  const cmd = `seq ${run * FIRST} ${(run + 1) * FIRST - 1}`;
  return new EngineRun(
    t,
    `[engine]\nexit_when = "never"\n[processes.flood]\ncmd = "${cmd}"\nstdout = ${target}\n`,
  );
}

interface Found {
  readonly number: number;
  readonly name: string;
}

/** All parts of the log, the oldest first. One that is there twice was compressed, and its old form not yet removed. */
function partsIn(folder: string): readonly Found[] {
  const names = readdirSync(folder).filter((name) => !name.endsWith('.part'));
  return names
    .filter((name) => name.endsWith('.gz') || !names.includes(`${name}.gz`))
    .map((name) => ({ name, number: Number(/\.(\d+)/.exec(name)?.[1] ?? 0) }))
    .sort((one, other) => other.number - one.number);
}

function textOf(folder: string, { name }: Found): string {
  const bytes = readFileSync(join(folder, name));
  return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1');
}

/**
 * Each number follows the one before. Only where an engine was killed may numbers be missing, up to the first one of
 * the next engine's process; what was torn there goes on with that one, as with `>>`.
 * @returns the last engine whose numbers are there.
 */
function lastRunIn(folder: string): number {
  const lines = partsIn(folder)
    .map((part) => textOf(folder, part))
    .join('')
    .split('\n');
  let run = Math.floor(Number(lines[0]) / FIRST);
  let next = Number(lines[0]);
  // The last one may be torn: nothing has come behind it yet.
  for (const [at, line] of lines.slice(0, -1).entries()) {
    if (line !== String(next)) {
      run += 1;
      const first = String(run * FIRST);
      const isNextRun = line.endsWith(first) && String(next).startsWith(line.slice(0, -first.length));
      assert.ok(isNextRun, `line ${at}: ${line}, after ${lines[at - 1]}; ${readdirSync(folder).join(' ')}`);
      next = run * FIRST;
    }
    next += 1;
  }
  assert.ok(String(next).startsWith(lines.at(-1) ?? ''), `at the end: ${lines.at(-1)}, not ${next}`);
  return run;
}

/** What only a crash leaves: a gap in the numbers, a compression that was not finished, a part in both its forms. */
function leftOvers(folder: string): readonly string[] {
  const names = readdirSync(folder);
  const numbers = partsIn(folder).map(({ number }) => number);
  const highest = Math.max(0, ...numbers);
  const missing = Array.from({ length: highest + 1 }, (_, number) => number).filter(
    (number) => !numbers.includes(number),
  );
  return [
    ...missing.map((number) => `no log.${number}`),
    ...names.filter((name) => name.endsWith('.part')),
    ...names.filter((name) => names.includes(`${name}.gz`)),
  ];
}

/** What this engine's process printed is in the newest file, which is not the one that it found. */
async function isRotating(engine: EngineRun, folder: string, run: number, found: number): Promise<void> {
  await eventually(
    () => {
      const lines = readFileSync(join(folder, 'log'), 'latin1').split('\n');
      assert.ok(Number(lines.at(-2)) > run * FIRST, engine.log);
      assert.notEqual(inodeOf(folder), found, engine.log);
    },
    { withinMs: 15_000 },
  );
}

/** Of the file that is written to; 0 where a rotation has just taken it away. */
function inodeOf(folder: string): number {
  return statSync(join(folder, 'log'), { throwIfNoEntry: false })?.ino ?? 0;
}

for (const compress of [false, true]) {
  test(`killed in the middle of ${compress ? 'compressed' : 'plain'} rotations ${KILLS} times, engines lose no line but those under way, and double none`, async (t) => {
    let running: EngineRun | undefined;
    // Before the folder goes: anyone who writes to it must not.
    t.after(async () => {
      await running?.signal('SIGKILL');
      await running?.exitCode();
    });
    const folder = temporaryFolder(t);
    const leftByKills: string[] = [];
    for (let run = 1; run <= KILLS; run++) {
      const found = inodeOf(folder);
      const engine = flood(t, folder, run, compress);
      running = engine;
      await isRotating(engine, folder, run, found);
      await pause(Math.random() * 20);
      await engine.signal('SIGKILL');
      // unshare(1) ends when it does; its own code says nothing of a KILL.
      await engine.exitCode();
      running = undefined;
      assert.equal(lastRunIn(folder), run);
      leftByKills.push(...leftOvers(folder));
    }
    assert.notDeepEqual(leftByKills, [], 'some came between two steps of a rotation');

    const found = inodeOf(folder);
    const last = await flood(t, folder, KILLS + 1, compress).ready();
    running = last;
    await isRotating(last, folder, KILLS + 1, found);
    assert.equal((await last.shell('stop', 'flood', '--wait')).code, 0);
    // What waited to be written still goes through some rotations.
    await eventually(() => {
      assert.deepEqual(leftOvers(folder), [], 'a whole rotation has tidied up');
      assert.ok(partsIn(folder).length <= MOST_FILES + 1, readdirSync(folder).join(' '));
      assert.equal(lastRunIn(folder), KILLS + 1);
    });
  });
}
