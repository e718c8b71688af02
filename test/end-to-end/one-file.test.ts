/** Several streams that lead to one place: both of a process, those of instances, and those of several processes. */

import assert from 'node:assert/strict';
import { existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EngineRun, shellCommand } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';

const STAY = '[engine]\nexit_when = "never"\n';
/** Alternates between both streams without a pause, so that only one pipe can keep the order. */
const ALTERNATE = 'i=0; while [ $i -lt 2000 ]; do echo o$i; echo e$i >&2; i=$((i+1)); done';
const ALTERNATED = Array.from({ length: 2_000 }, (_, index) => `o${index}\ne${index}\n`).join('');
const once = (name: string, script: string, more: string): string =>
  `[processes.${name}]\n${shellCommand(script)}autorestart = "no"\n${more}`;

for (const [what, streams] of [
  ['the same path', 'stdout = "{folder}/log"\nstderr = "{folder}/log"\n'],
  ['stderr = "stdout"', 'stdout = "{folder}/log"\nstderr = "stdout"\n'],
  [
    'the same path in tables',
    'stdout = { file = "{folder}/log" }\nstderr = { file = "{folder}/./log", max_size = "1KB" }\n',
  ],
  ['a symbolic link', 'stdout = "{folder}/log"\nstderr = "{folder}/link"\n'],
] as const) {
  test(`both streams in one file keep their exact order: ${what}`, async (t) => {
    const engine = new EngineRun(
      t,
      `${STAY}${once('a', `${ALTERNATE}; ls -l /proc/self/fd >{folder}/fds`, `autostart = false\n${streams}`)}`,
    );
    symlinkSync('log', join(engine.folder, 'link'));
    await engine.ready();
    assert.equal((await engine.shell('start', 'a')).code, 0);
    await engine.reaches('a', 'completed');
    await eventually(() => assert.ok(engine.read('log') === ALTERNATED, engine.read('log').slice(0, 200)));
    assert.ok(!existsSync(join(engine.folder, 'log.1')), 'the rules of stdout count');
  });
}

for (const [stdout, stderr] of [
  ['inherit', 'stdout'],
  ['inherit', '/dev/stdout'],
  ['/dev/stderr', 'inherit'],
  ['passthrough', 'stdout'],
] as const) {
  test(`both streams on one of the container’s: stdout = "${stdout}", stderr = "${stderr}"`, async (t) => {
    // A pipe, because a process would see a socket of the test as full (EAGAIN).
    const wrapper = ['sh', '-c', '"$0" "$@" | cat'] as const;
    const config = once('a', ALTERNATE, `stdout = "${stdout}"\nstderr = "${stderr}"\n`);
    const engine = new EngineRun(t, config, { wrapper: [...wrapper] });
    assert.equal(await engine.exitCode(), 0);
    await eventually(() => {
      const printed = stdout === '/dev/stderr' ? engine.log.replaceAll(/^\{.*\}\n/gm, '') : engine.stdout;
      assert.ok(printed === ALTERNATED, printed.slice(0, 200));
    });
  });
}

test('with stdout = "null", stderr = "stdout" is null too', async (t) => {
  const engine = new EngineRun(
    t,
    once(
      'a',
      'readlink /proc/self/fd/1 /proc/self/fd/2 >{folder}/fds',
      'stdout = "null"\nstderr = "stdout"\n',
    ),
  );
  assert.equal(await engine.exitCode(), 0);
  assert.equal(engine.read('fds').split('\n')[1], '/dev/null');
});

test('attach and logs show both streams as stdout, and a reload from one pipe to two restarts the process', async (t) => {
  const config = (stderr: string): string =>
    `${STAY}[processes.a]\n${shellCommand('echo out; echo err >&2; exec sleep 1000')}stdout = "{folder}/log"\nstderr = "${stderr}"\n`;
  const engine = await new EngineRun(t, config('stdout')).ready();
  await eventually(() => assert.equal(engine.read('log'), 'out\nerr\n'));
  const { pid } = await engine.see('a');
  engine.configure(config('{folder}/err'));
  const plan = await engine.shell('reload', '--plan');
  assert.match(plan.stdout, /would restart a \(stderr\)/);
  assert.equal((await engine.shell('reload', '--wait')).code, 0);
  await eventually(async () => assert.notEqual((await engine.see('a')).pid, pid));
  await eventually(() => assert.equal(engine.read('err'), 'err\n'));
});

const PIECES =
  'i=0; while [ $i -lt 300 ]; do printf "%s begins" $0; printf " and ends\\\\n"; i=$((i+1)); done';
test('instances with `shared`, and processes that name the same path, share a file and tear no line', async (t) => {
  const shared = 'stdout = { file = "{folder}/log", shared = true }\nstderr = "stdout"\ninstances = 3\n';
  const pieces = PIECES.replaceAll('$0', '$TASKMASTER_INSTANCE');
  const engine = await new EngineRun(
    t,
    `${STAY}${once('a', pieces, shared)}${once('b', pieces, 'stdout = "{folder}/log"\n')}`,
  ).ready();
  for (const name of ['a:1', 'a:2', 'a:3', 'b']) await engine.reaches(name, 'completed');
  await eventually(() => {
    const lines = engine.read('log').split('\n').slice(0, -1);
    for (const line of lines) assert.match(line, /^(a:[123]|b) begins and ends$/);
    assert.equal(lines.length, 1_200);
  });
  assert.ok(!existsSync(join(engine.folder, 'log-2')));
});

test('timestamps begin each line of a file, over restarts too, and a reload turns them off', async (t) => {
  const config = (timestamps: boolean): string =>
    `${STAY}[processes.a]\n${shellCommand('printf "one\\ntw"; sleep 0.1; echo o; printf unfinished; exec sleep 1000')}stdout = { file = "{folder}/log", timestamps = ${timestamps} }\n`;
  const engine = await new EngineRun(t, config(true)).ready();
  const stamp = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z `;
  const once = `${stamp}one\n${stamp}two\n${stamp}unfinished`;
  await eventually(() => assert.match(engine.read('log'), new RegExp(`^${once}$`)));
  assert.equal((await engine.shell('restart', 'a')).code, 0);
  await eventually(() => assert.match(engine.read('log'), new RegExp(`^${once}\n${once}$`)));
  const { pid } = await engine.see('a');
  engine.configure(config(false));
  assert.equal((await engine.shell('reload')).code, 0);
  assert.equal((await engine.see('a')).pid, pid);
  assert.equal((await engine.shell('restart', 'a')).code, 0);
  await eventually(() => assert.match(engine.read('log'), /one\ntwo\nunfinished$/));
});
