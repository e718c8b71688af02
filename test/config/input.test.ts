import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadWeb, problemsOf } from '../support/config-ports.ts';

const web = (lines: string): string => `[processes.web]\ncmd = "x"\n${lines}\n`;

test('standard input is /dev/null unless it is asked for', () => {
  assert.equal(loadWeb(web('')).stdin, 'null');
  assert.equal(loadWeb(web('stdin = "pipe"')).stdin, 'pipe');
  assert.equal(loadWeb(web('tty = true')).stdin, 'terminal');
});

test('with a terminal, stdout says where all of it goes, and TERM is xterm unless env says otherwise', () => {
  const { stdout, stderr, spawn } = loadWeb(web('tty = true\nstdout = "/log"'));
  assert.equal(stdout.kind, 'file');
  assert.deepEqual(stderr, { kind: 'null' });
  assert.equal(spawn.environment.set.TERM, 'xterm');
  assert.equal(loadWeb(web('tty = true\nenv = {TERM = "linux"}')).spawn.environment.set.TERM, 'linux');
  assert.equal(loadWeb(web('')).spawn.environment.set.TERM, undefined);
});

const REFUSED: readonly (readonly [string, RegExp])[] = [
  ['stdin = "pipe"', /the terminal is stdin as well/],
  ['stderr = "/log"', /the terminal is stderr as well/],
  ['stdout = "passthrough"', /nothing can pass it by/],
];
for (const [line, said] of REFUSED) {
  test(`${line} and a terminal exclude each other`, () => {
    const [problem, ...others] = problemsOf(web(`tty = true\n${line}`));
    assert.match(problem?.message ?? '', said);
    assert.deepEqual(others, []);
  });
}
