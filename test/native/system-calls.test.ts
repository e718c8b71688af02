/** The filter of `seccomp = "default"`, as the kernel answers each call. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { runChild, statusFields } from '../support/native-child.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const repository = resolve(import.meta.dirname, '../..');
const README = readFileSync(join(repository, 'README.md'), 'utf8');
const SOURCE = readFileSync(join(repository, 'native/system_calls.cc'), 'utf8');
const FILTERED = { noNewPrivs: true, filtersSystemCalls: true } as const;
const TABLE = README.slice(README.indexOf('| group | calls |'), README.indexOf('`clone3` and all calls'));
const LISTED = [...TABLE.matchAll(/`(\w+)`/g)]
  .map(([, name = '']) => name)
  .filter((name) => name !== 'clone');

test('the list of the README is the list of the filter', () => {
  const [, list = ''] = /kDenied\[\] = \{([^}]*)\}/.exec(SOURCE) ?? [];
  const built = [...list.matchAll(/(?:SYS_|\/\* )(\w+)(?=,| \*\/)/g)].map(([, name = '']) => name);
  assert.ok(built.length > 40, String(built.length));
  assert.deepEqual([...new Set(built)].sort(), [...LISTED].sort());
});

/** Every call with arguments that no kernel accepts, so that it does nothing if it is not refused. */
function prober(t: Parameters<typeof temporaryFolder>[0]): string {
  const calls = LISTED.map((name) => `#ifdef SYS_${name}\n  PROBE(${name});\n#endif`);
  const text = `#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#define PROBE(name) errno = 0; syscall(SYS_##name, -1L, -1L, -1L, -1L, -1L, -1L); printf("%s %d\\n", #name, errno)
int main(void) {
${calls.join('\n')}
  PROBE(clone3);
  long flags[] = {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP};
  for (int i = 0; i < 7; ++i) {
    errno = 0;
    long pid = syscall(SYS_clone, flags[i] | 17, 0, 0, 0, 0);
    if (pid == 0) _exit(0);
    printf("new%d %d\\n", i, pid > 0 ? 0 : errno);
    if (pid > 0) waitpid(pid, 0, 0);
  }
  if (fork() == 0) _exit(0);
  int status = -1;
  wait(&status);
  printf("fork %d\\n", status);
}
`;
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'prober.c'), text);
  execFileSync('gcc', ['-o', join(folder, 'prober'), join(folder, 'prober.c')]);
  return join(folder, 'prober');
}

function answersOf(text: string): ReadonlyMap<string, number> {
  const lines = text.trimEnd().split('\n');
  return new Map(lines.map((line) => line.split(' ')).map(([name = '', errno]) => [name, Number(errno)]));
}

const EPERM = 1;
const ENOSYS = 38;

test('each call of the list is refused, to root too; others work', async (t) => {
  const program = prober(t);
  const answers = answersOf((await runChild([program], FILTERED)).text);
  assert.ok(answers.size > 45, [...answers.keys()].join());
  for (const [name, errno] of answers) {
    if (name === 'fork') assert.equal(errno, 0);
    else assert.equal(errno, name === 'clone3' ? ENOSYS : EPERM, name);
  }
});

test('without it root is not refused', async (t) => {
  const answers = answersOf((await runChild([prober(t)])).text);
  for (const name of ['new0', 'new1', 'fork']) assert.equal(answers.get(name), 0, name);
  assert.notEqual(answers.get('mount'), EPERM);
});

test('the kernel says that there is a filter, and that it holds for what is started', async () => {
  const fields = await statusFields(FILTERED);
  assert.deepEqual([fields.Seccomp, fields.NoNewPrivs], ['2', '1']);
  assert.equal((await statusFields()).Seccomp, '0');
  const { text } = await runChild(['/bin/sh', '-c', 'sh -c "unshare -m true" 2>&1'], FILTERED);
  assert.match(text, /Operation not permitted/);
});

for (const [what, command] of [
  ['Node', [process.execPath, '-e', 'setTimeout(() => console.log("ok"), 1)']],
  [
    'Python with threads',
    [
      '/usr/bin/python3',
      '-c',
      'import threading as t; x = t.Thread(target=print, args=("ok",)); x.start(); x.join()',
    ],
  ],
  ['a shell with a pipe', ['/bin/sh', '-c', 'echo ok | cat']],
] as const)
  test(`${what} works with it`, async () => {
    assert.equal((await runChild([...command], FILTERED)).text, 'ok\n');
  });
