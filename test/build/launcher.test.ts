/** How the launcher finds itself and Node. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { compileFixture } from '../support/compile.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const dist = resolve(import.meta.dirname, '../../dist');
const WITHOUT_PROC = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none /proc && exec "$@"', 'sh'];

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(words: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Outcome {
  const [program = '', ...rest] = words;
  return spawnSync(program, rest, { encoding: 'utf8', ...options });
}

test('without /proc it finds itself by its full path, a relative one, a link, and by PATH', (t) => {
  const folder = temporaryFolder(t);
  symlinkSync(join(dist, 'taskmaster'), join(folder, 'taskmaster'));
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
  for (const [program, cwd] of [
    [join(dist, 'taskmaster'), '/'],
    ['./taskmaster', dist],
    ['./taskmaster', folder],
    [join(folder, 'taskmaster'), '/'],
    ['taskmaster', '/'],
  ] as const) {
    const { status, stdout, stderr } = run([...WITHOUT_PROC, program, '--version'], { cwd, env });
    assert.deepEqual([status, stderr], [0, ''], program);
    assert.match(stdout, /^taskmaster \d/);
  }
});

/** A folder with the launcher and that file as its own Node; PATH has a Node that prints `another`. */
function launcherWith(t: TestContext, node: (path: string) => void): Outcome {
  const folder = temporaryFolder(t);
  copyFileSync(join(dist, 'taskmaster'), join(folder, 'taskmaster'));
  node(join(folder, 'node'));
  const other = join(folder, 'bin');
  mkdirSync(other);
  writeFileSync(join(other, 'node'), '#!/bin/sh\necho another\n', { mode: 0o755 });
  return run([join(folder, 'taskmaster'), '--version'], { env: { PATH: `${other}:${process.env.PATH}` } });
}

test('its own Node that cannot be executed is reported, and no other is used', (t) => {
  const text = launcherWith(t, (path) => writeFileSync(path, 'not a program', { mode: 0o755 }));
  assert.deepEqual([text.status, text.stdout], [126, '']);
  assert.match(
    text.stderr,
    /^taskmaster: cannot execute \S+\/node: Exec format error \(is it for another architecture\?\)\n$/,
  );

  const forbidden = launcherWith(t, (path) => writeFileSync(path, '', { mode: 0o644 }));
  assert.deepEqual([forbidden.status, forbidden.stdout], [126, '']);
  assert.match(forbidden.stderr, /cannot execute \S+\/node: Permission denied\n$/);

  const fixture = compileFixture('signal-pending', ['-Wl,--dynamic-linker=/nowhere/ld.so']);
  t.after(fixture.remove);
  const loader = launcherWith(t, (path) => {
    copyFileSync(fixture.path, path);
    chmodSync(path, 0o755);
  });
  assert.deepEqual([loader.status, loader.stdout], [126, '']);
  assert.match(
    loader.stderr,
    /cannot execute \S+\/node: No such file or directory \(it is there, but not the loader/,
  );

  const dangling = launcherWith(t, (path) => symlinkSync('/nowhere/node', path));
  assert.deepEqual([dangling.status, dangling.stdout], [126, '']);
});

test('without a Node of its own it uses the one of PATH', (t) => {
  const { status, stdout } = launcherWith(t, () => {});
  assert.deepEqual([status, stdout], [0, 'another\n']);
});
