/** Collecting the dead, signalling the living, and adopting orphans. */

import assert from 'node:assert/strict';
import { closeSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { native } from '../../src/system/native.ts';
import { eventually } from '../support/eventually.ts';
import {
  collect,
  NEW_PIPE,
  NULL_DEVICE,
  nativeRequest,
  readToEnd,
  runChild,
  spawnChild,
} from '../support/native-child.ts';

const ESRCH = 3;
const EINVAL = 22;
const SIGKILL = 9;
const SIGSEGV = 11;
const SIGSTOP = 19;
const SIGRTMIN_3 = 37;
const CORE_DUMPED = 0x80;
const NOBODY_LENT = new Int32Array();
const SILENT = { descriptors: [NULL_DEVICE, NULL_DEVICE, NULL_DEVICE] } as const;

/** A dead child that nobody has collected yet. */
async function zombie(code = 0): Promise<number> {
  const { pid } = spawnChild(nativeRequest(['/bin/sh', '-c', `exit ${code}`], SILENT));
  await eventually(() => / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')));
  return pid;
}

test('statuses come as wait(2) gives them: code, signal, real-time signal', async () => {
  assert.equal((await runChild(['/bin/sh', '-c', 'exit 77'])).status, 77 << 8);
  assert.equal((await runChild(['/bin/sh', '-c', 'kill -KILL $$'])).status, SIGKILL);
  assert.equal((await runChild(['/bin/sh', '-c', `kill -${SIGRTMIN_3} $$`])).status, SIGRTMIN_3);
  const { status } = await runChild(['/bin/sh', '-c', 'ulimit -c 0; kill -SEGV $$']);
  assert.equal(status & ~CORE_DUMPED, SIGSEGV);
});

test('a lent child stops the reaper, keeps its status, and frees the way once it is no longer lent', async () => {
  const lent = await zombie(5);
  const other = await zombie(6);
  const first = native().reap(Int32Array.of(lent), 10);
  assert.equal(first.stoppedAt, lent);
  const rest = native().reap(NOBODY_LENT, 10);
  assert.equal(rest.stoppedAt, 0);
  const pairs = [...first.collected, ...rest.collected];
  assert.equal(pairs[pairs.indexOf(lent) + 1], 5 << 8);
  assert.equal(pairs[pairs.indexOf(other) + 1], 6 << 8);
  assert.equal(pairs.length, 4);
});

test('a batch takes at most as many as asked for, and the next one goes on', async () => {
  const pids = await Promise.all([zombie(), zombie(), zombie()]);
  const taken = [2, 2, 2].map((most) => native().reap(NOBODY_LENT, most).collected);
  assert.deepEqual(
    taken.map(({ length }) => length / 2),
    [2, 1, 0],
  );
  const collected = taken.flatMap((pairs) => [...pairs].filter((_, index) => index % 2 === 0));
  assert.deepEqual(collected.sort(), pids.sort());
});

test('a living child and a stopped one are children, but not to collect', async () => {
  const { pid } = spawnChild(nativeRequest(['/bin/sleep', '1000'], SILENT));
  native().kill(pid, SIGSTOP);
  assert.deepEqual([...native().reap(NOBODY_LENT, 10).collected], []);
  assert.equal(native().hasChildren(), true);
  assert.equal(native().kill(pid, SIGKILL), 0);
  assert.equal(await collect(pid), SIGKILL);
  assert.equal(native().hasChildren(), false);
});

test('kill reaches the whole group of a child, grandchildren included, and says when nobody is left', async () => {
  const { pid } = spawnChild(nativeRequest(['/bin/sh', '-c', 'sleep 1000 & sleep 1000 & wait'], SILENT));
  assert.equal(native().kill(-pid, 0), 0);
  assert.equal(native().kill(-pid, SIGKILL), 0);
  assert.equal(await collect(pid), SIGKILL);
  await eventually(() => native().kill(-pid, 0) === ESRCH);
});

test('kill tells the errno of the kernel', () => {
  assert.equal(native().kill(process.pid, 99), EINVAL);
  assert.equal(native().kill(2 ** 22 + 1, 0), ESRCH, 'beyond the largest pid there is');
});

test('a subreaper inherits the orphans of its children and collects them', async () => {
  assert.equal(native().becomeSubreaper(), 0);
  // The orphan lives until we close its standard input, so that it cannot be collected along with its parent.
  const script = 'exec 3<&0; (read line <&3; exit 3) >/dev/null & echo $!';
  const parent = spawnChild(
    nativeRequest(['/bin/sh', '-c', script], { descriptors: [NEW_PIPE, NEW_PIPE, 2] }),
  );
  const orphan = Number(await readToEnd(parent.fds[1]));
  assert.equal(await collect(parent.pid), 0);
  assert.equal(native().hasChildren(), true);
  closeSync(parent.fds[0]);
  assert.equal(await collect(orphan), 3 << 8);
  assert.equal(native().hasChildren(), false);
});
