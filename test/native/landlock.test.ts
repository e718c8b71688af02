/** What a confined child can do, as the kernel answers it. Needs root for another user, and a kernel with Landlock. */

import assert from 'node:assert/strict';
import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { LandlockRules } from '../../src/config/resolved-config.ts';
import { nativeLandlock } from '../../src/system/landlock.ts';
import { type NativeSpawnRequest, native } from '../../src/system/native.ts';
import {
  collect,
  NEW_PIPE,
  NEW_TERMINAL,
  NULL_DEVICE,
  nativeRequest,
  runChild,
  spawnChild,
  spawnFailure,
  statusFields,
} from '../support/native-child.ts';

/** The program, its loader and its libraries. */
const SYSTEM = ['/usr', '-/bin', '-/lib', '-/lib64', '/etc'];
const VERSION = native().landlockVersion();
const NOBODY = { uid: 65_534, gid: 65_534, groups: [] } as const;

function confined(
  rules: Omit<LandlockRules, 'isRequired'>,
  { version = VERSION, tty = false } = {},
): Pick<NativeSpawnRequest, 'landlock' | 'noNewPrivs'> {
  const source = tty
    ? ({ kind: 'terminal', size: { columns: 80, rows: 24 } } as const)
    : { kind: 'null' as const };
  const landlock = nativeLandlock(
    { landlock: { ...rules, isRequired: false }, descriptors: [{ target: 0, source }] },
    version,
  );
  assert.ok(landlock !== undefined);
  return { landlock, noNewPrivs: true };
}

/** A folder with `read`, `write` and `other`, each with a file. */
function folders(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'landlock-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  for (const name of ['read', 'write', 'other']) {
    mkdirSync(join(folder, name), { mode: 0o777 });
    chmodSync(join(folder, name), 0o777);
    writeFileSync(join(folder, name, 'file'), name, { mode: 0o666 });
    chmodSync(join(folder, name, 'file'), 0o666);
    writeFileSync(join(folder, name, 'program'), '#!/bin/sh\necho ran\n', { mode: 0o755 });
  }
  return folder;
}

/** What each line of shell ends with: `0`, or its message. */
async function answers(
  lines: readonly string[],
  rules: Omit<LandlockRules, 'isRequired'>,
  particulars: Partial<NativeSpawnRequest> = {},
): Promise<readonly string[]> {
  const script = lines.map(
    (line) => `if m=$({ ${line}; } 2>&1 >/dev/null); then echo ok; else echo "\${m##*: }"; fi`,
  );
  const { text } = await runChild(['/bin/sh', '-c', script.join('\n')], {
    ...confined(rules),
    ...particulars,
  });
  return text.trimEnd().split('\n');
}

test('this kernel has Landlock with ports', () => {
  assert.ok(VERSION >= 4, String(VERSION));
});

for (const user of [{}, NOBODY]) {
  const who = 'uid' in user ? 'another user' : 'root';
  test(`as ${who}: what is listed can be read or written, and nothing else`, async (t) => {
    const at = folders(t);
    const rules = { read: [...SYSTEM, join(at, 'read')], write: [join(at, 'write')] };
    const denied = 'Permission denied';
    const expected: Readonly<Record<string, string>> = {
      [`cat ${at}/read/file`]: 'ok',
      [`echo > ${at}/read/file`]: denied,
      [`echo > ${at}/read/new`]: denied,
      [`rm -f ${at}/read/file`]: denied,
      [`truncate -s 0 ${at}/read/file`]: denied,
      [`cat ${at}/write/file`]: 'ok',
      [`echo x > ${at}/write/file`]: 'ok',
      [`mkdir ${at}/write/deep`]: 'ok',
      [`mv ${at}/write/file ${at}/write/deep/file`]: 'ok',
      [`ln -s x ${at}/write/link`]: 'ok',
      [`mkfifo ${at}/write/fifo`]: 'ok',
      [`rm -r ${at}/write/deep`]: 'ok',
      [`cat ${at}/other/file`]: denied,
      [`ls ${at}/other`]: denied,
      [`echo > ${at}/other/file`]: denied,
      'ls /tmp': denied,
      'cat /proc/self/status': denied,
      [`cd ${at}/other`]: 'ok',
      'echo > /dev/null': 'ok',
      'head -c 1 /dev/urandom': 'ok',
      'head -c 1 /dev/zero': 'ok',
    };
    assert.deepEqual(await answers(Object.keys(expected), rules, user), Object.values(expected));
    assert.equal(readFileSync(join(at, 'read/file'), 'utf8'), 'read');
  });
}

test('root makes no device node where it may write', async (t) => {
  const at = folders(t);
  const rules = { read: SYSTEM, write: [join(at, 'write')] };
  assert.deepEqual(await answers([`mknod ${at}/write/null c 1 3`], rules), ['Permission denied']);
});

test('what it may read it may execute, unless `execute` says what; never what it may write', async (t) => {
  const at = folders(t);
  const lines = ['read', 'write', 'other'].map((name) => `${at}/${name}/program`);
  const read = [...SYSTEM, join(at, 'read')];
  const write = [join(at, 'write')];
  const denied = 'Permission denied';
  assert.deepEqual(await answers(lines, { read, write }), ['ok', denied, denied]);
  assert.deepEqual(await answers(lines, { read, write, execute: SYSTEM }), [denied, denied, denied]);
  const some = { read: [join(at, 'read')], execute: [...SYSTEM, join(at, 'other')] };
  assert.deepEqual(await answers(lines, some), [denied, denied, 'ok']);
  assert.deepEqual(await answers([`cat ${at}/other/file`], some), ['ok']);
});

test('one file, and a link to a directory, can be listed', async (t) => {
  const at = folders(t);
  symlinkSync('other', join(at, 'link'));
  const rules = { read: [...SYSTEM, join(at, 'link')], write: [join(at, 'read/file')] };
  const lines = [
    `cat ${at}/other/file`,
    `echo > ${at}/read/file`,
    `cat ${at}/read/program`,
    `rm ${at}/read/file`,
  ];
  assert.deepEqual(await answers(lines, rules), ['ok', 'ok', 'Permission denied', 'Permission denied']);
});

test('its standard streams it may open again by name', async (t) => {
  const at = folders(t);
  const file = join(at, 'other/file');
  const fd = openSync(file, 'a');
  t.after(() => closeSync(fd));
  const rules = confined({ read: SYSTEM });
  const line = 'echo out > /dev/stdout; echo err > /dev/stderr';
  const { text, status } = await runChild(['/bin/sh', '-c', line], {
    ...rules,
    descriptors: [NULL_DEVICE, NEW_PIPE, fd],
  });
  assert.deepEqual([text, status], ['out\n', 0]);
  assert.equal(readFileSync(file, 'utf8').endsWith('err\n'), true);
});

test('its terminal works, by /dev/tty too', async (t) => {
  const at = folders(t);
  const line = `stty size < /dev/tty > ${at}/write/file && echo a > /dev/tty && echo b > /dev/stdout`;
  const rules = confined({ read: SYSTEM, write: [join(at, 'write')] }, { tty: true });
  const descriptors = [NEW_TERMINAL, NEW_TERMINAL, NEW_TERMINAL];
  const request = nativeRequest(['/bin/sh', '-c', line], { ...rules, descriptors, columns: 80, rows: 24 });
  const child = spawnChild(request);
  t.after(() => {
    closeSync(child.fds[0]);
    closeSync(child.fds[1]);
  });
  assert.equal(await collect(child.pid), 0);
  assert.equal(readFileSync(join(at, 'write/file'), 'utf8'), '24 80\n');
});

test('TCP ports: to connect to and to listen on, each by its own list', async (t) => {
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => server.close());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const connect = `bash -c ': < /dev/tcp/127.0.0.1/${port}'`;
  const listen = `python3 -c 'import socket; socket.socket().bind(("127.0.0.1", 0))'`;
  const denied = 'Permission denied';
  assert.deepEqual(await answers([connect], { connectTcp: [port] }), ['ok']);
  assert.deepEqual(await answers([connect], { connectTcp: [] }), [denied]);
  assert.deepEqual(await answers([connect], { bindTcp: [] }), ['ok']);
  const bound = async (rules: Partial<LandlockRules>): Promise<string> =>
    (await runChild(['/bin/sh', '-c', `${listen} 2>&1 | tail -1`], confined(rules))).text.trim();
  assert.equal(await bound({ bindTcp: [] }), 'PermissionError: [Errno 13] Permission denied');
  assert.equal(await bound({ bindTcp: [0] }), '');
  assert.equal(await bound({ connectTcp: [] }), '');
});

test('what it starts is confined too, and cannot take it off', async (t) => {
  const at = folders(t);
  const rules = { read: SYSTEM };
  const script = `(setsid sh -c 'cat ${at}/other/file')`;
  assert.deepEqual(await answers([script], rules), ['Permission denied']);
  const fields = await statusFields(confined({ read: [...SYSTEM, '/proc'] }));
  assert.equal(fields.NoNewPrivs, '1');
});

test('nothing is left open by it', async () => {
  const { text } = await runChild(
    ['/bin/sh', '-c', 'echo /proc/self/fd/*'],
    confined({ read: [...SYSTEM, '/proc'] }),
  );
  assert.deepEqual(text.trim().split(' ').slice(0, 3), [
    '/proc/self/fd/0',
    '/proc/self/fd/1',
    '/proc/self/fd/2',
  ]);
});

test('it works with an engine that has more open than the program may have', async (t) => {
  const fds = Array.from({ length: 200 }, () => openSync('/dev/null', 'r'));
  t.after(() => {
    for (const fd of fds) closeSync(fd);
  });
  const limits = [7, 64, 64];
  const { text } = await runChild(['/bin/echo', 'yes'], { ...confined({ read: SYSTEM }), limits });
  assert.equal(text, 'yes\n');
});

test('a path that is absent is named, and one that may be absent is passed over', async () => {
  const missing = spawnFailure(nativeRequest(['/bin/true'], confined({ read: [...SYSTEM, '/srv/none'] })));
  assert.deepEqual(missing, {
    step: 'set landlock',
    errno: 'ENOENT',
    message:
      'cannot open /srv/none for landlock (create it, or write -/srv/none if it may be absent): No such file or directory',
  });
  const { status } = await runChild(['/bin/true'], confined({ read: [...SYSTEM, '-/srv/none'] }));
  assert.equal(status, 0);
});

test('a path that its user cannot reach is named', async (t) => {
  const at = folders(t);
  chmodSync(at, 0o700);
  const path = join(at, 'read');
  const { errno, message } = spawnFailure(
    nativeRequest(['/bin/true'], { ...NOBODY, ...confined({ read: [...SYSTEM, path] }) }),
  );
  assert.equal(errno, 'EACCES');
  assert.equal(message, `cannot open ${path} for landlock: Permission denied`);
});

test('a program that is not in the lists is refused with the reason', (t) => {
  const at = folders(t);
  const { step, message } = spawnFailure(
    nativeRequest([join(at, 'other/program')], confined({ read: SYSTEM })),
  );
  assert.equal(step, 'execute');
  assert.match(
    message,
    /^cannot execute .* \(landlock may not allow it: list its directory and that of its loader in read or execute\): Permission denied$/,
  );
});

for (const version of [1, 2, 3, 4, 5, 6, 7, 99])
  test(`rules for version ${version} of the interface are what it takes`, async (t) => {
    const at = folders(t);
    const rules = confined({ read: [...SYSTEM, join(at, 'read')], write: [join(at, 'write')] }, { version });
    const lines = `cat ${at}/read/file; echo x > ${at}/write/new && echo wrote; cat ${at}/other/file || echo not`;
    const { text } = await runChild(['/bin/sh', '-c', `{ ${lines}; } 2>/dev/null`], rules);
    assert.equal(text, 'readwrote\nnot\n');
  });

test('a kernel without Landlock gets no rules, one without ports none of those', () => {
  const descriptors = [{ target: 0, source: { kind: 'null' } }] as const;
  const landlock = { read: ['/usr'], connectTcp: [80], isRequired: false } as const;
  assert.equal(nativeLandlock({ landlock, descriptors }, 0), undefined);
  const third = nativeLandlock({ landlock, descriptors }, 3);
  assert.deepEqual([third?.handledPortRights, third?.ports], [0, []]);
  assert.equal(third?.handledFileRights, 2 ** 15 - 1);
  assert.equal(
    nativeLandlock({ landlock: { connectTcp: [80], isRequired: false }, descriptors }, 3),
    undefined,
  );
});
