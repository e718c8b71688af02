/** What the kernel port makes of a child that is held up before its program is executed. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import type { ExitStatus } from '../../src/lifecycle/exit-outcome.ts';
import type { Kernel, PendingSpawn, SpawnAnswer } from '../../src/supervisor/ports/kernel.ts';
import { takeInitRole } from '../../src/system/init-role.ts';
import { LinuxKernel } from '../../src/system/kernel.ts';
import { native } from '../../src/system/native.ts';
import { Reaper } from '../../src/system/reaper.ts';
import { childrenOf } from '../support/children-of.ts';
import { eventually } from '../support/eventually.ts';
import { type HangingDisk, hangingDisk } from '../support/hanging-disk.ts';
import { shellRequest } from '../support/spawn-request.ts';

interface Rig {
  readonly kernel: Kernel;
  readonly disk: HangingDisk;
  readonly pending: PendingSpawn;
  readonly answers: SpawnAnswer[];
  readonly exits: ExitStatus[];
}

/** Resolves once the child waits for the disk: how long it takes to come that far depends on the machine. */
async function heldUp(t: TestContext): Promise<Rig> {
  const disk = hangingDisk(t);
  disk.hang();
  const addon = native();
  const reaper = new Reaper(addon);
  t.after(() => reaper.stop());
  const kernel = new LinuxKernel({
    addon,
    reaper,
    role: takeInitRole(addon),
    openFiles: undefined,
    patienceMs: 50,
  });
  const answers: SpawnAnswer[] = [];
  const exits: ExitStatus[] = [];
  const pending = kernel.spawn(
    shellRequest('exit 7', { workingDirectory: disk.folder }),
    (status) => exits.push(status),
    (answer) => answers.push(answer),
  );
  assert.equal(pending.kind, 'pending');
  await eventually(() => childrenOf(process.pid).some(waitsForDisk));
  return { kernel, disk, pending, answers, exits };
}

/** In the kernel's code for FUSE, by proc_pid_wchan(5). */
function waitsForDisk(pid: number): boolean {
  return /^request_wait|^fuse/.test(readFileSync(`/proc/${pid}/wchan`, 'utf8'));
}

test('its answer comes later, and after that its exit', async (t) => {
  const { disk, pending, answers, exits } = await heldUp(t);
  disk.answer();
  await eventually(() => assert.deepEqual(exits, [{ how: 'exited', code: 7 }]));
  assert.deepEqual(
    answers.map(({ kind }) => kind),
    ['spawned'],
  );
  pending.abandon('cancelled');
  assert.equal(answers.length, 1, 'it is too late for that');
});

for (const [why, errno, words] of [
  ['timed-out', 'ETIMEDOUT', 'no answer from the kernel'],
  ['cancelled', 'ECANCELED', 'it was stopped before it had an answer from the kernel'],
] as const) {
  test(`given up (${why}), it fails at once by the step that it hung in, and has no exit`, async (t) => {
    const { disk, pending, answers, exits } = await heldUp(t);
    pending.abandon(why);
    const message = `cannot change directory to ${disk.folder}: ${words}`;
    assert.deepEqual(answers, [{ kind: 'failed', failure: { step: 'change directory', errno, message } }]);
    pending.abandon(why);
    disk.answer();
    await new Promise((later) => setTimeout(later, 200));
    assert.equal(answers.length, 1);
    assert.deepEqual(exits, []);
  });
}
