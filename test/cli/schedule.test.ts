/** Schedules as taskshell and taskboard tell them. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sentence, table } from '../../src/cli/render.ts';
import { statusCode } from '../../src/cli/status/status.ts';
import { whatIsWrong } from '../../src/cli/status/summary.ts';
import { whyText } from '../../src/cli/status/why.ts';
import { outcomeOf } from '../../src/rpc/server/outcome.ts';
import { reasonOf } from '../../src/tui/model/instance-text.ts';
import type { InstanceSnapshot, RunReport } from '../../src/wire/snapshot.ts';
import { cli } from '../support/cli-rig.ts';
import { eventually } from '../support/eventually.ts';
import { anInstance, FakeEngine } from '../support/fake-engine.ts';
import { startRig } from '../support/rpc-rig.ts';

const PLAIN = { colour: false, width: undefined };
const GOOD: RunReport = {
  started_at: Date.UTC(2026, 2, 1, 2, 30),
  duration_ms: 5_000,
  failed: false,
  outcome: 'exited with code 0',
};
const BAD: RunReport = { ...GOOD, failed: true, outcome: 'exited with code 3' };

function aJob(last_run: RunReport | null, changes: Partial<InstanceSnapshot> = {}): InstanceSnapshot {
  const schedule = { expression: '30 2 * * *', next_run_at: 1, next_run_in_ms: 7_200_000, last_run };
  return anInstance('job', {
    state: 'scheduled',
    health: 'none',
    pid: null,
    uptime_ms: null,
    schedule,
    ...changes,
  });
}

test('a sentence and the table tell the next run, the last one and its result', () => {
  const good = 'next run in 2h00m; last run 2026-03-01T02:30:00Z: exited with code 0 after 5s';
  assert.equal(sentence(aJob(GOOD), PLAIN), `job: scheduled since 2 seconds (${good})`);
  const bad = aJob(BAD, { reason: 'its last run failed: exited with code 3' });
  const row = table([bad], PLAIN)[1] ?? '';
  assert.ok(
    row.endsWith('next run in 2h00m; last run 2026-03-01T02:30:00Z failed: exited with code 3 after 5s'),
    row,
  );
  assert.equal(sentence(aJob(null), PLAIN), 'job: scheduled since 2 seconds (next run in 2h00m)');
});

test('a run that is under way is no reason for status to exit with 1, nor a failed one', () => {
  const running = aJob(BAD, { state: 'running', pid: 7 });
  assert.equal(statusCode([running, aJob(BAD)]), 0);
  assert.equal(
    whatIsWrong([running, anInstance('web', { state: 'failed' })]),
    '1 of 2 is not up: web failed',
  );
  const { schedule: _, ...oneshot } = running;
  assert.equal(statusCode([oneshot]), 1);
});

test('why tells the last runs, and without names those jobs whose last run failed', async (t) => {
  const report = {
    instance: aJob(BAD),
    chain: [],
    history: [],
    runs: [GOOD, BAD],
    probes: [],
    last_output: [],
    next: 'x',
  };
  const at = whyText(report, PLAIN).indexOf('  runs:');
  assert.deepEqual(whyText(report, PLAIN).slice(at + 1, at + 3), [
    '    2026-03-01T02:30:00.000Z  succeeded after 5s: exited with code 0',
    '    2026-03-01T02:30:00.000Z  failed after 5s: exited with code 3',
  ]);
  const rig = await startRig(
    t,
    {},
    new FakeEngine(aJob(BAD), { ...aJob(GOOD), name: 'other', process: 'other' }),
  );
  const { out } = await cli(['why', '--socket', rig.path]);
  assert.match(out, /^job: /m);
  assert.doesNotMatch(out, /^other: /m);
});

test('the board counts down to the next run', () => {
  const tracked = { instance: aJob(GOOD), receivedAt: 1_000 } as Parameters<typeof reasonOf>[0];
  assert.match(
    reasonOf(tracked, 61_000),
    /^next run in 1h59m; last run 2026-03-01T02:30:00Z: exited with code 0/,
  );
});

test('run says that it runs; with --wait it tells how it ended, and exits with 1 if it failed', async (t) => {
  const rig = await startRig(t, {}, new FakeEngine(aJob(null)));
  const run = (...more: readonly string[]) => cli(['run', 'job', ...more, '--socket', rig.path]);
  assert.deepEqual(await run(), { code: 0, out: 'running job\n', err: '' });
  for (const [last, code, out, err] of [
    [GOOD, 0, 'job has run: exited with code 0\n', ''],
    [BAD, 1, '', 'the run of job failed: exited with code 3\n'],
  ] as const) {
    rig.engine.onRequest = () => {
      const { incarnation } = rig.engine.instances.get('job') ?? aJob(null);
      rig.engine.change('job', { ...aJob(last), incarnation: incarnation + 1 });
    };
    const ran = run('--wait');
    await eventually(() => rig.engine.waiters === 1);
    rig.engine.settleAll();
    assert.deepEqual(await ran, { code, out, err });
  }
});

test('a run that did not come about is not taken for the one before', () => {
  const before = aJob(GOOD);
  assert.equal(outcomeOf('run', before, before).reached, false);
  assert.equal(outcomeOf('run', before, { ...before, incarnation: before.incarnation + 1 }).reached, true);
  // One that was under way is waited for in its place.
  const running = { ...before, state: 'running' } as const;
  assert.deepEqual(
    [outcomeOf('run', running, before).already, outcomeOf('run', running, before).reached],
    [true, true],
  );
});
