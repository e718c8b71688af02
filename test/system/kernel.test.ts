import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SystemError, TaskmasterError } from '../../src/errors.ts';
import type { SignalName } from '../../src/signals.ts';
import type { InitRole } from '../../src/system/init-role.ts';
import { LinuxKernel } from '../../src/system/kernel.ts';
import type { NativeAddon } from '../../src/system/native.ts';
import { native } from '../../src/system/native.ts';
import { Reaper } from '../../src/system/reaper.ts';
import { eventually } from '../support/eventually.ts';
import { noLateAnswer, shellRequest, spawnRequest } from '../support/spawn-request.ts';

const ESRCH = 3;
const EINVAL = 22;
const EPERM = 1;

/** A kernel whose kill(2) answers as told and notes what it was asked. */
function kernelWithKill(
  answer: number,
  role: InitRole = 'subreaper',
): { kernel: LinuxKernel; sent: [number, number][] } {
  const sent: [number, number][] = [];
  const addon: NativeAddon = {
    ...native(),
    reap: () => ({ collected: new Int32Array(), stoppedAt: 0 }),
    kill: (pid, signal) => {
      sent.push([pid, signal]);
      return answer;
    },
  };
  const reaper = new Reaper(addon);
  reaper.stop();
  return { kernel: new LinuxKernel({ addon, reaper, role, openFiles: undefined, patienceMs: 30_000 }), sent };
}

test('a signal to a group is followed by CONT, so that a stopped process hears it', () => {
  const { kernel, sent } = kernelWithKill(0);
  kernel.signalGroup(4_711, 'SIGTERM');
  kernel.signalGroup(4_711, 'SIGRTMIN+1');
  assert.deepEqual(sent, [
    [-4_711, 15],
    [-4_711, 18],
    [-4_711, 35],
    [-4_711, 18],
  ]);
});

test('no CONT follows KILL, CONT itself, or what is meant to stop the process', () => {
  const signals: SignalName[] = ['SIGKILL', 'SIGCONT', 'SIGSTOP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU'];
  for (const signal of signals) {
    const { kernel, sent } = kernelWithKill(0);
    kernel.signalGroup(4_711, signal);
    assert.equal(sent.length, 1, signal);
  }
});

test('a group of another user is alive, and not ours to signal', () => {
  const { kernel } = kernelWithKill(EPERM);
  assert.equal(kernel.groupIsAlive(4_711), true);
  assert.equal(kernel.signalGroup(4_711, 'SIGTERM'), 'not-permitted');
});

test('a group that has gone is told apart, and gets no CONT', () => {
  const { kernel, sent } = kernelWithKill(ESRCH);
  assert.equal(kernel.groupIsAlive(4_711), false);
  assert.equal(kernel.signalGroup(4_711, 'SIGTERM'), 'gone');
  assert.equal(sent.length, 2);
});

test('a number that stands for everybody or for ourselves is never signalled', () => {
  for (const pid of [1, 0, -1, Number.NaN]) {
    const { kernel, sent } = kernelWithKill(0);
    assert.throws(
      () => kernel.signalGroup(pid, 'SIGKILL'),
      (error) => error instanceof TaskmasterError && error.code === 'internal',
    );
    assert.throws(() => kernel.groupIsAlive(pid));
    assert.throws(() => kernel.signalProcess(pid, 'SIGHUP'));
    assert.deepEqual(sent, []);
  }
});

test('any other errno is an error that names it', () => {
  const { kernel } = kernelWithKill(EINVAL);
  assert.throws(
    () => kernel.signalGroup(4_711, 'SIGTERM'),
    (error) => error instanceof SystemError && error.errno === 'EINVAL',
  );
});

test('PID 1 kills everybody by one call, which no fork can outrun', () => {
  const { kernel, sent } = kernelWithKill(0, 'pid1');
  assert.ok(kernel.signalStrays('SIGKILL', true) > 0);
  assert.deepEqual(sent, [[-1, 9]]);
});

test('a stopped process ends at TERM all the same', async (t) => {
  const addon = native();
  const reaper = new Reaper(addon);
  t.after(() => reaper.stop());
  const kernel = new LinuxKernel({
    addon,
    reaper,
    role: 'subreaper',
    openFiles: undefined,
    patienceMs: 30_000,
  });
  let hasExited = false;
  const onExit = (): void => {
    hasExited = true;
  };
  const child = kernel.spawn(spawnRequest({ file: 'sleep', args: ['1000'] }), onExit, noLateAnswer);
  assert.equal(child.kind, 'spawned');
  kernel.signalGroup(child.pid, 'SIGSTOP');
  kernel.signalGroup(child.pid, 'SIGTERM');
  await eventually(() => assert.ok(hasExited));
});

test('the open-file limit from outside reaches the child, whatever Node has made of its own', async (t) => {
  const addon = native();
  const reaper = new Reaper(addon);
  t.after(() => reaper.stop());
  const kernel = new LinuxKernel({
    addon,
    reaper,
    role: 'subreaper',
    openFiles: { soft: 100, hard: 200 },
    patienceMs: 30_000,
  });
  let status: unknown;
  const onExit = (ended: unknown): void => {
    status = ended;
  };
  kernel.spawn(shellRequest('test "$(ulimit -Sn) $(ulimit -Hn)" = "100 200"'), onExit, noLateAnswer);
  await eventually(() => assert.deepEqual(status, { how: 'exited', code: 0 }));
});
