/** Disks that stop to answer: what does not need them goes on, and the engine ends in time with its exit code. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { EngineRun } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';
import { type HangingDisk, hangingDisk } from '../support/hanging-disk.ts';

const GRACE_MS = 4_000;
const TICKING = 'sh -c "trap exit TERM; while :; do echo tick; sleep 0.05; done"';

function config(disk: HangingDisk): string {
  const stuck = ['one', 'two', 'three']
    .map((name) => `[processes.${name}]\ncmd = '${TICKING}'\nstdout = "${disk.folder}/${name}.log"\n`)
    .join('');
  return `[engine]\ngrace = "${GRACE_MS / 1_000}s"\n[engine.journal]\ndirectory = "{folder}/journal"\noutput = true
${stuck}[processes.healthy]\ncmd = '${TICKING}'\nstdout = "{folder}/healthy.log"\n`;
}

async function started(t: TestContext): Promise<{ readonly run: EngineRun; readonly disk: HangingDisk }> {
  const disk = hangingDisk(t);
  const run = await new EngineRun(t, config(disk)).ready();
  for (const name of ['one', 'two', 'three'])
    await eventually(() => assert.match(readFileSync(join(disk.folder, `${name}.log`), 'utf8'), /tick/));
  disk.hang();
  // Each of them has begun to write, and waits.
  await new Promise((resolve) => setTimeout(resolve, 400));
  return { run, disk };
}

async function grows(size: () => number): Promise<void> {
  const before = size();
  await eventually(() => assert.ok(size() > before, `${size()} bytes`));
}

test('three log files that hang hold up no other file, no journal, no log and no client', async (t) => {
  const { run } = await started(t);
  await grows(() => readFileSync(join(run.folder, 'healthy.log')).length);
  await grows(() =>
    readdirSync(join(run.folder, 'journal')).reduce(
      (sum, name) => sum + readFileSync(join(run.folder, 'journal', name)).length,
      0,
    ),
  );
  const begun = performance.now();
  assert.equal((await run.shell('restart', 'healthy')).code, 0);
  await eventually(() => assert.ok(run.events('process_spawned').length > 4));
  assert.ok(performance.now() - begun < 3_000);
});

test('the restart of a process whose log file hangs keeps nobody waiting for long', async (t) => {
  const { run, disk } = await started(t);
  void run.shell('restart', 'one', 'two', 'three', '--no-wait');
  for (let turn = 0; turn < 10; turn++) {
    const begun = performance.now();
    await run.shell('status');
    assert.ok(performance.now() - begun < 2_500, `${performance.now() - begun} ms`);
  }
  disk.answer();
  for (const name of ['one', 'two', 'three']) await run.reaches(name, 'healthy');
});

for (const [signal, code] of [
  ['SIGTERM', 0],
  ['SIGQUIT', 0],
] as const) {
  test(`${signal} ends the engine within the grace period though its log files hang`, async (t) => {
    const { run } = await started(t);
    const begun = performance.now();
    await run.signal(signal);
    assert.equal(await run.exitCode(), code);
    assert.ok(performance.now() - begun < GRACE_MS, `${performance.now() - begun} ms`);
    assert.equal(run.events('engine_stopped').length, 1);
  });
}

test('a journal that hangs holds up no end', async (t) => {
  const disk = hangingDisk(t);
  const run = await new EngineRun(
    t,
    `[engine]\ngrace = "4s"\n[engine.journal]\ndirectory = "${disk.folder}"\n[processes.a]\ncmd = "sleep 1000"\n`,
  ).ready();
  await eventually(() => assert.ok(readdirSync(disk.folder).length > 1));
  disk.hang();
  assert.equal((await run.shell('restart', 'a')).code, 0);
  const begun = performance.now();
  await run.signal('SIGTERM');
  assert.equal(await run.exitCode(), 0);
  assert.ok(performance.now() - begun < 4_000);
});
