/** What the supervisor may rely on, run against the real kernel and against the one that other tests drive by hand. */

import assert from 'node:assert/strict';
import { closeSync } from 'node:fs';
import { describe, type TestContext, test } from 'node:test';
import type { ExitStatus } from '../../src/lifecycle/exit-outcome.ts';
import type { Kernel, PendingSpawn, SpawnAnswer, SpawnRequest } from '../../src/supervisor/ports/kernel.ts';
import { takeInitRole } from '../../src/system/init-role.ts';
import { LinuxKernel } from '../../src/system/kernel.ts';
import { native } from '../../src/system/native.ts';
import { Reaper } from '../../src/system/reaper.ts';
import { eventually } from '../support/eventually.ts';
import { HandKernel } from '../support/hand-kernel.ts';
import { noLateAnswer, type Particulars, shellRequest, spawnRequest } from '../support/spawn-request.ts';

type OnExit = (status: ExitStatus) => void;
type Spawned = Extract<SpawnAnswer, { kind: 'spawned' }>;

/** Children of a certain behaviour, however each kernel comes by them. */
interface Driver {
  readonly kernel: Kernel;
  exitsAtOnce(code: number, onExit: OnExit): Spawned;
  sleeps(onExit: OnExit, particulars?: Particulars): Spawned;
  /** Resolves once the program has come so far as to ignore it. */
  ignoresTerm(onExit: OnExit): Promise<Spawned>;
  /** Exits, and leaves a process in its group. */
  leavesMember(onExit: OnExit): Spawned;
  missingProgram(onExit: OnExit): SpawnAnswer | PendingSpawn;
  closePipe(fd: number): void;
  /** Until the kernel has told what there is to tell. */
  settled(check: () => void): Promise<void>;
  /** The kernel of another engine that goes on in this process; the one before hears nothing any more. */
  successor(): Kernel;
}

function spawned(result: SpawnAnswer | PendingSpawn): Spawned {
  assert.equal(result.kind, 'spawned', JSON.stringify(result));
  return result as Spawned;
}

function realDriver(t: TestContext): Driver {
  const addon = native();
  let reaper = new Reaper(addon);
  // So that what a group leaves behind is collected here, and soon.
  const role = takeInitRole(addon);
  const kernelOf = (own: Reaper): LinuxKernel =>
    new LinuxKernel({ addon, reaper: own, role, openFiles: undefined, patienceMs: 30_000 });
  const kernel = kernelOf(reaper);
  const groups: number[] = [];
  const start = (request: SpawnRequest, onExit: OnExit): Spawned => {
    const child = spawned(kernel.spawn(request, onExit, noLateAnswer));
    groups.push(child.pid);
    return child;
  };
  t.after(async () => {
    for (const group of groups) kernel.signalGroup(group, 'SIGKILL');
    await eventually(() => groups.every((group) => !kernel.groupIsAlive(group)));
    reaper.stop();
  });
  return {
    kernel,
    exitsAtOnce: (code, onExit) => start(shellRequest(`exit ${code}`), onExit),
    sleeps: (onExit, particulars) =>
      start(spawnRequest({ file: 'sleep', args: ['1000'], ...particulars }), onExit),
    ignoresTerm: async (onExit) => {
      const line = 'trap "" TERM; echo ready; while :; do sleep 1000; done';
      const child = start(shellRequest(line, { stdout: { kind: 'pipe' } }), onExit);
      await readLine(child);
      return child;
    },
    leavesMember: (onExit) => start(shellRequest('sleep 1000 & exit 0'), onExit),
    missingProgram: (onExit) =>
      kernel.spawn(spawnRequest({ file: '/nowhere/program' }), onExit, noLateAnswer),
    closePipe: (fd) => closeSync(fd),
    settled: (check) => eventually(check),
    successor: () => {
      reaper.stop();
      reaper = new Reaper(addon);
      return kernelOf(reaper);
    },
  };
}

async function readLine(child: Spawned): Promise<void> {
  const { readSync } = await import('node:fs');
  const bytes = Buffer.alloc(64);
  // The descriptor is non-blocking: EAGAIN until there is something.
  await eventually(() => readSync(child.stdoutFd ?? -1, bytes) > 0);
  closeSync(child.stdoutFd ?? -1);
}

function handDriver(): Driver {
  const kernel = new HandKernel();
  kernel.obeysSignals = true;
  const start = (onExit: OnExit, particulars: Particulars = {}): Spawned =>
    spawned(kernel.spawn(spawnRequest({ file: 'program', ...particulars }), onExit, noLateAnswer));
  const later: (() => void)[] = [];
  const exits = (child: Spawned, code: number): Spawned => {
    later.push(() => kernel.exit(child.pid, { how: 'exited', code }));
    return child;
  };
  return {
    kernel,
    exitsAtOnce: (code, onExit) => exits(start(onExit), code),
    sleeps: start,
    ignoresTerm: async (onExit) => {
      const child = start(onExit);
      kernel.ignore(child.pid, 'SIGTERM');
      return child;
    },
    leavesMember: (onExit) => {
      const child = start(onExit);
      kernel.addMember(child.family);
      return exits(child, 0);
    },
    missingProgram: (onExit) => {
      kernel.failNextSpawn('ENOENT', { message: 'cannot execute it: No such file or directory' });
      return kernel.spawn(spawnRequest({ file: '/nowhere/program' }), onExit, noLateAnswer);
    },
    closePipe: () => {},
    settled: async (check) => {
      for (const act of later.splice(0)) act();
      kernel.deliver();
      check();
    },
    successor: () => {
      kernel.handOver();
      return kernel;
    },
  };
}

for (const [name, createDriver] of [
  ['the real kernel', realDriver],
  ['the kernel of the tests', handDriver],
] as const) {
  describe(name, () => {
    test('an exit is told once, in a later turn than the spawn, with its code', async (t) => {
      const { exitsAtOnce, settled } = createDriver(t);
      const exits: ExitStatus[] = [];
      exitsAtOnce(3, (status) => exits.push(status));
      await Promise.resolve();
      assert.deepEqual(exits, []);
      await settled(() => assert.deepEqual(exits, [{ how: 'exited', code: 3 }]));
    });

    test('a program that cannot be started is a failure that names step and errno, and no exit', async (t) => {
      const { kernel, missingProgram, settled } = createDriver(t);
      const result = missingProgram(() => assert.fail('it never lived'));
      assert.equal(result.kind, 'failed');
      assert.equal(result.failure.step, 'execute');
      assert.equal(result.failure.errno, 'ENOENT');
      assert.match(result.failure.message, /^cannot execute .*: No such file or directory$/);
      await settled(() => assert.equal(kernel.hasChildren(), false));
    });

    test('pipes that were asked for come back, and only those', (t) => {
      const { sleeps, closePipe } = createDriver(t);
      const child = sleeps(() => {}, { stdout: { kind: 'pipe' }, stdin: { kind: 'pipe' } });
      assert.equal(typeof child.stdinFd, 'number');
      assert.equal(typeof child.stdoutFd, 'number');
      assert.notEqual(child.stdinFd, child.stdoutFd);
      assert.equal(child.stderrFd, undefined);
      closePipe(child.stdinFd ?? -1);
      closePipe(child.stdoutFd ?? -1);
    });

    test('a terminal comes back as one descriptor to write to and one to read from', (t) => {
      const { sleeps, closePipe } = createDriver(t);
      const terminal = { kind: 'terminal', size: { columns: 80, rows: 24 } } as const;
      const child = sleeps(() => {}, { stdin: terminal, stdout: terminal, stderr: terminal });
      assert.equal(typeof child.stdinFd, 'number');
      assert.equal(typeof child.stdoutFd, 'number');
      assert.notEqual(child.stdinFd, child.stdoutFd);
      assert.equal(child.stderrFd, undefined);
      closePipe(child.stdinFd ?? -1);
      closePipe(child.stdoutFd ?? -1);
    });

    test('a signal to the group ends the child, and its exit names the signal', async (t) => {
      const { kernel, sleeps, settled } = createDriver(t);
      const exits: ExitStatus[] = [];
      const { pid } = sleeps((status) => exits.push(status));
      assert.equal(kernel.groupIsAlive(pid), true);
      assert.equal(kernel.signalGroup(pid, 'SIGTERM'), 'delivered');
      await settled(() => assert.deepEqual(exits, [{ how: 'signalled', signal: 'SIGTERM', core: false }]));
      assert.equal(kernel.groupIsAlive(pid), false);
      assert.equal(kernel.signalGroup(pid, 'SIGTERM'), 'gone');
    });

    test('the exit is never told within the call that sends the signal', (t) => {
      const { kernel, sleeps } = createDriver(t);
      let hasExited = false;
      const { pid } = sleeps(() => {
        hasExited = true;
      });
      kernel.signalGroup(pid, 'SIGKILL');
      assert.equal(hasExited, false);
      assert.equal(kernel.groupIsAlive(pid), true, 'a zombie is still there');
    });

    test('what ignores TERM dies of KILL', async (t) => {
      const { kernel, ignoresTerm, settled } = createDriver(t);
      const exits: ExitStatus[] = [];
      const { pid } = await ignoresTerm((status) => exits.push(status));
      assert.equal(kernel.signalGroup(pid, 'SIGTERM'), 'delivered');
      assert.equal(kernel.signalGroup(pid, 'SIGKILL'), 'delivered');
      await settled(() => assert.deepEqual(exits, [{ how: 'signalled', signal: 'SIGKILL', core: false }]));
    });

    test('a group lives on in a member after its leader was collected', async (t) => {
      const { kernel, leavesMember, settled } = createDriver(t);
      const exits: ExitStatus[] = [];
      const { pid } = leavesMember((status) => exits.push(status));
      await settled(() => assert.equal(exits.length, 1));
      assert.equal(kernel.groupIsAlive(pid), true);
      assert.equal(kernel.signalGroup(pid, 'SIGKILL'), 'delivered');
    });

    test('listeners hear of each collected child after its exit, until they leave', async (t) => {
      const { kernel, exitsAtOnce, settled } = createDriver(t);
      const told: string[] = [];
      const leave = kernel.onChildCollected((pid) => told.push(`collected ${pid}`));
      const { pid } = exitsAtOnce(0, () => told.push('exit'));
      await settled(() => assert.deepEqual(told, ['exit', `collected ${pid}`]));
      leave();
      leave();
      let isOver = false;
      exitsAtOnce(0, () => {
        isOver = true;
      });
      await settled(() => assert.ok(isOver));
      assert.equal(told.length, 2);
    });

    test('strays are what was released, each gets one TERM, and nothing is left once they were collected', async (t) => {
      const { kernel, sleeps, ignoresTerm, settled } = createDriver(t);
      let exits = 0;
      const children = [sleeps(() => (exits += 1)), await ignoresTerm(() => (exits += 1))];
      assert.equal(kernel.signalStrays('SIGTERM'), 0, 'what runs is no stray');
      for (const { family } of children) kernel.release(family);
      assert.ok(kernel.signalStrays('SIGTERM') >= 2);
      await settled(() => assert.equal(exits, 1));
      assert.ok(kernel.signalStrays('SIGTERM') >= 1);
      assert.ok(kernel.signalStrays('SIGKILL') >= 1);
      await settled(() => assert.equal(exits, 2));
      await settled(() => {
        kernel.signalStrays('SIGKILL');
        assert.equal(kernel.hasChildren(), false);
      });
      assert.equal(kernel.signalStrays('SIGKILL'), 0);
    });

    test('what a dead leader leaves is known and can be ended', async (t) => {
      const { kernel, leavesMember, settled } = createDriver(t);
      const exits: ExitStatus[] = [];
      const { family } = leavesMember((status) => exits.push(status));
      await settled(() => assert.equal(exits.length, 1));
      assert.deepEqual(
        kernel.leftovers(family).map(({ isDaemon }) => isDaemon),
        [false],
      );
      assert.equal(kernel.leftRunning(family).length, 1);
      assert.equal(kernel.signalFamily(family, 'SIGTERM', 'others'), 'delivered');
      await settled(() => assert.deepEqual(kernel.leftovers(family), []));
      assert.equal(kernel.signalFamily(family, 'SIGTERM', 'others'), 'gone');
    });

    test('what a dead leader leaves can lead the family, and its exit is reported once more', async (t) => {
      const { kernel, leavesMember, settled } = createDriver(t);
      const exits: ExitStatus[] = [];
      const { family } = leavesMember((status) => exits.push(status));
      await settled(() => assert.equal(exits.length, 1));
      const [member = 0, ...others] = kernel.orphansOf(family);
      assert.deepEqual(others, []);
      assert.match(kernel.relationOf(family, member).relation, /^(orphan|member)$/);
      assert.equal(kernel.moveLeader(family, member), true);
      assert.equal(kernel.relationOf(family, member).relation, 'leader');
      assert.deepEqual(kernel.leftovers(family), [], 'the leader is none of the others');
      assert.equal(kernel.signalProcess(member, 'SIGKILL'), 'delivered');
      await settled(() => assert.deepEqual(exits[1], { how: 'signalled', signal: 'SIGKILL', core: false }));
      assert.equal(kernel.relationOf(family, member).relation, 'gone');
      assert.equal(kernel.moveLeader(family, member), false);
    });

    test('another engine in the same process adopts what runs, by its pid and start time', async (t) => {
      const { kernel, sleeps, successor, settled } = createDriver(t);
      const { pid, family } = sleeps(() => assert.fail('the engine before is gone'));
      const startTime = kernel.startTimeOf(family);
      assert.ok(startTime > 0);
      const next = successor();
      const known = { family, pid, isLeaderAlive: true, sparesDaemons: false };
      const exits: ExitStatus[] = [];
      const onExit = (status: ExitStatus): void => void exits.push(status);
      assert.equal(
        next.adopt({ ...known, startTime: startTime - 1 }, onExit),
        false,
        'another has its number',
      );
      assert.equal(next.adopt({ ...known, startTime }, onExit), true);
      assert.equal(next.startTimeOf(family), startTime);
      assert.equal(next.relationOf(family, pid).relation, 'leader');
      assert.equal(next.signalStrays('SIGTERM'), 0, 'it is no stray');
      assert.equal(next.signalFamily(family, 'SIGTERM', 'all'), 'delivered');
      await settled(() => assert.deepEqual(exits, [{ how: 'signalled', signal: 'SIGTERM', core: false }]));
    });

    test('what has died before it is adopted is reported as if it died then', async (t) => {
      const { kernel, sleeps, successor, settled } = createDriver(t);
      const { pid, family } = sleeps(() => assert.fail('the engine before is gone'));
      const startTime = kernel.startTimeOf(family);
      kernel.signalProcess(pid, 'SIGKILL');
      const next = successor();
      const exits: ExitStatus[] = [];
      const known = { family, pid, startTime, isLeaderAlive: true, sparesDaemons: false };
      assert.equal(
        next.adopt(known, (status) => exits.push(status)),
        true,
      );
      await settled(() => assert.deepEqual(exits, [{ how: 'signalled', signal: 'SIGKILL', core: false }]));
    });

    test('what a dead leader left is adopted with its family', async (t) => {
      const { kernel, leavesMember, successor, settled } = createDriver(t);
      const exits: ExitStatus[] = [];
      const { pid, family } = leavesMember((status) => exits.push(status));
      const startTime = kernel.startTimeOf(family);
      await settled(() => assert.equal(exits.length, 1));
      const next = successor();
      const known = { family, pid, startTime, isLeaderAlive: false, sparesDaemons: false };
      assert.equal(
        next.adopt(known, () => assert.fail('its end was reported before')),
        true,
      );
      assert.equal(next.leftovers(family).length, 1);
      assert.equal(next.signalFamily(family, 'SIGKILL', 'others'), 'delivered');
      await settled(() => assert.deepEqual(next.leftovers(family), []));
    });
  });
}
