/** A child that is held up before its program is executed holds up nobody else, and can be given up. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import {
  type NativePendingSpawn,
  type NativeSpawnRequest,
  type NativeSpawnResult,
  native,
} from '../../src/system/native.ts';
import { childrenOf } from '../support/children-of.ts';
import { eventually } from '../support/eventually.ts';
import { hangingDisk } from '../support/hanging-disk.ts';
import { collect, NULL_DEVICE, nativeRequest, spawnChild } from '../support/native-child.ts';

const PATIENCE_MS = 50;
const STRANGER = { uid: 54_321, gid: 54_321, groups: [] };
const SILENT = { descriptors: [NULL_DEVICE, NULL_DEVICE, NULL_DEVICE] };
const SIGTERM = 15;

afterEach(async () => await nothingIsLeft());

/** Of what was spawned; the server of a disk is a child too. */
async function nothingIsLeft(): Promise<void> {
  await eventually(() => {
    const stats = childrenOf(process.pid).map((pid) => readFileSync(`/proc/${pid}/stat`, 'utf8'));
    assert.deepEqual(
      stats.filter((stat) => !stat.includes('(node')),
      [],
    );
  });
}

interface Held extends NativePendingSpawn {
  /** Answers that came later. */
  readonly answers: readonly NativeSpawnResult[];
  readonly pid: number;
}

function held(particulars: Partial<NativeSpawnRequest>, file = '/bin/true'): Held {
  const before = new Set(childrenOf(process.pid));
  const answers: NativeSpawnResult[] = [];
  const request = nativeRequest([file], { ...SILENT, ...particulars });
  const result = native().spawn(request, PATIENCE_MS, (answer) => answers.push(answer));
  assert.ok('pending' in result, JSON.stringify(result));
  const [pid = 0] = childrenOf(process.pid).filter((child) => !before.has(child));
  return { ...result, answers, pid };
}

const stateOf = (pid: number): string => readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[2] ?? '';

test('a directory that hangs: the call returns, others start, and the child can be given up', async (t) => {
  const disk = hangingDisk(t);
  disk.hang();
  const { pending, doing, answers } = held({ cwd: disk.folder });
  assert.equal(doing, `change directory to ${disk.folder}`);
  await collect(spawnChild(nativeRequest(['/bin/true'], SILENT)).pid);
  assert.deepEqual(native().abandonSpawn(pending), { step: 'change directory', doing, wasStopped: false });
  assert.equal(native().abandonSpawn(pending), null, 'once');
  await nothingIsLeft();
  assert.deepEqual(answers, [], 'nobody asks any more');
});

test('a program on a disk that hangs', async (t) => {
  const disk = hangingDisk(t);
  const file = join(disk.folder, 'true');
  copyFileSync('/bin/true', file);
  disk.hang();
  const { pending, doing } = held({}, file);
  assert.equal(doing, `execute ${file}`);
  assert.equal(native().abandonSpawn(pending)?.step, 'execute');
});

test('the answer of a child that goes on after all comes later, once', async (t) => {
  const disk = hangingDisk(t);
  disk.hang();
  const good = held({ cwd: disk.folder });
  const bad = held({ cwd: disk.folder }, '/nowhere/program');
  assert.deepEqual([good.answers, bad.answers], [[], []]);
  disk.answer();
  const looks: [number, boolean][] = [];
  await eventually(() => {
    const { collected } = native().reap(new Int32Array(), 100);
    for (const [index, pid] of collected.entries())
      if (index % 2 === 0) looks.push([pid, good.answers.length === 1]);
    assert.equal(bad.answers.length, 1);
    assert.ok(looks.some(([pid]) => pid === good.pid));
  });
  const ours = looks.filter(([pid]) => pid === good.pid || pid === bad.pid);
  assert.deepEqual(ours, [[good.pid, true]], 'a child is collected by others only when its answer was given');
  assert.deepEqual(bad.answers, [
    {
      step: 'execute',
      errno: 'ENOENT',
      message: 'cannot execute /nowhere/program: No such file or directory',
    },
  ]);
  assert.equal(native().abandonSpawn(good.pending), null, 'too late');
});

test('a child that its user stops between setresuid and execve', async (t) => {
  const disk = hangingDisk(t);
  disk.hang();
  const { pending, pid, doing } = held({ ...STRANGER, cwd: disk.folder });
  execFileSync('setpriv', ['--reuid=54321', '--clear-groups', 'kill', '-STOP', String(pid)]);
  disk.answer();
  await eventually(() => assert.equal(stateOf(pid), 'T'));
  await collect(spawnChild(nativeRequest(['/bin/true'], SILENT)).pid);
  assert.deepEqual(native().abandonSpawn(pending), { step: 'change directory', doing, wasStopped: true });
});

test('as long as a child of another user shares its memory, nobody of that user can trace it', async (t) => {
  const disk = hangingDisk(t);
  disk.hang();
  const { pending, pid } = held({ ...STRANGER, cwd: disk.folder });
  await collect(spawnChild(nativeRequest(['/bin/true'], { ...SILENT, uid: 54_322 })).pid);
  const asUser = [
    '--reuid=54321',
    '--regid=54321',
    '--clear-groups',
    '--inh-caps=-all',
    '--bounding-set=-all',
  ];
  const reading = (): unknown =>
    execFileSync('setpriv', [...asUser, 'cat', `/proc/${pid}/environ`], { stdio: 'pipe' });
  assert.throws(reading, /Permission denied/);
  native().abandonSpawn(pending);
});

test('many that hang keep nobody waiting for long, and those that found no thread are given up too', async (t) => {
  const disk = hangingDisk(t);
  disk.hang();
  const begun = performance.now();
  const ids = Array.from({ length: 80 }, () => held({ cwd: disk.folder }));
  const tookMs = performance.now() - begun;
  assert.ok(tookMs < 40 * PATIENCE_MS, `${tookMs} ms`);
  // Those have half of the threads.
  await collect(spawnChild(nativeRequest(['/bin/echo'], SILENT)).pid);
  // The last ones first: they have not begun, and do not begin when a thread becomes free.
  const steps = ids.reverse().map(({ pending }) => native().abandonSpawn(pending)?.step);
  assert.equal(steps.filter((step) => step === 'fork').length, 48);
});

test('a parent-death signal is for the death of the engine, not of the thread that spawned', async (t) => {
  const disk = hangingDisk(t);
  disk.hang();
  // The thread that spawns it is not the first one to be idle afterwards, and has no reason to stay but this.
  const first = held({ cwd: disk.folder });
  const child = spawnChild(nativeRequest(['/bin/sleep', '1000'], { ...SILENT, parentDeathSignal: SIGTERM }));
  const second = held({ cwd: disk.folder });
  for (const { pending, pid } of [first, second]) {
    native().abandonSpawn(pending);
    await eventually(() => assert.ok(!existsSync(`/proc/${pid}`)));
  }
  // Idle threads end after five seconds.
  await new Promise((later) => setTimeout(later, 6_500));
  assert.equal(stateOf(child.pid), 'S');
  native().kill(child.pid, SIGTERM);
  await collect(child.pid);
});
