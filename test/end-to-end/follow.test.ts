/** `logs --follow` of a process that never pauses: what is past and what is to come are one. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { EngineRun } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';

const taskshell = resolve(import.meta.dirname, '../../dist/taskshell');
/** At a time: they hold each other up, which makes the moment between what is past and what is to come longer. */
const FOLLOWERS = 6;
const TURNS = 3;
const LINES_EACH = 300;
/** A number a line, in two writes each: most moments are in the middle of a line. */
const COUNTING = `cmd = ["bash", "-c", "for ((n = 1; ; n++)); do printf 'line '; printf '%d\\\\n' $n; done"]\nring_size = "256KB"\n`;

async function numbersOf(t: TestContext, engine: EngineRun): Promise<readonly number[]> {
  const words = ['logs', '-f', '--stream', 'stdout', '-p', 'web', '--socket', engine.socket];
  const child = spawn(taskshell, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  // What is past is printed at once: so many more lines than a first look shows are live ones.
  let first = 0;
  await eventually(() => {
    first = out.split('\n').length;
    return first > 1;
  });
  await eventually(() => out.split('\n').length > first + LINES_EACH, { withinMs: 20_000 });
  child.kill('SIGINT');
  // The oldest line that a ring remembers has lost its beginning.
  const lines = out.split('\n').slice(1, -1);
  return lines.map((line) => Number(/^\S+ web stdout \| line (\d+)$/.exec(line)?.[1] ?? Number.NaN));
}

function assertUnbroken(numbers: readonly number[]): void {
  const [first = 0] = numbers;
  const broken = numbers.findIndex((number, index) => number !== first + index);
  assert.equal(broken, -1, `after ${numbers.slice(Math.max(0, broken - 3), broken + 3).join(', ')}`);
}

for (const keeps of [false, true]) {
  test(`no line is missing, told twice or torn where the journal ${keeps ? 'keeps' : 'does not keep'} output`, async (t) => {
    const journal = keeps ? '[engine.journal]\noutput = true\n' : '';
    const engine = new EngineRun(t, `${journal}[processes.web]\n${COUNTING}`);
    await engine.ready();
    for (let turn = 0; turn < TURNS; turn++) {
      const followers = Array.from({ length: FOLLOWERS }, () => numbersOf(t, engine));
      for (const numbers of await Promise.all(followers)) assertUnbroken(numbers);
    }
  });
}
