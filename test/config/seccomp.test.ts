import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asRoot, loadWeb, problemsOf } from '../support/config-ports.ts';

const web = (line: string): string => `[processes.web]\ncmd = "x"\n${line}\n`;

test('seccomp is there if it is asked for', () => {
  assert.equal(loadWeb(web('seccomp = "default"')).spawn.seccomp, 'default');
  assert.equal('seccomp' in loadWeb(web('')).spawn, false);
});

test('a kernel without seccomp is refused by line', () => {
  const self = { ...asRoot, hasSeccomp: () => false };
  const [problem, ...more] = problemsOf(web('seccomp = "default"'), { self });
  assert.deepEqual([problem?.line, more], [3, []]);
  assert.match(problem?.message ?? '', /^cannot be given: this kernel has no seccomp/);
  assert.deepEqual(problemsOf(web(''), { self }), []);
});

test('another word is refused', () => {
  assert.equal(problemsOf(web('seccomp = "strict"'))[0]?.line, 3);
});
