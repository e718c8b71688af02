import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { defaultSocketPlaces } from '../../src/rpc/protocol/socket-path.ts';
import { startRig, temporaryFolder } from '../support/rpc-rig.ts';

const plain = (path: string) => [{ path, needsPrivateFolder: false }];

/** A socket whose owner died without removing it. */
function leaveStaleSocket(path: string): void {
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script]);
  assert.ok(lstatSync(path).isSocket());
}

const NOBODY = 65_534;

/** How a folder of another user is used; gives the path of the socket. */
const HOSTILE: readonly (readonly [string, (folder: string, victim: string) => string])[] = [
  ['a directory of another user', (folder) => join(folder, 'engine.sock')],
  ['a new directory below one of another user', (folder) => join(folder, 'new/engine.sock')],
  [
    'a directory that is a link of another user',
    (folder, victim) => {
      symlinkSync(victim, join(folder, 'run'));
      lchownSync(join(folder, 'run'), NOBODY, NOBODY);
      return join(folder, 'run/engine.sock');
    },
  ],
];

describe('the socket file', () => {
  test('has its mode and its group, lies in a folder made 0755, and nothing else is left there', async (t) => {
    const path = join(temporaryFolder(t), 'deep', 'er', 'engine.sock');
    const old = process.umask(0o077);
    t.after(() => process.umask(old));
    const rig = await startRig(t, { places: plain(path), file: { mode: 0o620, gid: 12345 } });
    const found = lstatSync(path);
    assert.deepEqual([found.mode & 0o777, found.gid], [0o620, 12345]);
    assert.equal(lstatSync(join(path, '..')).mode & 0o777, 0o755);
    assert.deepEqual(readdirSync(join(path, '..')), ['engine.sock']);
    assert.equal(rig.server.path, path);
  });

  test('that is stale is replaced', async (t) => {
    const path = join(temporaryFolder(t), 'engine.sock');
    leaveStaleSocket(path);
    await startRig(t, { places: plain(path) });
    assert.deepEqual(readdirSync(join(path, '..')), ['engine.sock']);
  });

  test('that is live is refused, by name, and stays in use', async (t) => {
    const rig = await startRig(t);
    await assert.rejects(startRig(t, { places: plain(rig.path) }), (error: Error & { code: string }) => {
      assert.equal(error.code, 'engine-already-running');
      assert.match(error.message, new RegExp(`already running at ${rig.path}`));
      return true;
    });
    assert.equal((await (await rig.connect()).ask('version')).result.pid, 1);
    assert.deepEqual(readdirSync(rig.folder), ['engine.sock']);
  });

  test('of ten engines that start at once over a stale socket, exactly one gets it, in each of 40 rounds', async (t) => {
    const folder = temporaryFolder(t);
    for (let round = 0; round < 40; round++) {
      const path = join(folder, `${round}`, 'engine.sock');
      mkdirSync(dirname(path));
      if (round === 0) leaveStaleSocket(path);
      else linkSync(join(folder, 'stale'), path);
      if (round === 0) linkSync(path, join(folder, 'stale'));
      const starts = Array.from({ length: 10 }, () => startRig(t, { places: plain(path) }));
      const ends = await Promise.allSettled(starts);
      assert.equal(ends.filter(({ status }) => status === 'fulfilled').length, 1, `round ${round}`);
      for (const end of ends) {
        if (end.status === 'rejected') assert.equal(end.reason.code, 'engine-already-running');
      }
      assert.deepEqual(readdirSync(dirname(path)), ['engine.sock']);
    }
  });

  test('that is stale is replaced once the engine that holds the lock is gone', async (t) => {
    const folder = temporaryFolder(t);
    const path = join(folder, 'engine.sock');
    leaveStaleSocket(path);
    const lockPath = join(folder, '.engine.sock.lock');
    const holder = spawn('flock', [lockPath, 'sh', '-c', 'echo locked; read -r _'], { stdio: 'pipe' });
    t.after(() => holder.kill());
    await once(holder.stdout, 'data');
    const start = startRig(t, { places: plain(path) });
    const early = await Promise.race([start, new Promise((resolve) => setTimeout(resolve, 100, 'waits'))]);
    assert.equal(early, 'waits');
    holder.stdin.end();
    await start;
    assert.deepEqual(readdirSync(folder), ['engine.sock']);
  });

  test('is not taken from a file that is not a socket', async (t) => {
    const path = join(temporaryFolder(t), 'engine.sock');
    writeFileSync(path, 'precious');
    await assert.rejects(startRig(t, { places: plain(path) }), /not a socket is in the way/);
    assert.ok(lstatSync(path).isFile());
  });

  test('with a path too long is refused in words', async (t) => {
    const path = join(temporaryFolder(t), 'x'.repeat(120));
    await assert.rejects(startRig(t, { places: plain(path) }), /at most 107 bytes/);
  });

  test('goes where the first place that can be used is; a live engine in one is not passed over', async (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(join(folder, 'file'), '');
    const second = join(folder, 'engine.sock');
    const places = [...plain(join(folder, 'file', 'engine.sock')), ...plain(second)];
    const rig = await startRig(t, { places });
    assert.equal(rig.server.path, second);
    await assert.rejects(startRig(t, { places }), { code: 'engine-already-running' });
  });

  test('with no place to go says what each place said', async (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(join(folder, 'file'), '');
    const places = [...plain(join(folder, 'file', 'a')), ...plain(join(folder, 'file', 'b'))];
    await assert.rejects(startRig(t, { places }), /file\/a: .*; cannot listen on .*file\/b: /);
  });

  test('below a folder for everybody lies in one that is ours alone', async (t) => {
    const folder = temporaryFolder(t);
    const loose = join(folder, 'loose');
    mkdirSync(loose);
    chmodSync(loose, 0o777);
    await startRig(t, { places: [{ path: join(loose, 's'), needsPrivateFolder: true }] });
    assert.equal(lstatSync(loose).mode & 0o777, 0o700);
    const elsewhere = join(folder, 'link');
    symlinkSync(loose, elsewhere);
    await assert.rejects(
      startRig(t, { places: [{ path: join(elsewhere, 's'), needsPrivateFolder: true }] }),
      /belongs to someone else/,
    );
  });

  test('is made again on request; clients stay, and new ones find it', async (t) => {
    const rig = await startRig(t);
    const client = await rig.connect();
    unlinkSync(rig.path);
    await rig.server.recreate();
    assert.equal((await client.ask('version')).result.pid, 1);
    assert.equal((await (await rig.connect()).ask('version')).result.pid, 1);
    await rig.server.recreate();
    assert.equal((await (await rig.connect()).ask('version')).result.pid, 1);
    assert.deepEqual(readdirSync(rig.folder), ['engine.sock']);
  });

  test('of somebody else at the same path is left alone when the engine leaves', async (t) => {
    const rig = await startRig(t);
    unlinkSync(rig.path);
    const other = createServer().listen(rig.path);
    t.after(() => other.close());
    await rig.server.close(0);
    assert.ok(existsSync(rig.path));
  });
});

test('engine and clients look in the same places in the same order', () => {
  const paths = (environment: Record<string, string>) =>
    defaultSocketPlaces(environment, 7).map(({ path }) => path);
  assert.deepEqual(paths({ XDG_RUNTIME_DIR: '/run/user/7' }), [
    '/run/taskmaster/taskmaster.sock',
    '/run/user/7/taskmaster.sock',
    '/tmp/taskmaster-7/taskmaster.sock',
  ]);
  assert.equal(paths({ XDG_RUNTIME_DIR: 'relative' }).length, 2);
});

for (const [what, prepare] of HOSTILE) {
  test(`is not made in ${what}`, async (t) => {
    const base = temporaryFolder(t);
    chmodSync(base, 0o755);
    const victim = join(base, 'victim');
    mkdirSync(victim, { mode: 0o700 });
    const folder = join(base, 'theirs');
    mkdirSync(folder);
    chownSync(folder, NOBODY, NOBODY);
    const path = prepare(folder, victim);
    await assert.rejects(
      startRig(t, { places: plain(path) }),
      /cannot listen on .*(another user|belongs to user|symbolic link)/,
    );
    assert.deepEqual(readdirSync(victim), []);
    assert.equal(lstatSync(victim).mode & 0o777, 0o700);
  });
}

test('in a directory that everybody may write to is made by descriptor, and a name that others swap is not used', async (t) => {
  const folder = join(temporaryFolder(t), 'everybody');
  mkdirSync(folder);
  chmodSync(folder, 0o777);
  const path = join(folder, 'engine.sock');
  const victim = join(folder, '../victim');
  writeFileSync(victim, '', { mode: 0o600 });
  // As one who may rename what is there: the folder the socket is made in becomes a link to a folder of root.
  let isSwapped = false;
  const watcher = watch(folder, (_kind, name) => {
    if (!/^\.tm[0-9a-f]+$/.test(name ?? '') || isSwapped) return;
    isSwapped = true;
    try {
      renameSync(join(folder, name ?? ''), join(folder, 'aside'));
      symlinkSync('..', join(folder, name ?? ''));
    } catch {
      // It is gone already.
    }
  });
  t.after(() => watcher.close());
  await startRig(t, { places: plain(path), file: { mode: 0o666, gid: 12345 } }).catch(() => undefined);
  assert.deepEqual([lstatSync(victim).mode & 0o777, lstatSync(victim).gid], [0o600, 0]);
  assert.deepEqual(readdirSync(join(folder, '..')).sort(), ['everybody', 'victim']);
});
