import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Reaper } from '../../src/system/reaper.ts';
import { eventually } from '../support/eventually.ts';

/** The kernel's queue of dead children, by hand. */
class DeadChildren {
  readonly queue: { readonly pid: number; readonly status: number }[] = [];
  sweeps = 0;

  reap(leaveAlone: Int32Array, most: number): { collected: Int32Array; stoppedAt: number } {
    this.sweeps += 1;
    const collected: number[] = [];
    for (
      let first = this.queue[0];
      first !== undefined && collected.length < 2 * most;
      first = this.queue[0]
    ) {
      if (leaveAlone.includes(first.pid))
        return { collected: Int32Array.from(collected), stoppedAt: first.pid };
      collected.push(first.pid, first.status);
      this.queue.shift();
    }
    return { collected: Int32Array.from(collected), stoppedAt: 0 };
  }

  die(pid: number, status = 0): void {
    this.queue.push({ pid, status });
  }
}

function signalChildDeath(): void {
  process.emit('SIGCHLD', 'SIGCHLD');
}

function start(t: TestContext): { dead: DeadChildren; reaper: Reaper } {
  const dead = new DeadChildren();
  const reaper = new Reaper(dead);
  t.after(() => reaper.stop());
  return { dead, reaper };
}

test('what died before the reaper began is collected without a signal', async (t) => {
  const { dead, reaper } = start(t);
  const orphans: number[] = [];
  reaper.onOrphan((pid) => orphans.push(pid));
  dead.die(50);
  await nextTurn();
  assert.deepEqual(orphans, [50]);
});

test('one signal may stand for many exits, each of which is told once', async (t) => {
  const { dead, reaper } = start(t);
  const exits: unknown[] = [];
  for (const pid of [7, 8, 9]) reaper.watch(pid, (status) => exits.push([pid, status]));
  for (const pid of [7, 8, 9]) dead.die(pid, pid << 8);
  signalChildDeath();
  signalChildDeath();
  assert.deepEqual(exits, [
    [7, { how: 'exited', code: 7 }],
    [8, { how: 'exited', code: 8 }],
    [9, { how: 'exited', code: 9 }],
  ]);
});

test('a pid that was collected and comes back as an orphan is an orphan', (t) => {
  const { dead, reaper } = start(t);
  const told: string[] = [];
  reaper.watch(7, () => told.push('own'));
  reaper.onOrphan(() => told.push('orphan'));
  dead.die(7);
  dead.die(7);
  signalChildDeath();
  assert.deepEqual(told, ['own', 'orphan']);
});

test('a child lent to Node hides others only until Node has collected it', async (t) => {
  const { dead, reaper } = start(t);
  const orphans: number[] = [];
  reaper.onOrphan((pid) => orphans.push(pid));
  const giveBack = reaper.lend(100);
  await nextTurn();
  dead.die(100);
  dead.die(101);
  signalChildDeath();
  await nextTurn();
  assert.deepEqual(orphans, []);
  // Node takes it, in its own time.
  dead.queue.shift();
  giveBack();
  await eventually(() => assert.deepEqual(orphans, [101]));
});

test('a lent pid that was given back is nothing special any more', (t) => {
  const { dead, reaper } = start(t);
  const orphans: number[] = [];
  reaper.onOrphan((pid) => orphans.push(pid));
  reaper.lend(100)();
  dead.die(100);
  signalChildDeath();
  assert.deepEqual(orphans, [100]);
});

test('a pid that the kernel gave to a child of ours cannot still be lent', (t) => {
  const { dead, reaper } = start(t);
  let hasExited = false;
  reaper.lend(100);
  reaper.watch(100, () => {
    hasExited = true;
  });
  dead.die(100);
  signalChildDeath();
  assert.ok(hasExited);
});

test('a child that is spawned by a callback and dies at once is told of in a later turn', async (t) => {
  const { dead, reaper } = start(t);
  const told: string[] = [];
  // More than one batch: the sweep must go on, but not in this turn.
  for (let pid = 1_000; pid < 1_300; pid += 1) dead.die(pid);
  reaper.watch(1_000, () => {
    dead.die(2_000);
    reaper.watch(2_000, () => told.push('exited'));
    queueMicrotask(() => told.push('turn of the spawn is over'));
  });
  signalChildDeath();
  await eventually(() => assert.equal(told.length, 2));
  assert.deepEqual(told, ['turn of the spawn is over', 'exited']);
});

test('a storm gives the event loop its turn between batches', async (t) => {
  const { dead, reaper } = start(t);
  let collected = 0;
  reaper.onOrphan(() => {
    collected += 1;
  });
  for (let pid = 1_000; pid < 11_000; pid += 1) dead.die(pid);
  signalChildDeath();
  assert.ok(collected > 0 && collected < 1_000, `${collected} in the first turn`);
  await eventually(() => assert.equal(collected, 10_000));
});

test('when nothing is left the reaper sleeps', async (t) => {
  const { dead } = start(t);
  dead.die(5);
  signalChildDeath();
  for (let turn = 0; turn < 5; turn += 1) await nextTurn();
  const { sweeps } = dead;
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  assert.equal(dead.sweeps, sweeps);
});

test('listeners hear of every collected child after its own exit, and not after they left', (t) => {
  const { dead, reaper } = start(t);
  const told: string[] = [];
  reaper.watch(7, () => told.push('exit of 7'));
  const leave = reaper.onCollected((pid) => told.push(`collected ${pid}`));
  dead.die(7);
  dead.die(8);
  signalChildDeath();
  leave();
  dead.die(9);
  signalChildDeath();
  assert.deepEqual(told, ['exit of 7', 'collected 7', 'collected 8']);
});

test('a fault in one callback reaches the process, and the other statuses are delivered all the same', async (t) => {
  const { dead, reaper } = start(t);
  const faults: unknown[] = [];
  const earlier = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (fault) => faults.push(fault));
  t.after(() => {
    process.removeAllListeners('uncaughtException');
    for (const listener of earlier) process.on('uncaughtException', listener);
  });
  const fault = new Error('a bug');
  let hasExited = false;
  reaper.watch(7, () => {
    throw fault;
  });
  reaper.watch(8, () => {
    hasExited = true;
  });
  dead.die(7);
  dead.die(8);
  signalChildDeath();
  assert.ok(hasExited);
  await eventually(() => assert.deepEqual(faults, [fault]));
});
