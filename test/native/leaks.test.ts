/** Nothing of the engine leaks into a child, and nothing of a child is left in the engine. */

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { native } from '../../src/system/native.ts';
import {
  collect,
  NEW_PIPE,
  NULL_DEVICE,
  nativeRequest,
  runChild,
  spawnChild,
  spawnFailure,
  statusFields,
} from '../support/native-child.ts';
import { probe } from '../support/native-probe.ts';

const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const SIGPIPE = 13;
const NO_SIGNALS = '0000000000000000';

function openFlags(fdinfo: string): number {
  return Number.parseInt(/^flags:\s*(\d+)$/m.exec(fdinfo)?.[1] ?? '', 8);
}

test('a child has no descriptors but its three streams, whatever the engine inherited or has open', async () => {
  // Beyond 15 Node does not look for inherited descriptors to mark; this one would pass any exec.
  const { stdout, shownFd } = await probe(
    { command: ['/bin/ls', '/proc/self/fd'], showFd: 25 },
    'exec 25</etc/passwd',
  );
  assert.equal(openFlags(shownFd ?? '') & O_CLOEXEC, 0, 'the engine itself would have leaked it');
  // 3 is the directory that ls reads.
  assert.equal(stdout.toString(), '0\n1\n2\n3\n');
});

test('a child blocks and ignores no signal, although Node ignores SIGPIPE and handles others', async () => {
  const { stdout } = await probe(
    { command: ['/bin/cat', '/proc/self/status'] },
    "trap '' HUP INT USR1 RTMIN+5",
  );
  for (const field of ['SigBlk', 'SigIgn', 'SigCgt', 'SigPnd', 'ShdPnd'])
    assert.match(stdout.toString(), new RegExp(`^${field}:\\s${NO_SIGNALS}$`, 'm'));
});

test('SIGPIPE ends a child that writes into a closed pipe, as its author expects', async () => {
  const child = spawnChild(
    nativeRequest(['/usr/bin/yes'], { descriptors: [NULL_DEVICE, NEW_PIPE, NULL_DEVICE] }),
  );
  closeSync(child.fds[1]);
  assert.equal(await collect(child.pid), SIGPIPE);
});

test('the engine keeps its own mask, handlers and ignored signals over a spawn and a failed spawn', async () => {
  const ownSignals = (): string[] =>
    // Without SigQ, which counts what all processes of the user have queued.
    readFileSync('/proc/self/status', 'utf8').match(/^S(?:ig|hd)(?!Q).*$/gm) ?? [];
  const before = ownSignals();
  await runChild(['/bin/true']);
  spawnFailure(nativeRequest(['/nowhere/program']));
  assert.deepEqual(ownSignals(), before);
  // Said outright as well: an earlier spawn of this process might have left both the same way.
  assert.ok(before.includes(`SigBlk:\t${NO_SIGNALS}`), before.join());
});

test('an environment that is no UTF-8 passes byte for byte', async () => {
  const { stdout } = await probe(
    { command: ['/usr/bin/env', '-0'], particulars: { set: ['MORE=ünï'] } },
    "export RAW=$'\\xff\\xfe\\x01=\\xc3('",
  );
  const raw = Buffer.from([...Buffer.from('RAW='), 0xff, 0xfe, 0x01, 0x3d, 0xc3, 0x28, 0]);
  assert.ok(stdout.includes(raw), stdout.toString('latin1'));
  assert.ok(stdout.includes('MORE=ünï\0'));
});

test('names and patterns are taken from the environment, what is set is laid over it, and nothing comes twice', async () => {
  const { stdout } = await probe(
    {
      command: ['/usr/bin/env'],
      particulars: { unset: ['TASKMASTER_*', 'GONE'], set: ['TASKMASTER_INSTANCE=web:2', 'REPLACED=new'] },
    },
    'export TASKMASTER_INHERITED=x TASKMASTERLY=stays GONE=x GONER=stays REPLACED=old EMPTY=',
  );
  const lines = stdout.toString().trimEnd().split('\n');
  const about = lines.filter((line) => /^(TASKMASTER|GONE|REPLACED|EMPTY)/.test(line)).sort();
  assert.deepEqual(about, [
    'EMPTY=',
    'GONER=stays',
    'REPLACED=new',
    'TASKMASTERLY=stays',
    'TASKMASTER_INSTANCE=web:2',
  ]);
});

test('a cleared environment holds what was set and nothing else', async () => {
  const { text } = await runChild(['/usr/bin/env'], { clearEnvironment: true, set: ['ONLY=this'] });
  assert.equal(text, 'ONLY=this\n');
});

test('our end of a pipe is non-blocking and close-on-exec; the end of the child blocks', async () => {
  const child = spawnChild(
    nativeRequest(['/bin/cat', '/proc/self/fdinfo/1'], { descriptors: [NEW_PIPE, NEW_PIPE, NEW_PIPE] }),
  );
  for (const fd of child.fds) {
    const flags = openFlags(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'));
    assert.equal(flags & (O_NONBLOCK | O_CLOEXEC), O_NONBLOCK | O_CLOEXEC);
  }
  await collect(child.pid);
  const { text } = await runChild(['/bin/sh', '-c', 'exec 3<&0; cat /proc/$$/fdinfo/1']);
  assert.equal(openFlags(text) & O_NONBLOCK, 0);
  for (const fd of child.fds) closeSync(fd);
});

test('streams may be given crosswise: each source is read before any is replaced', async () => {
  const { ownStdout, ownStderr } = await probe({
    command: ['/bin/sh', '-c', 'echo to-one; echo to-two >&2'],
    particulars: { descriptors: [NULL_DEVICE, 2, 1] },
  });
  assert.equal(ownStdout.trim(), 'to-two');
  assert.equal(ownStderr.trim(), 'to-one');
});

test('5,000 spawns, good and failing, leave memory, descriptors, address space and children as they were', async () => {
  const memory = randomBytes(8 << 20);
  const digest = (): string => createHash('sha256').update(memory).digest('hex');
  // In bytes, not in mappings: the kernel joins neighbours.
  const addressSpace = (): number => Number(readFileSync('/proc/self/statm', 'utf8').split(' ')[0]) * 4_096;
  const descriptors = (): number => readdirSync('/proc/self/fd').length;
  const good = nativeRequest(['/bin/true'], { descriptors: [NULL_DEVICE, NULL_DEVICE, NULL_DEVICE] });
  const bad = nativeRequest(['/bin/true'], { descriptors: [NEW_PIPE, NEW_PIPE, NEW_PIPE], cwd: '/nowhere' });
  const others = new Map<number, number>();
  await collect(spawnChild(good).pid);
  const before = { digest: digest(), descriptors: descriptors(), addressSpace: addressSpace() };
  for (let round = 0; round < 50; round += 1) {
    const pids = Array.from({ length: 90 }, () => spawnChild(good).pid);
    for (let failure = 0; failure < 10; failure += 1) assert.equal(spawnFailure(bad).errno, 'ENOENT');
    for (const pid of pids) assert.equal(await collect(pid, others), 0);
    others.clear();
  }
  assert.equal(digest(), before.digest);
  assert.equal(descriptors(), before.descriptors);
  // The garbage collector maps and unmaps; a stack of 64 KiB left behind by each spawn would be 300 MB.
  assert.ok(
    addressSpace() - before.addressSpace < 100e6,
    `grew by ${addressSpace() - before.addressSpace} bytes`,
  );
  assert.equal(native().hasChildren(), false);
});

test('a spawn that fails for want of descriptors names the stream, closes what it opened, and leaves no child', async () => {
  const { result, hasChildren } = await probe(
    {
      command: ['/bin/true'],
      useUpDescriptors: true,
      particulars: { descriptors: [NEW_PIPE, NEW_PIPE, NEW_PIPE] },
    },
    'ulimit -n 64',
  );
  assert.deepEqual(result, {
    step: 'open stdin',
    errno: 'EMFILE',
    message: 'cannot open stdin: Too many open files',
  });
  assert.equal(hasChildren, false);
});

test('a stream that is not open fails by its name', () => {
  const closed = openSync('/dev/null', 'r');
  closeSync(closed);
  const failure = spawnFailure(
    nativeRequest(['/bin/true'], { descriptors: [NULL_DEVICE, 9_999, NULL_DEVICE] }),
  );
  assert.deepEqual([failure.step, failure.errno], ['open stdout', 'EBADF']);
});

test('what a child is given stays its own: the engine has the umask, directory, nice and limits it had', async () => {
  const own = (): string =>
    ['status', 'limits', 'oom_score_adj', 'stat']
      .map((name) => readFileSync(`/proc/self/${name}`, 'utf8'))
      .map((text) => text.match(/^(?:Umask|Uid|Gid|Groups|Cap\w+|NoNewPrivs|Max \w+).*$/gm)?.join('\n') ?? '')
      .join('\n') +
    readFileSync('/proc/self/oom_score_adj', 'utf8') +
    process.cwd();
  const before = own();
  const fields = await statusFields({
    umask: 0o077,
    cwd: '/',
    nice: 5,
    limits: [4, 0, 0],
    oomScoreAdj: 500,
    uid: 65_534,
    gid: 65_534,
    groups: [],
    capabilities: [],
    noNewPrivs: true,
  });
  assert.equal(fields.NoNewPrivs, '1');
  assert.equal(own(), before);
});
