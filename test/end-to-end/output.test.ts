/** What processes print, all the way: files with rotation, the container's formats, attach. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EngineRun } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';

const shell = (script: string): string =>
  `cmd = ["sh", "-c", ${JSON.stringify(script.replaceAll('$', '$$$$'))}]\n`;
const STAY = '[engine]\nexit_when = "never"\n';

test('every line reaches the file in order, over all rotations', async (t) => {
  const target = '{ file = "{folder}/log", max_size = "200KB", max_files = 20 }';
  const engine = await new EngineRun(
    t,
    `${STAY}[processes.a]\n${shell('seq 200000')}stdout = ${target}\n`,
  ).ready();
  await engine.reaches('a', 'completed');
  const expected = `${Array.from({ length: 200_000 }, (_, index) => index + 1).join('\n')}\n`;
  await eventually(() => {
    const rotated = Array.from({ length: 20 }, (_, index) => `log.${20 - index}`);
    const parts = [...rotated, 'log'].filter((name) => existsSync(join(engine.folder, name)));
    assert.ok(parts.length > 3, `rotated: ${parts}`);
    assert.ok(parts.map((name) => engine.read(name)).join('') === expected, 'all lines, in order');
  });
});

test('stdout and stderr that share a file keep their order, and a moved file is reopened on SIGUSR2', async (t) => {
  const script =
    'echo one; sleep 0.05; echo two >&2; sleep 0.05; echo three; while ! test -e {folder}/go; do sleep 0.01; done; echo four; sleep 1000';
  const engine = await new EngineRun(
    t,
    `${STAY}[processes.a]\n${shell(script)}stdout = "{folder}/log"\nstderr = "{folder}/log"\n`,
  ).ready();
  await eventually(() => assert.equal(engine.read('log'), 'one\ntwo\nthree\n'));
  renameSync(join(engine.folder, 'log'), join(engine.folder, 'moved'));
  await engine.signal('SIGUSR2');
  await eventually(() => assert.equal(engine.read('log'), ''));
  await engine.inside('touch', [join(engine.folder, 'go')]);
  await eventually(() => assert.equal(engine.read('log'), 'four\n'));
  assert.equal(engine.read('moved'), 'one\ntwo\nthree\n');
});

for (const [format, expected] of [
  ['raw', /^hello\nlast$/],
  ['prefix', /^a +\| hello\na +\| last\n$/],
  [
    'json',
    /^\{.*"event":"output","process":"a","instance":"a","stream":"stdout","msg":"hello"\}\n\{.*"msg":"last"\}\n$/,
  ],
] as const) {
  test(`on the container's output as ${format}, a last line without newline included`, async (t) => {
    const config = `[engine]\nlog = { output = "${format}" }\n[processes.a]\n${shell('printf "hel"; sleep 0.05; printf "lo\\nlast"')}`;
    const engine = new EngineRun(t, config);
    assert.equal(await engine.exitCode(), 0);
    assert.match(engine.stdout, expected);
  });
}

test('attach replays what was printed and ends with the process, with its exit code', async (t) => {
  const script = 'echo before; while ! test -e {folder}/go; do sleep 0.01; done; echo after; exit 4';
  const engine = await new EngineRun(t, `${STAY}[processes.a]\n${shell(script)}autorestart = "no"\n`).ready();
  await eventually(() => assert.equal(engine.stdout, 'before\n'));
  const attached = engine.shell('attach', 'a', '--exit-code');
  await engine.inside('touch', [join(engine.folder, 'go')]);
  const { code, stdout } = await attached;
  assert.match(stdout, /before\nafter\n/);
  assert.equal(code, 4);
});

test('a flood of output loses nothing and keeps its order through rotations, reloads and SIGUSR2', async (t) => {
  const target = (size: string): string => `{ file = "{folder}/log", max_size = "${size}", max_files = 100 }`;
  const config = (size: string): string =>
    `${STAY}[processes.a]\n${shell('seq 4000000')}stdout = ${target(size)}\n`;
  const engine = await new EngineRun(t, config('2MB')).ready();
  for (let round = 0; (await engine.see('a')).state !== 'completed'; round++) {
    await engine.signal('SIGUSR2');
    engine.configure(config(round % 2 === 0 ? '1MB' : '2MB'));
    assert.equal((await engine.shell('reload')).code, 0);
  }
  const expected = createHash('sha256');
  for (let number = 1; number <= 4_000_000; number++) expected.update(`${number}\n`);
  const wanted = expected.digest('hex');
  const names = (): readonly string[] =>
    ['log', ...Array.from({ length: 100 }, (_, index) => `log.${index + 1}`)]
      .filter((name) => existsSync(join(engine.folder, name)))
      .reverse();
  await eventually(() => {
    const received = createHash('sha256');
    for (const name of names()) received.update(readFileSync(join(engine.folder, name)));
    assert.equal(received.digest('hex'), wanted);
  });
  assert.ok(names().length > 10, `rotated: ${names()}`);
});
