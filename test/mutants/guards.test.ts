/**
 * Runs the tests of steps and of readiness with each condition of their code turned into `true` and into `false`, in
 * turn: each change must be noticed.
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

const root = resolve(import.meta.dirname, '../..');
const TIMEOUT_MS = 20_000;

interface Mutant {
  readonly name: string;
  readonly url: string;
  readonly at: number;
  readonly length: number;
  readonly text: string;
}

/** One for each value of each condition of an `if`. */
function mutantsOf(file: string): readonly Mutant[] {
  const path = join(root, file);
  const source = readFileSync(path, 'utf8');
  return [...source.matchAll(/\bif \(/g)].flatMap(({ index }) => {
    const at = index + 'if ('.length;
    const length = lengthOfCondition(source, at);
    const condition = source.slice(at, at + length).replace(/\s+/g, ' ');
    return ['true', 'false'].map((text) => ({
      name: `${condition} = ${text}`,
      url: pathToFileURL(path).href,
      at,
      length,
      text: text.padEnd(length),
    }));
  });
}

function lengthOfCondition(source: string, from: number): number {
  let depth = 1;
  for (let at = from; ; at++) {
    if (source[at] === '(') depth += 1;
    else if (source[at] === ')') depth -= 1;
    if (depth === 0) return at - from;
  }
}

/** @returns whether the tests fail with it. */
function isCaught(mutant: Mutant, tests: readonly string[]): Promise<boolean> {
  const loader = join(root, 'test/fixtures/mutant-loader.ts');
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
  const child = spawn(
    process.execPath,
    ['--import', loader, '--test', '--test-isolation=none', '--test-timeout=5000', ...tests],
    {
      cwd: root,
      env: { ...environment, MUTANT: JSON.stringify(mutant) },
      stdio: 'ignore',
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
    },
  );
  return new Promise((done) => child.on('close', (code) => done(code !== 0)));
}

async function survivorsOf(mutants: readonly Mutant[], tests: readonly string[]): Promise<readonly string[]> {
  const survivors = new Set<Mutant>();
  const waiting = [...mutants];
  const work = async (): Promise<void> => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift())
      if (!(await isCaught(mutant, tests))) survivors.add(mutant);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return mutants.filter((mutant) => survivors.has(mutant)).map(({ name }) => name);
}

const EFFECTS = 'src/supervisor/effects';
const TESTS = 'test/supervisor';

/** Each is there for the compiler, or for what the lifecycle never asks of a step. */
const NEVER_OTHERWISE: readonly string[] = [
  // What is taken over as a running step is one.
  'running === undefined || step === undefined = false',
  // A step that has ended is not ended: its end is a fact before that.
  'run !== undefined = true',
  // One that cannot be taken back has been executed.
  'run.family !== undefined = true',
  'run.family === undefined = false',
  // Nobody minds that nothing is released.
  'run.family !== undefined = true',
];

/** Behave as the right ones do. */
const EQUIVALENT: readonly string[] = [
  // What has a life here says when it is ready, or a reload has restarted it.
  "process.readiness?.kind !== 'forked' = false",
  // Nothing is read before the start is waited for.
  'life.isReady = false',
  // A reload that makes a program a forking one restarts it.
  "life === undefined || readiness?.kind !== 'forked' = false",
  // No time is no later one.
  'told.extendMs !== undefined = true',
  // Other kinds name no descriptor.
  "readiness.kind !== 'descriptor' = false",
];

/** Of each file: its tests, and the changes that make no difference, each with the reason. */
const FILES: readonly (readonly [file: string, tests: readonly string[], equivalent: readonly string[]])[] = [
  [`${EFFECTS}/step-runner.ts`, [`${TESTS}/steps.test.ts`, `${TESTS}/resume.test.ts`], NEVER_OTHERWISE],
  [`${EFFECTS}/self-reports.ts`, [`${TESTS}/self-reports.test.ts`, `${TESTS}/resume.test.ts`], EQUIVALENT],
  [`${EFFECTS}/pace.ts`, [`${TESTS}/self-reports.test.ts`], []],
  ['src/supervisor/control/program-reload.ts', [`${TESTS}/program-reload.test.ts`], []],
];

for (const [file, tests, equivalent] of FILES) {
  test(`every condition of ${file} is needed`, async (t) => {
    const mutants = mutantsOf(file);
    const survivors = await survivorsOf(mutants, tests);
    t.diagnostic(`${mutants.length} mutants, ${mutants.length - survivors.length} caught`);
    assert.deepEqual(survivors, equivalent);
  });
}
