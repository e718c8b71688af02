/** Log files in directories that a hostile user may write to: root does nothing there that the user could not do. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  lchownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { isMissing } from '../../src/files/file-error.ts';
import { LogFile } from '../../src/output/files/log-file.ts';
import { BlockPool } from '../../src/output/memory/block-pool.ts';
import { openForAppend } from '../../src/output/sinks/open-file.ts';
import type { RotationRules } from '../../src/output/sinks/output-file.ts';
import { SystemClock } from '../../src/system/clock.ts';
import { eventually } from '../support/eventually.ts';

const NOBODY = 65_534;
const DAEMON = 1;

interface Scene {
  /** Belongs to nobody. */
  readonly folder: string;
  readonly path: string;
  /** Root's own, mode 0600. */
  readonly victim: string;
  /** Does not exist; its directory is root's. */
  readonly absent: string;
  readonly told: string[];
  /** Makes a link as nobody would. */
  readonly linkTo: (target: string, name: string) => void;
}

const SECRET = 'the secret of root\n';

function scene(t: TestContext): Scene {
  const base = mkdtempSync(join(tmpdir(), 'taskmaster-test-'));
  t.after(() => rmSync(base, { recursive: true, force: true }));
  chmodSync(base, 0o755);
  const folder = join(base, 'log');
  mkdirSync(folder);
  chownSync(folder, NOBODY, NOBODY);
  const victim = join(base, 'victim');
  writeFileSync(victim, SECRET, { mode: 0o600 });
  const linkTo = (target: string, name: string): void => {
    rmSync(join(folder, name), { force: true });
    symlinkSync(target, join(folder, name));
    lchownSync(join(folder, name), NOBODY, NOBODY);
  };
  return { folder, path: join(folder, 'web.log'), victim, absent: join(base, 'absent'), told: [], linkTo };
}

function logFile(t: TestContext, { path, told }: Scene, rules: Partial<RotationRules> = {}): LogFile {
  const reports = {
    onFailed: (message: string) => void told.push(message),
    onRestored: () => void told.push('restored'),
    onDropped: (bytes: number) => void told.push(`dropped ${bytes}`),
  };
  const all = { maxSizeBytes: undefined, maxFiles: 3, compress: false, ...rules };
  const file = new LogFile(path, openForAppend(path, all.access), all, {
    clock: new SystemClock(),
    pool: new BlockPool(),
    reports,
  });
  t.after(() => file.close());
  return file;
}

function isUnharmed({ victim, absent }: Scene): void {
  assert.equal(readFileSync(victim, 'utf8'), SECRET);
  const { uid, gid, mode } = statSync(victim);
  assert.deepEqual([uid, gid, mode & 0o7777], [0, 0, 0o600]);
  assert.equal(existsSync(absent), false, 'nothing is made through a link');
}

test('a new file in a directory of another user belongs to that user', (t) => {
  const it = scene(t);
  closeSync(openForAppend(it.path).fd);
  assert.deepEqual([statSync(it.path).uid, statSync(it.path).gid], [NOBODY, NOBODY]);
});

test('an owner that was asked for is given to the new file, wherever it is made', (t) => {
  const it = scene(t);
  closeSync(openForAppend(it.path, { uid: DAEMON, gid: DAEMON, mode: 0o640 }).fd);
  const { uid, gid, mode } = statSync(it.path);
  assert.deepEqual([uid, gid, mode & 0o7777], [DAEMON, DAEMON, 0o640]);
});

test('a file of root that was there before in the directory of another user is written on', (t) => {
  const it = scene(t);
  writeFileSync(it.path, 'before\n', { mode: 0o600 });
  closeSync(openForAppend(it.path).fd);
  assert.equal(statSync(it.path).uid, 0);
});

const LINKS: readonly (readonly [string, (it: Scene) => void])[] = [
  ['a link to a file of root', ({ linkTo, victim }) => linkTo(victim, 'web.log')],
  ['a dangling link', ({ linkTo, absent }) => linkTo(absent, 'web.log')],
  [
    'a chain of links',
    ({ linkTo, victim }) => {
      linkTo(victim, 'two');
      linkTo('two', 'web.log');
    },
  ],
  ['a link into /proc', ({ linkTo }) => linkTo('/proc/self/fd/1', 'web.log')],
  ['a link that root owns', ({ victim, path }) => symlinkSync(victim, path)],
  ['a hard link to a file of root', ({ victim, path }) => linkSync(victim, path)],
  ['a directory', ({ path }) => mkdirSync(path)],
  ['a device', ({ path }) => execFileSync('mknod', [path, 'c', '1', '3'])],
  [
    'a file of a third user',
    ({ path }) => {
      writeFileSync(path, '');
      chownSync(path, DAEMON, DAEMON);
    },
  ],
];

for (const [what, plant] of LINKS) {
  test(`${what} at the place of a log file is refused`, (t) => {
    const it = scene(t);
    plant(it);
    assert.throws(
      () => openForAppend(it.path),
      (error: NodeJS.ErrnoException) => /^E[A-Z]+$/.test(error.code ?? ''),
    );
    isUnharmed(it);
  });
}

test('a socket at the place of a log file is refused', async (t) => {
  const it = scene(t);
  const server = createServer().listen(it.path);
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => server.close());
  assert.throws(() => openForAppend(it.path));
});

test('a directory on the way that was swapped for a link is not entered', (t) => {
  const it = scene(t);
  const root = join(it.folder, '../root');
  mkdirSync(root);
  mkdirSync(join(it.folder, 'deep'));
  chownSync(join(it.folder, 'deep'), NOBODY, NOBODY);
  renameSync(join(it.folder, 'deep'), join(it.folder, 'aside'));
  it.linkTo(root, 'deep');
  assert.throws(() => openForAppend(join(it.folder, 'deep/web.log')), /symbolic link/);
  assert.throws(() => openForAppend(join(it.folder, 'deep/new/web.log')), /symbolic link/);
  assert.deepEqual(readdirSync(root), []);
});

test('links that only root may change are followed', (t) => {
  const it = scene(t);
  const base = join(it.folder, '..');
  mkdirSync(join(base, 'real'));
  symlinkSync('real', join(base, 'run'));
  symlinkSync('../real/data.log', join(base, 'real/current.log'));
  const open = openForAppend(join(base, 'run/current.log'));
  closeSync(open.fd);
  assert.ok(existsSync(join(base, 'real/data.log')));
  assert.ok(open.realPath.endsWith('/real/data.log'), open.realPath);
});

for (const mode of [0o1777, 0o777, 0o775]) {
  test(`links in a directory of root with mode ${mode.toString(8)} are not followed, foreign files not used`, (t) => {
    const it = scene(t);
    chownSync(it.folder, 0, DAEMON);
    chmodSync(it.folder, mode);
    it.linkTo(it.victim, 'web.log');
    assert.throws(() => openForAppend(it.path), /symbolic link/);
    rmSync(it.path);
    linkSync(it.victim, it.path);
    assert.throws(() => openForAppend(it.path), /more than one name/);
    rmSync(it.path);
    writeFileSync(it.path, '');
    chownSync(it.path, NOBODY, NOBODY);
    assert.throws(() => openForAppend(it.path), /belongs to user 65534/);
    rmSync(it.path);
    closeSync(openForAppend(it.path).fd);
    closeSync(openForAppend(it.path).fd);
    assert.equal(statSync(it.path).uid, 0);
    isUnharmed(it);
  });
}

test('a file that was removed is not made again through a link', async (t) => {
  const it = scene(t);
  const file = logFile(t, it);
  file.write(Buffer.from('first\n'));
  await file.idle();
  it.linkTo(it.absent, 'web.log');
  await eventually(() => {
    file.write(Buffer.from('attack\n'));
    assert.ok(it.told.some((message) => message.includes('cannot be made again')));
  });
  isUnharmed(it);
  rmSync(it.path);
});

test('a rotation neither makes nor changes anything through a link', async (t) => {
  const it = scene(t);
  const file = logFile(t, it, { maxSizeBytes: 40 });
  for (const target of [it.absent, it.victim]) {
    file.write(Buffer.from('x'.repeat(50).concat('\n')));
    await file.idle();
    rmSync(it.path, { force: true });
    it.linkTo(target, 'web.log');
    file.write(Buffer.from('y'.repeat(50).concat('\n')));
    await file.idle();
    isUnharmed(it);
  }
  rmSync(it.path, { force: true });
});

test('a FIFO or a directory in place of the rotated file holds nothing up', async (t) => {
  const it = scene(t);
  const file = logFile(t, it, { maxSizeBytes: 40, compress: true });
  file.write(Buffer.from('x'.repeat(50).concat('\n')));
  await file.idle();
  rmSync(it.path);
  execFileSync('mkfifo', [it.path]);
  chownSync(it.path, NOBODY, NOBODY);
  for (let turn = 0; turn < 3; turn++) {
    file.write(Buffer.from('y'.repeat(50).concat('\n')));
    await file.idle();
  }
  isUnharmed(it);
});

test('the compressed file is not written through a link, nor over a file that was there', async (t) => {
  const it = scene(t);
  const file = logFile(t, it, { maxSizeBytes: 40, compress: true });
  it.linkTo(it.victim, 'web.log.1.gz.part');
  it.linkTo(it.absent, 'web.log.1.gz');
  for (let turn = 0; turn < 3; turn++) {
    file.write(Buffer.from('x'.repeat(50).concat('\n')));
    await file.idle();
    it.linkTo(it.victim, 'web.log.1.gz.part');
  }
  await file.close();
  isUnharmed(it);
});

test('what is compressed is the file that was rotated, not what took its name meanwhile', async (t) => {
  const it = scene(t);
  const rules: Partial<RotationRules> = { maxSizeBytes: 400_000, compress: true };
  const file = logFile(t, it, rules);
  let isOver = false;
  const swap = async (): Promise<void> => {
    while (!isOver) {
      try {
        if (existsSync(`${it.path}.1`)) it.linkTo(it.victim, 'web.log.1');
      } catch (error) {
        // The engine has removed the link between two steps of the attack.
        if (!isMissing(error)) throw error;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const swapping = swap();
  for (let turn = 0; turn < 4; turn++) {
    file.write(Buffer.from('x'.repeat(400_000).concat('\n')));
    await file.idle();
  }
  await file.close();
  isOver = true;
  await swapping;
  for (const name of readdirSync(it.folder).filter((name) => /\.gz$/.test(name)))
    assert.doesNotMatch(gunzipSync(readFileSync(join(it.folder, name))).toString(), /secret/, name);
  isUnharmed(it);
});

test('the compressed copy of a file that only root may read is readable by root alone', async (t) => {
  const it = scene(t);
  writeFileSync(it.path, 'x'.repeat(50).concat('\n'), { mode: 0o600 });
  const file = logFile(t, it, { maxSizeBytes: 40, compress: true });
  file.write(Buffer.from('x'.repeat(50).concat('\n')));
  await file.idle();
  await file.close();
  await eventually(() => assert.ok(existsSync(`${it.path}.1.gz`), it.told.join('; ')));
  const { uid, mode } = statSync(`${it.path}.1.gz`);
  assert.deepEqual([uid, mode & 0o777], [0, 0o600]);
});

test('missing directories are made, root’s with mode 0755, and those of another user as that user', (t) => {
  const it = scene(t);
  const before = process.umask(0o077);
  try {
    closeSync(openForAppend(join(it.folder, '../new/deep/web.log')).fd);
    closeSync(openForAppend(join(it.folder, 'new/deep/web.log')).fd);
  } finally {
    process.umask(before);
  }
  const ofRoot = statSync(join(it.folder, '../new/deep'));
  assert.deepEqual([ofRoot.uid, ofRoot.mode & 0o777], [0, 0o755]);
  assert.equal(statSync(join(it.folder, 'new/deep')).uid, NOBODY);
  assert.equal(statSync(join(it.folder, 'new/deep/web.log')).uid, NOBODY);
});
