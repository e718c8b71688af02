import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryFolder } from '../support/temporary-folder.ts';

const taskmaster = resolve(import.meta.dirname, '../../dist/taskmaster');
const NOBODY = 65_534;
const DAEMON = 1;

interface Scene {
  readonly folder: string;
  readonly included: string;
}

const CASES: readonly (readonly [string, (scene: Scene) => void, RegExp | undefined])[] = [
  ['of root', () => {}, undefined],
  [
    "that belongs to a process's user",
    ({ included }) => chownSync(included, NOBODY, NOBODY),
    /web\.toml belongs to user 65534: the user of web can change what the engine runs/,
  ],
  ['of a user that no process has', ({ included }) => chownSync(included, DAEMON, DAEMON), undefined],
  [
    'for everybody',
    ({ included }) => chmodSync(included, 0o666),
    /web\.toml may be written to by user 65534/,
  ],
  [
    "for the group of a process's user",
    ({ included }) => {
      chownSync(included, 0, NOBODY);
      chmodSync(included, 0o664);
    },
    /web\.toml may be written to by user 65534/,
  ],
  [
    'in a directory of its user',
    ({ folder }) => chownSync(folder, NOBODY, NOBODY),
    /parts belongs to user 65534/,
  ],
  [
    'in a directory for everybody',
    ({ folder }) => chmodSync(folder, 0o777),
    /parts may be written to by everybody/,
  ],
  ['in a sticky directory for everybody', ({ folder }) => chmodSync(folder, 0o1777), undefined],
  [
    'in a read-only directory for everybody, as of a ConfigMap',
    ({ folder }) => {
      chmodSync(folder, 0o777);
      execFileSync('mount', ['--bind', '-o', 'ro', folder, folder]);
    },
    undefined,
  ],
];

function scene(t: TestContext): Scene {
  const base = temporaryFolder(t);
  chmodSync(base, 0o755);
  const folder = join(base, 'parts');
  mkdirSync(folder);
  const included = join(folder, 'web.toml');
  writeFileSync(join(base, 'tm.toml'), 'include = "parts/*.toml"\n');
  writeFileSync(included, '[processes.web]\ncmd = "sleep 1"\nuser = "nobody"\n');
  return { folder, included };
}

for (const [what, prepare, warning] of CASES) {
  test(`check of a configuration file ${what} ${warning === undefined ? 'says nothing' : 'warns'}`, (t) => {
    const it = scene(t);
    prepare(it);
    const config = join(it.folder, '../tm.toml');
    const { stderr, status } = spawnSync(taskmaster, ['engine', 'check', config], { encoding: 'utf8' });
    // Before its folder is removed.
    spawnSync('umount', [it.folder], { stdio: 'ignore' });
    assert.equal(status, 0, stderr);
    if (warning === undefined) assert.equal(stderr, '');
    else assert.match(stderr, warning);
  });
}
