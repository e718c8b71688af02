import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProcessInput } from '../../src/input/process-input.ts';
import type { InputHolder } from '../../src/supervisor/ports/input.ts';
import { SystemClock } from '../../src/system/clock.ts';
import { eventually } from '../support/eventually.ts';
import {
  collect,
  NEW_PIPE,
  NULL_DEVICE,
  nativeRequest,
  readToEnd,
  spawnChild,
} from '../support/native-child.ts';

const ALICE: InputHolder = { uid: 1, pid: 11 };
const BOB: InputHolder = { uid: 2, pid: 22 };

function rig() {
  const resized: (readonly [number, number, number])[] = [];
  const input = new ProcessInput({
    clock: new SystemClock(),
    resizeTerminal: (fd, { columns, rows }) => void resized.push([fd, columns, rows]),
  });
  const lost: InputHolder[] = [];
  const claim = (who = ALICE, steal = false) =>
    input.claim('web', who, { steal, onLost: (to) => lost.push(to) });
  return { input, resized, lost, claim };
}

/** A program that reads its input; ours to write to is attached as the incarnation's. */
function reader(input: ProcessInput, incarnation: number, command: [string, ...string[]] = ['/bin/cat']) {
  const child = spawnChild(nativeRequest(command, { descriptors: [NEW_PIPE, NEW_PIPE, NULL_DEVICE] }));
  input.attach({ instance: 'web', incarnation }, child.fds[0], 'pipe');
  return { pid: child.pid, printed: readToEnd(child.fds[1]), ended: () => collect(child.pid) };
}

test('what is written arrives in order, and the end of it too', async () => {
  const { input, claim } = rig();
  const { printed, ended } = reader(input, 1);
  const { write } = claim();
  const large = Buffer.alloc(1_000_000, 'x');
  await write(Buffer.from('a'), false);
  const under = write(large, false);
  const after = write(Buffer.from('z'), true).catch((error: unknown) => error);
  await under;
  // More than what may wait was refused, or had room by then: either way nothing is lost silently.
  const refusal = await after;
  if (refusal !== undefined) await write(Buffer.from('z'), true);
  assert.equal((await printed).toString(), `a${large.toString()}z`);
  assert.equal(await ended(), 0);
  await assert.rejects(write(Buffer.from('late'), false), /was closed; a restart reopens it/);
});

test('a process that does not read costs one write and 64 KiB, no more, and the writer is told', async () => {
  const { input, claim } = rig();
  const { pid, ended } = reader(input, 1, ['/bin/sleep', '100']);
  const { write } = claim();
  const first = write(Buffer.alloc(1_000_000), false);
  await assert.rejects(write(Buffer.alloc(1), false), {
    code: 'action-failed',
    message: /it does not read: 1000000 bytes wait already/,
  });
  process.kill(pid, 'SIGKILL');
  input.release({ instance: 'web', incarnation: 1 });
  await assert.rejects(first, { code: 'not-running' });
  await ended();
});

test('input goes to the incarnation that runs; what waited for the one before is dropped', async () => {
  const { input, claim } = rig();
  const { write } = claim();
  await assert.rejects(write(Buffer.from('early'), false), { code: 'not-running' });
  const old = reader(input, 1, ['/bin/sleep', '100']);
  const dropped = assert.rejects(write(Buffer.alloc(200_000, 'o'), false), { code: 'not-running' });
  input.release({ instance: 'web', incarnation: 1 });
  process.kill(old.pid, 'SIGKILL');
  await old.ended();
  const next = reader(input, 2);
  await dropped;
  // The exit of the one before may be told late: it is not this one's.
  input.release({ instance: 'web', incarnation: 1 });
  await write(Buffer.from('new'), true);
  assert.equal((await next.printed).toString(), 'new');
  await next.ended();
});

test('a process that has closed its input is told of, and others go on', async () => {
  const { input, claim } = rig();
  const { pid, printed, ended } = reader(input, 1, ['/bin/sh', '-c', 'exec <&-; echo closed; sleep 100']);
  const { write } = claim();
  await eventually(async () => {
    await assert.rejects(write(Buffer.from('x'), false), {
      code: 'action-failed',
      message: /closed its standard input/,
    });
  });
  process.kill(-pid, 'SIGKILL');
  await printed;
  await ended();
});

test('one writes at a time: a second is refused with who does, or takes over where it says so', async () => {
  const { input, claim, lost, resized } = rig();
  const { printed, ended } = reader(input, 1);
  const alice = claim(ALICE);
  assert.throws(() => claim(BOB), {
    code: 'action-failed',
    message: /uid 1 \(pid 11\) writes to it already; .*--steal/,
    details: { uid: 1, pid: 11 },
  });
  const bob = claim(BOB, true);
  assert.deepEqual(lost, [BOB]);
  await assert.rejects(alice.write(Buffer.from('a'), false), /uid 2 \(pid 22\) has taken over/);
  alice.resize({ columns: 1, rows: 1 });
  assert.deepEqual(input.terminalSize('web'), { columns: 80, rows: 24 });
  // What no longer holds it gives nothing up.
  alice.release();
  assert.throws(() => claim(ALICE), /uid 2/);
  await bob.write(Buffer.from('b'), true);
  bob.release();
  claim(ALICE);
  assert.equal((await printed).toString(), 'b');
  assert.deepEqual(resized, []);
  await ended();
});

test('another engine writes on by the descriptor that the one before held', async () => {
  const { input, claim } = rig();
  const { printed, ended } = reader(input, 1);
  await claim().write(Buffer.from('a'), false);
  const held = input.held('web');
  assert.deepEqual(held?.size, { columns: 80, rows: 24 });
  const next = rig();
  assert.ok(held !== undefined);
  next.input.adopt({ instance: 'web', incarnation: 1 }, { ...held, size: { columns: 100, rows: 30 } });
  assert.deepEqual(next.input.terminalSize('web'), { columns: 100, rows: 30 });
  await next.claim().write(Buffer.from('b'), true);
  assert.equal((await printed).toString(), 'ab');
  assert.equal(next.input.held('web'), undefined, 'its input is closed');
  await ended();
});

test('the size of a terminal is kept for the incarnations to come, until the instance is forgotten', () => {
  const { input, claim } = rig();
  assert.deepEqual(input.terminalSize('web'), { columns: 80, rows: 24 });
  claim().resize({ columns: 100, rows: 30 });
  assert.deepEqual(input.terminalSize('web'), { columns: 100, rows: 30 });
  input.forget('web');
  assert.deepEqual(input.terminalSize('web'), { columns: 80, rows: 24 });
});
