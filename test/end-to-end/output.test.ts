/** What processes print, all the way: files with rotation, the container's formats, attach. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { EngineRun } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { Terminal } from '../support/terminal.ts';

const taskmaster = resolve(import.meta.dirname, '../../dist/taskmaster');

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

test('starts, ends and health are marked between the lines where that is wanted, from a reload on too', async (t) => {
  const config = (marks: boolean): string =>
    `[engine]\nexit_when = "never"\nlog = { output = "prefix", marks = ${marks} }\n[processes.a]\n${shell('echo one; exec sleep 1000')}healthcheck = {uptime = "10ms"}\n`;
  const engine = await new EngineRun(t, config(false)).ready();
  await engine.reaches('a', 'healthy');
  engine.configure(`${config(true)}[processes.longer]\n${shell('exit 3')}autorestart = "no"\n`);
  assert.equal((await engine.shell('reload')).code, 0);
  await engine.reaches('longer', 'failed');
  assert.equal((await engine.shell('restart', 'a', '--wait')).code, 0);
  await eventually(() => {
    assert.match(
      engine.stdout,
      /^a \| one\nlonger \* started as pid \d+\nlonger \* exited with code 3 after /,
    );
    assert.match(
      engine.stdout,
      /\na {6}\* killed by SIGTERM after .*, as requested\na {6}\* started as pid \d+\na {6}\| one\na {6}\* healthy\n$/,
    );
  });
});

for (const [what, env, expected] of [
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what colour is
  ['in colour', {}, /\x1b\[36ma \|\x1b\[0m hello\r\n/],
  ['without colour under NO_COLOR', { NO_COLOR: '1' }, /(^|\n)a \| hello\r\n/],
] as const) {
  test(`on a terminal prefixes are ${what}`, async (t) => {
    const path = join(temporaryFolder(t), 'tm.toml');
    const config = `[engine]\nsocket = "${path}.sock"\nlog = { output = "prefix", level = "error" }\n[processes.a]\n${shell('echo hello')}`;
    writeFileSync(path, config);
    const { NO_COLOR: _own, ...inherited } = process.env;
    const terminal = new Terminal(t, [taskmaster, 'engine', 'start', path], { ...inherited, ...env });
    await terminal.shows(expected);
    assert.equal(await terminal.exitCode(), 0);
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
