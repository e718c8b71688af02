/** How a child sees the file system, as the kernel answers it. Needs root. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { MountSettings } from '../../src/config/resolved-config.ts';
import { nativeMounts } from '../../src/system/mount-settings.ts';
import type { NativeSpawnRequest } from '../../src/system/native.ts';
import { nativeRequest, runChild, spawnFailure } from '../support/native-child.ts';

const NOBODY = { uid: 65_534, gid: 65_534, groups: [] } as const;

/** Not below /tmp, which some of them replace. */
function folder(t: TestContext): string {
  const path = mkdtempSync('/var/lib/taskmaster-mounts-');
  t.after(() => rmSync(path, { recursive: true, force: true }));
  chmodSync(path, 0o755);
  mkdirSync(join(path, 'open'));
  chmodSync(join(path, 'open'), 0o777);
  writeFileSync(join(path, 'open/file'), 'content');
  return path;
}

async function shell(
  script: string,
  mounts: MountSettings,
  more: Partial<NativeSpawnRequest> = {},
): Promise<string> {
  const { text } = await runChild(['/bin/sh', '-c', `{ ${script}; } 2>&1`], {
    ...nativeMounts(mounts),
    ...more,
  });
  return text;
}

for (const user of [{}, NOBODY]) {
  const who = 'uid' in user ? 'another user' : 'root';
  test(`as ${who}: read-only paths are so with all below, others are not`, async (t) => {
    const at = folder(t);
    mkdirSync(join(at, 'other'));
    chmodSync(join(at, 'other'), 0o777);
    const script = `cat ${at}/open/file; echo; touch ${at}/open/new; touch ${at}/other/new && echo ok`;
    const text = await shell(script, { readOnly: [join(at, 'open')] }, user);
    assert.match(text, /^content\n.*Read-only file system\nok\n$/);
    assert.equal(existsSync(join(at, 'open/new')), false);
  });

  test(`as ${who}: an inaccessible directory has no entries, an inaccessible file no content`, async (t) => {
    const at = folder(t);
    writeFileSync(join(at, 'secret'), 'secret');
    const inaccessible = [join(at, 'open'), join(at, 'secret'), '-/srv/none'];
    const text = await shell(
      `ls -A ${at}/open; cat ${at}/open/file; cat ${at}/secret`,
      { inaccessible },
      user,
    );
    assert.doesNotMatch(text, /content|secret\n?$/);
    assert.equal(readFileSync(join(at, 'secret'), 'utf8'), 'secret');
  });
}

test('a private /tmp is empty, its own, and open to every user; nothing is left of it', async (t) => {
  writeFileSync('/tmp/taskmaster-outside', 'x');
  t.after(() => rmSync('/tmp/taskmaster-outside'));
  const script =
    'ls -A /tmp /var/tmp; echo a > /tmp/taskmaster-inside && cat /tmp/taskmaster-inside; stat -c %a /tmp';
  assert.equal(await shell(script, { privateTmp: true }, NOBODY), '/tmp:\n\n/var/tmp:\na\n1777\n');
  assert.equal(existsSync('/tmp/taskmaster-inside'), false);
});

test('with everything read-only, a private /tmp can be written to, and /dev/null works', async () => {
  const settings = { readOnly: ['/'], privateTmp: true } as const;
  const text = await shell('touch /var/lib/x; echo a > /dev/null && touch /tmp/x && echo ok', settings);
  assert.match(text, /Read-only file system\nok\n$/);
});

test('a working directory below a read-only path is read-only too', async (t) => {
  const at = folder(t);
  const readOnly = [join(at, 'open')];
  assert.match(await shell('touch new', { readOnly }, { cwd: join(at, 'open') }), /Read-only/);
  // As the engine's own, which the child has without asking for it.
  const former = process.cwd();
  process.chdir(join(at, 'open'));
  t.after(() => process.chdir(former));
  assert.match(await shell('touch new', { readOnly }), /Read-only/);
  process.chdir(former);
});

test('read-only keeps what the mount forbids otherwise', async () => {
  const text = await shell("grep ' /proc ' /proc/self/mounts | tail -1", { readOnly: ['/proc'] });
  const before =
    readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .find((line) => / \/proc /.test(line)) ?? '';
  const [, , , options = ''] = before.split(' ');
  assert.equal(text.split(' ')[3], options.replace('rw', 'ro'));
});

test('nothing of it is seen outside', async () => {
  const before = readFileSync('/proc/self/mounts', 'utf8');
  await shell('true', { privateTmp: true, readOnly: ['/usr'], inaccessible: ['/root'] });
  assert.equal(readFileSync('/proc/self/mounts', 'utf8'), before);
});

test('a root directory of its own: program, working directory and files are in there', async (t) => {
  const at = folder(t);
  const stdout = execFileSync('ldd', ['/bin/cat'], { encoding: 'utf8' });
  for (const file of ['/bin/cat', ...(stdout.match(/\/\S+/g) ?? [])]) {
    mkdirSync(join(at, dirname(file)), { recursive: true });
    copyFileSync(file, join(at, file));
  }
  writeFileSync(join(at, 'name'), 'jail');
  const request = { ...nativeMounts({ root: at }), cwd: '/', ...NOBODY };
  assert.equal((await runChild(['/bin/cat', 'name'], request)).text, 'jail');
  assert.equal((await runChild(['cat', '/name'], { ...nativeMounts({ root: at }), ...NOBODY })).text, 'jail');
  assert.equal(spawnFailure(nativeRequest(['/bin/ls'], request)).errno, 'ENOENT');
});

for (const [settings, message] of [
  [{ readOnly: ['/srv/none'] }, 'cannot make /srv/none read-only: No such file or directory'],
  [{ inaccessible: ['/srv/none'] }, 'cannot hide /srv/none: No such file or directory'],
  [{ root: '/srv/none' }, 'cannot change root to /srv/none: No such file or directory'],
] as const)
  test(`a path that is absent is named: ${message}`, () => {
    const failed = spawnFailure(nativeRequest(['/bin/true'], nativeMounts(settings)));
    assert.deepEqual(failed, { step: 'set up mounts', errno: 'ENOENT', message });
  });
