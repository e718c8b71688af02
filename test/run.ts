/**
 * `npm test`: as root the whole check of `.ci/run`, which leaves nothing out; otherwise what needs neither root nor
 * Docker, in about a minute, and a list of what was left out.
 */

import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { NEEDS, NEEDS_IN_WORDS, type Need, needsOf } from './support/needs.ts';

const root = resolve(import.meta.dirname, '..');
const TIMEOUT_MS = 240_000;

function run(title: string, program: string, words: readonly string[]): void {
  process.stdout.write(`\n== ${title}\n`);
  const PATH = `${join(root, 'node_modules/.bin')}${delimiter}${process.env.PATH ?? ''}`;
  const { status, error } = spawnSync(program, words, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PATH },
  });
  if (error !== undefined) process.stderr.write(`cannot run ${program}: ${error.message}\n`);
  if (status !== 0) process.exit(status ?? 1);
}

function sayWhatIsLeftOut(files: readonly string[], leftOut: readonly string[]): void {
  const names = NEEDS.map(({ what, needs }) => `  ${what.padEnd(32)}${needs.join(', ')}`);
  const needed = new Set(leftOut.flatMap(needsOf));
  const words = [...needed].map((need: Need) => `  ${need.padEnd(8)}${NEEDS_IN_WORDS[need]}`);
  process.stdout.write(
    [
      '',
      `== Left out: ${leftOut.length} of ${files.length} test files, because of what they need`,
      ...names,
      '',
      ...words,
      '',
      'To run everything: .ci/run as root, on Debian (in a container: a privileged one).',
      'To run one room:   npx node --test test/ROOM/*.test.ts',
      '',
    ].join('\n'),
  );
}

if (process.getuid?.() === 0) run('All of .ci/run', 'bash', ['.ci/run']);
else {
  const files = globSync('**/*.test.ts', { cwd: import.meta.dirname }).sort();
  const leftOut = files.filter((file) => needsOf(file).length > 0);
  const runnable = files.filter((file) => !leftOut.includes(file)).map((file) => join('test', file));
  run('Build', 'npm', ['run', '--silent', 'build']);
  run('Lint', 'biome', ['check', '.']);
  run('Types', 'tsc', []);
  run('Tests', 'node', ['--test', `--test-timeout=${TIMEOUT_MS}`, ...runnable]);
  sayWhatIsLeftOut(files, leftOut);
}
