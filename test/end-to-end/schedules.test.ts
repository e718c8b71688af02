/** The real engine with schedules, by the real clock. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineRun } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';
import { wakeUpsWithin } from '../support/wake-ups.ts';

interface Run {
  readonly failed: boolean;
  readonly outcome: string;
}

interface Schedule {
  readonly next_run_at: number | null;
  readonly next_run_in_ms: number | null;
  readonly last_run: Run | null;
}

async function scheduleOf(engine: EngineRun, name: string): Promise<Schedule> {
  return ((await engine.see(name)) as unknown as { readonly schedule: Schedule }).schedule;
}

async function stops(engine: EngineRun): Promise<void> {
  await engine.signal('SIGTERM');
  assert.equal(await engine.exitCode(), 0, engine.log);
}

test('jobs run when they are due, and status and why show the runs and the next time', async (t) => {
  const engine = await new EngineRun(
    t,
    `[processes.poll]
cmd = "sh -c 'echo polled >> {folder}/polls'"
every = "1s"
[processes.cron]
cmd = "sh -c 'echo ran >> {folder}/runs; exit 3'"
schedule = "* * * * * *"
timezone = "Asia/Kathmandu"
[processes.night]
cmd = "sh -c 'echo night >> {folder}/nights'"
schedule = "30 2 * * *"
[processes.slow]
cmd = "sleep 100"
every = "1s"
`,
  ).ready();
  await eventually(() => assert.ok(engine.read('polls').split('\n').length > 2, engine.log), {
    withinMs: 10_000,
  });
  await eventually(() => assert.ok(engine.read('runs').split('\n').length > 2, engine.log), {
    withinMs: 10_000,
  });
  const { last_run: last, next_run_in_ms: inMs } = await scheduleOf(engine, 'cron');
  assert.deepEqual([last?.failed, last?.outcome], [true, 'exited with code 3']);
  assert.ok((inMs ?? 2_000) <= 1_000, `${inMs}`);
  const night = new Date((await scheduleOf(engine, 'night')).next_run_at ?? 0);
  assert.deepEqual([night.getHours(), night.getMinutes(), night.getSeconds()], [2, 30, 0]);
  const table = (await engine.shell('status')).stdout;
  assert.match(table, /^cron +(scheduled|running) .*last run \S+Z failed: exited with code 3 after/m);
  assert.match(table, /^night +scheduled .*next run in \d+[hm]/m);
  assert.match(
    (await engine.shell('why', 'cron')).stdout,
    / {2}runs:\n( {4}\S+ {2}failed after \S+: exited with code 3\n)+/,
  );
  await eventually(() => assert.ok(engine.events('run_skipped').length > 0, engine.log), {
    withinMs: 10_000,
  });
  assert.equal((await engine.shell('health')).code, 0);
  await stops(engine);
});

test('run starts a job now, waits for its end, and says whether it failed; a stop disables the schedule', async (t) => {
  const engine = await new EngineRun(
    t,
    `[processes.good]
cmd = "sh -c 'echo ran >> {folder}/good'"
schedule = "30 2 1 1 *"
[processes.bad]
cmd = "sh -c 'exit 7'"
every = "1d"
[processes.web]
cmd = "sleep 1000"
`,
  ).ready();
  await engine.reaches('bad', 'scheduled');
  const good = await engine.shell('run', 'good', '--wait');
  assert.deepEqual([good.code, good.stdout], [0, 'good has run: exited with code 0\n']);
  const bad = await engine.shell('run', 'bad', '--wait');
  assert.deepEqual([bad.code, bad.stderr.trim()], [1, 'the run of bad failed: exited with code 7']);
  const web = await engine.shell('run', 'web');
  assert.equal(web.code, 1);
  assert.match(web.stderr, /cannot run web: no schedule is configured; use start/);
  assert.equal((await engine.shell('stop', 'good', '--wait')).code, 0);
  assert.equal((await scheduleOf(engine, 'good')).next_run_at, null);
  assert.equal((await engine.shell('run', 'good', '--wait')).code, 0);
  await engine.reaches('good', 'stopped');
  assert.equal(engine.read('good'), 'ran\nran\n');
  assert.equal((await engine.shell('start', 'good', '--wait')).code, 0);
  await engine.reaches('good', 'scheduled');
  await stops(engine);
});

const QUIET_MS = 3_000;

test('an engine with 100 schedules that wait sleeps', async (t) => {
  const processes = Array.from({ length: 100 }, (_, index) => {
    const times = index % 2 === 0 ? `schedule = "${index % 60} 3 1 1 *"` : 'every = "30d"';
    return `[processes.p${index}]\ncmd = "true"\n${times}\n`;
  });
  const engine = await new EngineRun(t, processes.join('')).ready();
  await engine.reaches('p99', 'scheduled');
  const pid = await engine.enginePid();
  // What follows the last command takes a moment.
  await eventually(
    async () => assert.equal(await wakeUpsWithin(pid, QUIET_MS), 0, `wake-ups in ${QUIET_MS} ms`),
    { withinMs: 30_000 },
  );
  await stops(engine);
});
