/** A process that is held up before its program is executed: PID 1, its clients and the others go on. */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { connect } from '../../src/rpc/client/client.ts';
import { EngineRun } from '../support/engine-run.ts';
import { type HangingDisk, hangingDisk } from '../support/hanging-disk.ts';

const GRACE_MS = 5_000;
const NOBODY = '65534';

interface Rig {
  readonly run: EngineRun;
  readonly disk: HangingDisk;
}

/** `held` is started, and waits in its working directory. */
async function heldUp(t: TestContext, more = ''): Promise<Rig> {
  const disk = hangingDisk(t);
  const run = await new EngineRun(
    t,
    `[engine]\ngrace = "${GRACE_MS / 1_000}s"\n[processes.other]\ncmd = "sleep 1000"\n[processes.held]
cmd = "sleep 1000"\nworkingdir = "${disk.folder}"\nautostart = false\n${more}`,
  ).ready();
  disk.hang();
  assert.equal((await run.shell('start', 'held')).code, 0);
  const { reason, pid } = await run.reaches('held', 'starting');
  assert.equal(reason, `trying to change directory to ${disk.folder}`);
  assert.equal(pid, null);
  return { run, disk };
}

test('meanwhile PID 1 answers and starts others; then the start is given up with the step it hangs in', async (t) => {
  const { run, disk } = await heldUp(t);
  const client = await connect({ socket: run.socket, environment: {}, uid: 0 });
  t.after(() => client.close());
  const times: number[] = [];
  for (let turn = 0; turn < 25; turn++) {
    const begun = performance.now();
    await client.call('status', {});
    times.push(performance.now() - begun);
  }
  const median = times.sort((one, other) => one - other)[12] ?? Number.NaN;
  assert.ok(median < 100, `${median} ms`);
  assert.equal((await run.shell('restart', 'other')).code, 0);
  const { reason } = await run.reaches('held', 'failed', 20_000);
  assert.equal(reason, `cannot change directory to ${disk.folder}: no answer from the kernel`);
  const [failed, ...more] = run.events('spawn_failed');
  assert.equal(failed?.step, 'change directory');
  assert.equal(failed?.errno, 'ETIMEDOUT');
  assert.deepEqual(more, []);
  disk.answer();
  assert.equal((await run.shell('start', 'held')).code, 0);
  await run.reaches('held', 'healthy');
});

test('when the disk answers in time it runs, as if nothing had been', async (t) => {
  const { run, disk } = await heldUp(t);
  disk.answer();
  const { pid, incarnation } = await run.reaches('held', 'healthy');
  assert.equal(incarnation, 1);
  assert.ok(pid !== null);
});

test('a stop ends it at once', async (t) => {
  const { run } = await heldUp(t);
  const { code, stderr } = await run.shell('stop', 'held', '--wait', '--timeout', '5s');
  assert.equal(code, 0, stderr);
  assert.equal((await run.see('held')).state, 'stopped');
  assert.equal(run.events('spawn_failed')[0]?.errno, 'ECANCELED');
});

test('a restart begins another attempt', async (t) => {
  const { run } = await heldUp(t);
  assert.equal((await run.shell('restart', 'held')).code, 0);
  assert.equal((await run.reaches('held', 'starting')).incarnation, 2);
});

test('a program that its user stops before it is executed is named as stopped', async (t) => {
  const { run, disk } = await heldUp(t, `user = "${NOBODY}"\n`);
  const asUser = [`--reuid=${NOBODY}`, '--clear-groups', 'sh', '-c', 'kill -STOP -1'];
  await run.inside('setpriv', asUser);
  disk.answer();
  const { reason } = await run.reaches('held', 'failed', 20_000);
  assert.equal(reason, `cannot change directory to ${disk.folder}: a signal has stopped the process`);
});

for (const signal of ['SIGTERM', 'SIGQUIT'] as const) {
  test(`${signal}: the shutdown does not wait for it`, async (t) => {
    const { run } = await heldUp(t);
    const begun = performance.now();
    await run.signal(signal);
    assert.equal(await run.exitCode(), 0);
    assert.ok(performance.now() - begun < GRACE_MS, `${performance.now() - begun} ms`);
    assert.equal(run.events('engine_stopped').length, 1);
  });
}
