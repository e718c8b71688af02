/** When sockets count as idle. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchIdle } from '../../src/system/idle-watch.ts';
import { SharedTicks } from '../../src/system/shared-ticks.ts';
import type { Usage } from '../../src/system/socket-users.ts';
import type { SocketWatch } from '../../src/system/socket-watch.ts';
import { HandClock } from '../supervisor/rig.ts';

class World {
  readonly clock = new HandClock();
  usage: Usage = 'unused';
  /** Something waits at a socket. */
  isWaiting = false;
  idle = 0;
  looks = 0;
  readonly unknown: string[] = [];
  openWatches = 0;
  readonly #watches = new Set<{ hasCome: boolean }>();
  readonly end = watchIdle({
    clock: this.clock,
    ticks: new SharedTicks(this.clock),
    idleMs: 60_000,
    open: () => this.#open(),
    usage: async () => {
      this.looks += 1;
      return this.usage;
    },
    onIdle: () => {
      this.idle += 1;
    },
    onUnknown: (why) => this.unknown.push(why),
  });

  /** A connection or datagram that its program takes at once. */
  come(): void {
    for (const watch of this.#watches) watch.hasCome = true;
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 1_000) {
      this.clock.advance(1_000);
      await new Promise((done) => setImmediate(done));
    }
  }

  /** As epoll(7): a new one begins with what is there. */
  #open(): SocketWatch {
    const watch = { hasCome: this.isWaiting };
    this.#watches.add(watch);
    this.openWatches += 1;
    const fake: Pick<SocketWatch, 'take' | 'close'> = {
      take: () => {
        const index = watch.hasCome ? 0 : undefined;
        watch.hasCome = false;
        return index;
      },
      close: () => {
        if (this.#watches.delete(watch)) this.openWatches -= 1;
      },
    };
    return fake as SocketWatch;
  }
}

test('sockets that nobody uses are idle after that time, once, and nothing is left open', async () => {
  const world = new World();
  await world.pass(59_000);
  assert.equal(world.idle, 0);
  await world.pass(2_000);
  assert.equal(world.idle, 1);
  assert.equal(world.looks, 10);
  assert.equal(world.openWatches, 0);
  assert.equal(world.clock.pending, 0);
});

test('a connection that was there and is gone counts from when it was last seen', async () => {
  const world = new World();
  world.usage = 'used';
  await world.pass(300_000);
  assert.equal(world.idle, 0);
  world.usage = 'unused';
  await world.pass(59_000);
  assert.equal(world.idle, 0);
  await world.pass(7_000);
  assert.equal(world.idle, 1);
});

test('what comes and is gone again between two looks counts, without a look at who is connected', async () => {
  const world = new World();
  for (let minute = 0; minute < 10; minute += 1) {
    await world.pass(50_000);
    world.come();
  }
  assert.equal(world.idle, 0);
  await world.pass(67_000);
  assert.equal(world.idle, 1);
});

test('what waits and is not taken is no idleness', async () => {
  const world = new World();
  world.isWaiting = true;
  await world.pass(600_000);
  assert.equal(world.idle, 0);
  assert.equal(world.looks, 0);
});

test('what comes while the tables are read counts', async () => {
  const world = new World();
  await world.pass(59_000);
  world.clock.advance(1_000);
  world.come();
  await world.pass(30_000);
  assert.equal(world.idle, 0);
});

test('if nobody can say who is connected, the program is used, and that is said once', async () => {
  const world = new World();
  world.usage = { unknown: 'no /proc' };
  await world.pass(600_000);
  assert.equal(world.idle, 0);
  assert.deepEqual(world.unknown, ['no /proc']);
});

test('one that is ended says nothing more', async () => {
  const world = new World();
  await world.pass(59_000);
  world.end();
  await world.pass(10_000);
  assert.equal(world.idle, 0);
  assert.equal(world.openWatches, 0);
  assert.equal(world.clock.pending, 0);
});

test('all that look as often look at the same time, with one timer, which ends with the last of them', () => {
  const clock = new HandClock();
  const ticks = new SharedTicks(clock);
  const calls: string[] = [];
  const endOne = ticks.every(100, () => calls.push(`one at ${clock.now()}`));
  clock.advance(50);
  const endOther = ticks.every(100, () => calls.push(`other at ${clock.now()}`));
  assert.equal(clock.pending, 1);
  clock.advance(150);
  assert.deepEqual(calls, ['one at 100', 'other at 100', 'one at 200', 'other at 200']);
  endOne();
  endOne();
  clock.advance(100);
  assert.deepEqual(calls.slice(4), ['other at 300']);
  endOther();
  assert.equal(clock.pending, 0);
});
