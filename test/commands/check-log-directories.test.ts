import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { EngineRun } from '../support/engine-run.ts';
import { smallDisk } from '../support/small-disk.ts';

const taskmaster = resolve(import.meta.dirname, '../../dist/taskmaster');
const NOBODY = 65_534;

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'taskmaster-test-'));
  chmodSync(folder, 0o755);
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function check(
  folder: string,
  path: string,
  more = '',
): Promise<{ readonly code: number; readonly said: string }> {
  const config = join(folder, 'tm.toml');
  writeFileSync(config, `[processes.web]\ncmd = "sleep 1"\nstdout = "${path}"\n${more}`);
  return new Promise((done) => {
    execFile(taskmaster, ['engine', 'check', config], (error, _stdout, stderr) => {
      done({ code: typeof error?.code === 'number' ? error.code : 0, said: stderr });
    });
  });
}

const CASES: readonly (readonly [string, (folder: string) => void, string, RegExp | undefined])[] = [
  ['of root', (folder) => mkdirSync(folder), '', undefined],
  ["of the process's user", (folder) => give(folder, NOBODY), 'user = "nobody"', undefined],
  ['of another user', (folder) => give(folder, NOBODY), '', /log belongs to user 65534/],
  ['for everybody', (folder) => give(folder, 0, 0o1777), '', /log may be written to by others/],
  ['that is missing and can be made', () => {}, '', undefined],
  [
    'behind a link of another user',
    (folder) => {
      give(folder, NOBODY);
      symlinkSync('/etc', join(folder, 'deep'));
    },
    '',
    /symbolic link/,
  ],
];

function give(folder: string, uid: number, mode = 0o755): void {
  mkdirSync(folder);
  chownSync(folder, uid, uid);
  chmodSync(folder, mode);
}

for (const [what, prepare, more, warning] of CASES) {
  test(`check of a log directory ${what} ${warning === undefined ? 'says nothing' : 'warns'}`, async (t) => {
    const folder = folderOf(t);
    prepare(join(folder, 'log'));
    const inside = what.startsWith('behind') ? 'log/deep/web.log' : 'log/web.log';
    const { code, said } = await check(folder, join(folder, inside), more);
    assert.equal(code, 0);
    if (warning === undefined) assert.equal(said, '');
    else assert.match(said, warning);
  });
}

test('check warns of a missing log directory that cannot be made', async (t) => {
  const disk = smallDisk(t, '64k');
  disk.resize('64k,ro');
  const { code, said } = await check(folderOf(t), join(disk.folder, 'no/such/web.log'));
  assert.equal(code, 0);
  assert.match(said, /\/no\/such does not exist, and the engine cannot make it/);
});

test('a missing log directory is made at the start', async (t) => {
  const run = await new EngineRun(
    t,
    '[processes.w]\ncmd = "sleep 1000"\nstdout = "{folder}/no/such/w.log"\n',
  ).ready();
  await run.reaches('w', 'healthy');
});

test('a main process whose log file cannot be opened ends the container with 73', async (t) => {
  const run = new EngineRun(
    t,
    '[engine]\nmain = "w"\n[processes.w]\ncmd = "sleep 1000"\nstdout = "/proc/no/such/w.log"\nautorestart = "no"\n',
  );
  assert.equal(await run.exitCode(), 73);
});

test('env_file, a secret and a directory of variables of another user show nothing that user may not read', async (t) => {
  const folder = folderOf(t);
  const theirs = join(folder, 'theirs');
  give(theirs, NOBODY);
  writeFileSync(join(folder, 'secret'), 'A=hunter2\nnonsense hunter2\n', { mode: 0o600 });
  symlinkSync(join(folder, 'secret'), join(theirs, 'env'));
  const { code, said } = await check(folder, 'null', `env_file = "${theirs}/env"\n`);
  assert.equal(code, 78);
  assert.match(said, /symbolic link/);
  assert.doesNotMatch(said, /hunter2/);
});
