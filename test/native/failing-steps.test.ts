/** Each step that fails is named, with its errno and a sentence for people; nothing is left behind. */

import assert from 'node:assert/strict';
import {
  chmodSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import { type NativeSpawnRequest, native } from '../../src/system/native.ts';
import {
  collect,
  NULL_DEVICE,
  nativeRequest,
  runChild,
  spawnChild,
  spawnFailure,
} from '../support/native-child.ts';
import { probeFailure } from '../support/native-probe.ts';

const NOBODY = 65_534;
const STRANGER = 54_321;
const SIGKILL = 9;

const folder = mkdtempSync(join(tmpdir(), 'taskmaster-steps-'));
chmodSync(folder, 0o755);
after(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => assert.equal(native().hasChildren(), false, 'a child that failed was collected'));

function file(name: string, text: string, mode: number): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

function failure(
  command: readonly [string, ...string[]],
  particulars: Partial<NativeSpawnRequest> = {},
): unknown {
  return spawnFailure(nativeRequest(command, particulars));
}

test('a program that is not there', () => {
  assert.deepEqual(failure(['/nowhere/nginx']), {
    step: 'execute',
    errno: 'ENOENT',
    message: 'cannot execute /nowhere/nginx: No such file or directory',
  });
});

test('a name that no directory of the child’s PATH has, with that PATH', () => {
  assert.deepEqual(failure(['nginxx'], { set: ['PATH=/bin:/sbin'] }), {
    step: 'execute',
    errno: 'ENOENT',
    message: 'cannot execute nginxx (not found in PATH /bin:/sbin): No such file or directory',
  });
});

test('a file that may not be executed', () => {
  const path = file('data', '#!/bin/sh\n', 0o644);
  assert.deepEqual(failure([path]), {
    step: 'execute',
    errno: 'EACCES',
    message: `cannot execute ${path}: Permission denied`,
  });
});

test('a directory', () => {
  assert.deepEqual(failure([folder]), {
    step: 'execute',
    errno: 'EACCES',
    message: `cannot execute ${folder}: Permission denied`,
  });
});

test('a script without a #! line is not handed to a shell', () => {
  const path = file('script', 'echo hello\n', 0o755);
  assert.deepEqual(failure([path]), {
    step: 'execute',
    errno: 'ENOEXEC',
    message: `cannot execute ${path} (not a program, and no #! line names an interpreter): Exec format error`,
  });
});

test('a script whose interpreter is missing is told apart from a missing script', () => {
  const path = file('orphaned', '#!/nowhere/python\n', 0o755);
  assert.deepEqual(failure([path]), {
    step: 'execute',
    errno: 'ENOENT',
    message: `cannot execute ${path} (it is there, but the interpreter it names is not): No such file or directory`,
  });
});

test('a program that is being written, which may heal', () => {
  const path = join(folder, 'busy');
  copyFileSync('/bin/true', path);
  chmodSync(path, 0o755);
  const writing = openSync(path, 'r+');
  const result = failure([path]);
  closeSync(writing);
  assert.deepEqual(result, {
    step: 'execute',
    errno: 'ETXTBSY',
    message: `cannot execute ${path}: Text file busy`,
  });
});

test('an argument longer than the kernel takes', () => {
  assert.deepEqual(failure(['/bin/true', 'x'.repeat(200_000)]), {
    step: 'execute',
    errno: 'E2BIG',
    message: 'cannot execute /bin/true: Argument list too long',
  });
});

test('symbolic links in a circle', () => {
  const path = join(folder, 'circle');
  symlinkSync('circle', path);
  assert.deepEqual(failure([path]), {
    step: 'execute',
    errno: 'ELOOP',
    message: `cannot execute ${path}: Too many levels of symbolic links`,
  });
});

test('a refused entry of PATH is passed over for a later one, and told where there is none', async () => {
  mkdirSync(join(folder, 'first'));
  const refused = file('first/tool', '#!/bin/sh\necho first\n', 0o644);
  mkdirSync(join(folder, 'second'));
  file('second/tool', '#!/bin/sh\necho second\n', 0o755);
  const { text } = await runChild(['tool'], { set: [`PATH=${folder}/first:${folder}/second`] });
  assert.equal(text, 'second\n');
  assert.deepEqual(failure(['tool'], { set: [`PATH=${folder}/first:/bin`] }), {
    step: 'execute',
    errno: 'EACCES',
    message: `cannot execute ${refused}: Permission denied`,
  });
});

test('a relative path and an empty entry of PATH start from the working directory', async () => {
  file('here', '#!/bin/sh\necho here\n', 0o755);
  assert.equal((await runChild(['./here'], { cwd: folder })).text, 'here\n');
  assert.equal((await runChild(['here'], { cwd: folder, set: ['PATH=/bin:'] })).text, 'here\n');
});

test('without a PATH the usual directories are searched', async () => {
  assert.equal((await runChild(['echo', 'found'], { clearEnvironment: true })).text, 'found\n');
});

test('a user who has more processes than the limit allows, which may heal', async () => {
  const RLIMIT_NPROC = 6;
  const stranger = { uid: STRANGER, gid: STRANGER, groups: [] };
  const first = spawnChild(
    nativeRequest(['/bin/sleep', '1000'], {
      ...stranger,
      descriptors: [NULL_DEVICE, NULL_DEVICE, NULL_DEVICE],
    }),
  );
  const result = failure(['/bin/true'], { ...stranger, limits: [RLIMIT_NPROC, 0, 0] });
  native().kill(first.pid, SIGKILL);
  await collect(first.pid);
  assert.deepEqual(result, {
    step: 'execute',
    errno: 'EAGAIN',
    message: 'cannot execute /bin/true: Resource temporarily unavailable',
  });
});

for (const [what, cwd, errno, words] of [
  ['that is missing', '/nowhere', 'ENOENT', 'No such file or directory'],
  ['that is a file', '/etc/passwd', 'ENOTDIR', 'Not a directory'],
] as const) {
  test(`a directory ${what}`, () => {
    assert.deepEqual(failure(['/bin/true'], { cwd }), {
      step: 'change directory',
      errno,
      message: `cannot change directory to ${cwd}: ${words}`,
    });
  });
}

test('a directory that the user of the process may not enter', () => {
  const cwd = join(folder, 'private');
  mkdirSync(cwd, { mode: 0o700 });
  assert.deepEqual(failure(['/bin/true'], { cwd, uid: STRANGER, gid: STRANGER, groups: [] }), {
    step: 'change directory',
    errno: 'EACCES',
    message: `cannot change directory to ${cwd}: Permission denied`,
  });
});

test('a soft limit above the hard one, by the limit’s name, whichever of several it is', () => {
  assert.deepEqual(failure(['/bin/true'], { limits: [4, 0, 0, 7, 200, 100] }), {
    step: 'set limit',
    errno: 'EINVAL',
    message: 'cannot set limit nofile: Invalid argument',
  });
});

test('an oom_score_adj out of range', () => {
  assert.deepEqual(failure(['/bin/true'], { oomScoreAdj: 5_000 }), {
    step: 'set oom_score_adj',
    errno: 'EINVAL',
    message: 'cannot set oom_score_adj to 5000: Invalid argument',
  });
});

for (const [what, particulars, step, message] of [
  ['another user', { uid: 33, userName: 'www-data' }, 'change user', 'cannot change user to www-data: '],
  ['another user without a name', { uid: 33 }, 'change user', 'cannot change user to 33: '],
  ['another group', { gid: 33 }, 'change group', 'cannot change group to 33: '],
  [
    'groups',
    { groups: [33], uid: 33, userName: 'www-data' },
    'set groups',
    'cannot set the supplementary groups of www-data: ',
  ],
  ['fewer capabilities', { capabilities: [] }, 'drop capabilities', 'cannot drop capabilities: '],
  [
    'more capabilities',
    { capabilities: Array.from({ length: 64 }, (_, bit) => bit) },
    'keep capabilities',
    'cannot keep the capabilities asked for: ',
  ],
  ['a larger hard limit', { limits: [4, -1, -1] }, 'set limit', 'cannot set limit core: '],
  ['a lower oom_score_adj', { oomScoreAdj: -900 }, 'set oom_score_adj', 'cannot set oom_score_adj to -900: '],
] as const) {
  test(`an engine without privileges that is asked for ${what}`, async () => {
    const result = await probeFailure(
      { command: ['/bin/true'], becomeUid: NOBODY, particulars },
      'ulimit -c 0',
    );
    assert.equal(result.step, step);
    assert.ok(['EPERM', 'EACCES'].includes(result.errno), result.errno);
    assert.ok(result.message.startsWith(message), result.message);
    assert.match(result.message, /: (Operation not permitted|Permission denied)$/);
  });
}

test('an engine without privileges that is asked for more priority', async () => {
  const result = await probeFailure({ command: ['/bin/true'], becomeUid: NOBODY, particulars: { nice: -5 } });
  assert.equal(result.step, 'set nice');
  assert.match(result.message, /^cannot set nice to -5: (Operation not permitted|Permission denied)$/);
});

test('the number that means "leave it" to setresuid(2) is refused as a user and as a group', () => {
  for (const [particulars, step] of [
    [{ uid: 4_294_967_295 }, 'change user'],
    [{ gid: 4_294_967_295 }, 'change group'],
  ] as const) {
    const failed = spawnFailure(nativeRequest(['/bin/true'], particulars));
    assert.equal(failed.step, step);
    assert.equal(failed.errno, 'EINVAL');
  }
});
