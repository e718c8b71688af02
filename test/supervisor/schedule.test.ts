/** What runs by a schedule, on a clock that is moved by hand: due times, overlap, jumps of the clock, daylight saving. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProcessConfig, ScheduleConfig, ScheduleTimes } from '../../src/config/resolved-config.ts';
import { judgeHealth } from '../../src/supervisor/control/describe.ts';
import { processConfig, Rig } from './rig.ts';

const ONCE = { policy: 'no', maxRestarts: undefined } as const;

function scheduled(
  name: string,
  times: ScheduleTimes,
  given: Partial<ScheduleConfig> = {},
  more: Partial<ProcessConfig> = {},
): ProcessConfig {
  const plain = processConfig(name, {});
  const schedule = {
    times,
    overlap: 'skip',
    runOnStart: false,
    missed: 'run-once',
    splayMs: 0,
    ...given,
  } as const;
  return { ...plain, type: 'oneshot', restart: { ...plain.restart, ...ONCE }, schedule, ...more };
}

const cron = (expression: string, timezone = 'UTC'): ScheduleTimes => ({
  kind: 'cron',
  expression,
  timezone,
});
const every = (seconds: number): ScheduleTimes => ({ kind: 'every', periodMs: seconds * 1_000 });

function rigAt(time: string, ...processes: readonly ProcessConfig[]): Rig {
  const rig = new Rig(processes);
  rig.clock.setWall(time);
  return rig.startAll();
}

/** Lets each run end at once, and tells when they began. */
function runsUntil(rig: Rig, name: string, end: string): readonly string[] {
  const begun: string[] = [];
  while (rig.clock.wallTime() < Date.parse(end)) {
    rig.clock.advance(60_000);
    if (rig.state(name) !== 'running') continue;
    begun.push(new Date(rig.record(name).spawnedWall).toISOString().replace(':00.000Z', 'Z'));
    rig.exit(name, 0);
  }
  return begun;
}

const eventsOf = (rig: Rig, event: string): readonly object[] =>
  rig.told.flatMap((one) => (one.event === event ? [one] : []));
const pids = (rig: Rig): number => rig.kernel.spawned.length;

test('a process with a schedule waits for its time, runs, and waits for the next', () => {
  const rig = rigAt('2026-03-01T02:00:00Z', scheduled('job', cron('30 2 * * *')));
  assert.deepEqual([rig.state('job'), rig.see('job').desired, pids(rig)], ['scheduled', 'up', 0]);
  assert.equal(rig.see('job').schedule?.next_run_in_ms, 1_800_000);
  rig.clock.advanceTo('2026-03-01T02:30:00Z');
  assert.equal(rig.state('job'), 'running');
  rig.clock.advance(5_000);
  rig.exit('job', 0);
  assert.equal(rig.state('job'), 'scheduled');
  const { next_run_at, last_run } = rig.see('job').schedule ?? {};
  assert.equal(next_run_at, Date.parse('2026-03-02T02:30:00Z'));
  assert.deepEqual(last_run, {
    started_at: Date.parse('2026-03-01T02:30:00Z'),
    duration_ms: 5_000,
    failed: false,
    outcome: 'exited with code 0',
  });
  assert.equal(rig.see('job').restarts, 0);
  assert.deepEqual(rig.faults, []);
});

test('a run that fails is reported, and the schedule goes on', () => {
  const rig = rigAt('2026-03-01T02:29:00Z', scheduled('job', cron('30 2 * * *')));
  rig.clock.advance(60_000);
  rig.exit('job', 3);
  assert.equal(rig.state('job'), 'scheduled');
  assert.equal(rig.see('job').reason, 'its last run failed: exited with code 3');
  assert.equal(rig.see('job').schedule?.last_run?.failed, true);
  rig.clock.advanceTo('2026-03-02T02:30:00Z');
  assert.equal(rig.state('job'), 'running');
  rig.exit('job', 0);
  assert.equal(rig.see('job').reason, null);
});

test('a program that is not there is a failed run, and no end of the schedule', () => {
  const rig = rigAt('2026-03-01T00:00:30Z', scheduled('job', cron('* * * * *')));
  rig.kernel.failNextSpawn('ENOENT');
  rig.clock.advance(30_000);
  assert.deepEqual([rig.state('job'), rig.see('job').schedule?.last_run?.failed], ['scheduled', true]);
  rig.clock.advance(60_000);
  assert.equal(rig.state('job'), 'running');
});

test('with autorestart = "on-failure:1" a failed run is tried again once before the next time', () => {
  const process = scheduled('job', cron('0 * * * *'));
  const restart = { ...process.restart, policy: 'on-failure', maxRestarts: 1 } as const;
  const rig = rigAt('2026-03-01T00:59:00Z', { ...process, restart });
  rig.clock.advance(60_000);
  rig.clock.advance(2_000);
  rig.exit('job', 1);
  assert.equal(rig.state('job'), 'backoff');
  rig.clock.advance(1_000);
  rig.clock.advance(2_000);
  rig.exit('job', 1);
  assert.deepEqual([rig.state('job'), rig.see('job').restarts], ['scheduled', 1]);
});

test('a run that is due during the wait for a retry takes its place', () => {
  const process = scheduled('job', every(1));
  const backoff = { baseMs: 5_000, factor: 2, maxMs: 60_000, resetMs: 1_000 };
  const restart = { ...process.restart, policy: 'on-failure', backoff } as const;
  const rig = rigAt('2026-03-01T00:00:00Z', { ...process, restart });
  rig.clock.advance(1_000);
  rig.exit('job', 1);
  assert.equal(rig.state('job'), 'backoff');
  rig.clock.advance(1_000);
  assert.deepEqual([rig.state('job'), rig.see('job').consecutive_restarts], ['running', 0]);
});

test('every counts from start to start, and the first run comes one period after the start', () => {
  const rig = rigAt('2026-03-01T00:00:00Z', scheduled('poll', every(10)));
  rig.clock.advance(9_999);
  assert.equal(pids(rig), 0);
  rig.clock.advance(1);
  assert.equal(rig.state('poll'), 'running');
  rig.clock.advance(4_000);
  rig.exit('poll', 0);
  rig.clock.advance(5_999);
  assert.equal(rig.state('poll'), 'scheduled');
  rig.clock.advance(1);
  assert.equal(rig.state('poll'), 'running');
});

test('run_on_start runs it as well when it is started', () => {
  const rig = rigAt('2026-03-01T00:00:00Z', scheduled('job', cron('0 * * * *'), { runOnStart: true }));
  assert.equal(rig.state('job'), 'running');
  rig.exit('job', 0);
  assert.equal(rig.state('job'), 'scheduled');
  rig.clock.advanceTo('2026-03-01T01:00:00Z');
  assert.equal(rig.state('job'), 'running');
});

test('overlap = "skip" leaves out a run while one is under way, and says so', () => {
  const rig = rigAt('2026-03-01T00:00:00Z', scheduled('job', every(10)));
  rig.clock.advance(10_000);
  const first = rig.pid('job');
  rig.clock.advance(10_000);
  assert.equal(rig.pid('job'), first);
  assert.equal(eventsOf(rig, 'run_skipped').length, 1);
  rig.exit('job', 0);
  assert.equal(rig.state('job'), 'scheduled');
});

test('overlap = "queue" lets one run follow, and no more than one', () => {
  const rig = rigAt('2026-03-01T00:00:00Z', scheduled('job', every(10), { overlap: 'queue' }));
  rig.clock.advance(10_000);
  rig.clock.advance(35_000);
  assert.equal(eventsOf(rig, 'run_skipped').length, 2);
  rig.exit('job', 0);
  assert.equal(rig.state('job'), 'running');
  rig.exit('job', 0);
  assert.deepEqual([rig.state('job'), pids(rig)], ['scheduled', 2]);
});

test('overlap = "kill" stops the run that is under way, and the next follows', () => {
  const rig = rigAt('2026-03-01T00:00:00Z', scheduled('job', every(10), { overlap: 'kill' }));
  rig.clock.advance(10_000);
  const first = rig.pid('job');
  rig.clock.advance(10_000);
  assert.deepEqual(rig.signalsTo(first), ['SIGTERM']);
  assert.deepEqual([rig.state('job'), rig.see('job').reason], ['stopping', 'its next run is due']);
  rig.die('job', 'SIGTERM');
  assert.deepEqual([rig.state('job'), pids(rig)], ['running', 2]);
  assert.equal(rig.record('job').runs[0]?.failed, true);
});

test('a stop ends the schedule until a start, and takes away a queued run', () => {
  const rig = rigAt('2026-03-01T00:00:00Z', scheduled('job', every(10), { overlap: 'queue' }));
  rig.clock.advance(20_000);
  rig.decide('job', 'stop');
  rig.die('job', 'SIGTERM');
  assert.deepEqual([rig.state('job'), rig.see('job').schedule?.next_run_at], ['stopped', null]);
  rig.clock.advance(100_000);
  assert.deepEqual([rig.state('job'), pids(rig)], ['stopped', 1]);
  rig.decide('job', 'start');
  assert.equal(rig.state('job'), 'scheduled');
  rig.clock.advance(10_000);
  assert.equal(rig.state('job'), 'running');
});

test('a restart replaces the run that is under way, and starts none while it waits', () => {
  const rig = rigAt('2026-03-01T00:00:00Z', scheduled('job', every(10)));
  rig.decide('job', 'restart');
  assert.deepEqual([rig.state('job'), pids(rig)], ['scheduled', 0]);
  rig.clock.advance(10_000);
  rig.decide('job', 'restart');
  rig.die('job', 'SIGTERM');
  assert.deepEqual([rig.state('job'), pids(rig)], ['running', 2]);
});

test('run starts a run now, and the schedule goes on as before', () => {
  const rig = rigAt('2026-03-01T00:00:00Z', scheduled('job', cron('0 * * * *')));
  rig.decide('job', 'run');
  assert.equal(rig.state('job'), 'running');
  rig.exit('job', 0);
  assert.equal(rig.state('job'), 'scheduled');
  assert.equal(rig.see('job').schedule?.next_run_at, Date.parse('2026-03-01T01:00:00Z'));
});

test('run of a schedule that is stopped runs it once, and it stays stopped', () => {
  const rig = rigAt('2026-03-01T00:00:00Z', scheduled('job', every(10)));
  rig.decide('job', 'stop');
  rig.decide('job', 'run');
  assert.deepEqual([rig.state('job'), rig.see('job').desired], ['running', 'down']);
  rig.clock.advance(30_000);
  assert.equal(eventsOf(rig, 'run_skipped').length, 0);
  rig.exit('job', 0);
  assert.equal(rig.state('job'), 'stopped');
  rig.clock.advance(30_000);
  assert.deepEqual([rig.state('job'), pids(rig)], ['stopped', 1]);
});

test('run while one is stopped begins once that is gone', () => {
  const rig = rigAt('2026-03-01T00:00:00Z', scheduled('job', every(10)));
  rig.clock.advance(10_000);
  rig.decide('job', 'stop');
  rig.decide('job', 'run');
  assert.equal(rig.state('job'), 'stopping');
  rig.die('job', 'SIGTERM');
  assert.deepEqual([rig.state('job'), pids(rig)], ['running', 2]);
  rig.exit('job', 0);
  assert.equal(rig.state('job'), 'stopped');
});

test('a shutdown ends a run, waits for nobody who only waits for his time, and starts none', () => {
  const rig = new Rig([
    scheduled('busy', every(10)),
    scheduled('later', cron('0 0 1 1 *')),
    { ...processConfig('web', {}), dependsOn: [{ process: 'tick', condition: 'started', restart: false }] },
    scheduled('tick', every(11)),
  ]).startAll();
  rig.clock.advance(10_000);
  rig.drain.begin({ code: 0, reason: 'a test' });
  assert.deepEqual([rig.state('later'), rig.state('busy')], ['stopped', 'stopping']);
  // web depends on it, so it still waits for its time, which comes now.
  assert.equal(rig.state('tick'), 'scheduled');
  const before = pids(rig);
  rig.clock.advance(2_000);
  assert.equal(pids(rig), before);
});

test('while it waits for its time it is not done: exit_when = "all-done" goes on', () => {
  const rig = new Rig([scheduled('job', every(10)), { ...processConfig('set-up', {}), type: 'oneshot' }], {
    exitWhen: 'all-done',
  }).startAll();
  rig.exit('set-up', 0);
  rig.clock.advance(10_000);
  rig.exit('job', 0);
  assert.deepEqual([rig.state('set-up'), rig.state('job'), rig.verdicts], ['completed', 'scheduled', []]);
});

test('a dependent that needs it completed starts after its first good run, and no later run disturbs it', () => {
  const rig = new Rig([
    scheduled('fetch', every(10)),
    {
      ...processConfig('web', {}),
      dependsOn: [{ process: 'fetch', condition: 'completed', restart: false }],
    },
  ]).startAll();
  assert.deepEqual(rig.see('web').waiting_for, ['fetch to complete']);
  rig.clock.advance(10_000);
  rig.exit('fetch', 1);
  assert.equal(rig.state('web'), 'waiting');
  rig.clock.advance(10_000);
  rig.exit('fetch', 0);
  assert.equal(rig.state('web'), 'healthcheck');
  rig.clock.advance(10_000);
  assert.deepEqual([rig.state('fetch'), rig.state('web')], ['running', 'healthcheck']);
  rig.decide('web', 'restart');
  rig.die('web', 'SIGTERM');
  assert.equal(rig.state('web'), 'healthcheck');
});

test('its own dependencies come first: a run that is due waits for them, and the next one is skipped', () => {
  const job = scheduled('job', every(10));
  const rig = new Rig([
    { ...processConfig('db', {}), autostart: false },
    { ...job, dependsOn: [{ process: 'db', condition: 'healthy', restart: false }] },
  ]).startAll();
  rig.clock.advance(10_000);
  assert.deepEqual(rig.see('job').waiting_for, ['db to be healthy (db was never started)']);
  rig.clock.advance(10_000);
  assert.equal(eventsOf(rig, 'run_skipped').length, 1);
  rig.decide('db', 'start');
  rig.healthy('db');
  assert.equal(rig.state('job'), 'running');
});

test('a run in progress does not make the engine unready, nor does one that failed', () => {
  const rig = rigAt('2026-03-01T00:00:00Z', scheduled('job', every(10)));
  const ready = (): boolean => {
    const all = rig.supervisor.records();
    return judgeHealth('ready', { all, expected: all }, undefined).ok;
  };
  assert.equal(ready(), true);
  rig.clock.advance(10_000);
  assert.deepEqual([rig.state('job'), ready()], ['running', true]);
  rig.exit('job', 1);
  assert.equal(ready(), true);
});

test('a reload that changes the times plans again, and leaves a run alone whatever else has changed', () => {
  const rig = rigAt('2026-03-01T00:00:00Z', scheduled('job', cron('0 * * * *')));
  rig.reload(scheduled('job', cron('0 3 * * *')));
  assert.equal(rig.see('job').schedule?.next_run_at, Date.parse('2026-03-01T03:00:00Z'));
  rig.clock.advanceTo('2026-03-01T03:00:00Z');
  const pid = rig.pid('job');
  const command = { file: 'other', args: [] };
  rig.reload(scheduled('job', cron('0 3 * * *'), {}, { command }));
  assert.deepEqual([rig.state('job'), rig.pid('job')], ['running', pid]);
  rig.exit('job', 0);
  rig.clock.advanceTo('2026-03-02T03:00:00Z');
  assert.equal(rig.kernel.spawned.at(-1)?.file, 'other');
});

test('a reload that gives a service a schedule stops it, and it waits for its time', () => {
  const rig = new Rig([processConfig('job', {})]).startAll();
  rig.healthy('job');
  rig.reload(scheduled('job', every(10)));
  rig.die('job', 'SIGTERM');
  assert.equal(rig.state('job'), 'scheduled');
});

test('a reload that takes the schedule away starts the service', () => {
  const rig = rigAt('2026-03-01T00:00:00Z', scheduled('job', every(10)));
  rig.reload(processConfig('job', {}));
  assert.equal(rig.state('job'), 'healthcheck');
  rig.clock.advance(60_000);
  assert.deepEqual(rig.faults, []);
});

test('a reload gives a one-shot that has completed its schedule', () => {
  const oneshot = { ...processConfig('job', {}), type: 'oneshot' } as const;
  const rig = new Rig([oneshot]).startAll();
  rig.exit('job', 0);
  rig.reload(scheduled('job', every(10)));
  assert.equal(rig.state('job'), 'scheduled');
  rig.clock.advance(10_000);
  assert.equal(rig.state('job'), 'running');
});

test('a reload that removes it leaves nothing that comes due', () => {
  const rig = rigAt('2026-03-01T00:00:00Z', scheduled('job', every(10)), processConfig('web', {}));
  rig.reload(processConfig('web', {}));
  rig.clock.advance(60_000);
  assert.deepEqual([rig.supervisor.record('job'), pids(rig), rig.faults], [undefined, 1, []]);
});

test('splay delays a run by a random part of it', () => {
  const rig = rigAt('2026-03-01T00:59:00Z', scheduled('job', cron('0 * * * *'), { splayMs: 600_000 }));
  assert.equal(rig.see('job').schedule?.next_run_at, Date.parse('2026-03-01T01:05:00Z'));
  rig.clock.advanceTo('2026-03-01T01:04:59Z');
  assert.equal(pids(rig), 0);
  rig.clock.advanceTo('2026-03-01T01:05:00Z');
  assert.equal(rig.state('job'), 'running');
});

test('when the clocks go forward, a time that does not exist comes right after the gap, once', () => {
  const rig = rigAt('2026-03-28T12:00:00Z', scheduled('job', cron('30 2 * * *', 'Europe/Berlin')));
  assert.deepEqual(runsUntil(rig, 'job', '2026-03-30T12:00:00Z'), ['2026-03-29T01:00Z', '2026-03-30T00:30Z']);
});

test('when the clocks go back, a time that comes twice is taken the first time only', () => {
  const rig = rigAt('2026-10-24T12:00:00Z', scheduled('job', cron('30 2 * * *', 'Europe/Berlin')));
  assert.deepEqual(runsUntil(rig, 'job', '2026-10-26T12:00:00Z'), ['2026-10-25T00:30Z', '2026-10-26T01:30Z']);
});

test('what runs every half hour does so through both changes of the clocks', () => {
  const halves = (start: string, end: string): readonly string[] =>
    runsUntil(rigAt(start, scheduled('job', cron('*/30 * * * *', 'Europe/Berlin'))), 'job', end);
  const spring = halves('2026-03-29T00:00:00Z', '2026-03-29T02:00:00Z');
  assert.deepEqual(spring, [
    '2026-03-29T00:30Z',
    '2026-03-29T01:00Z',
    '2026-03-29T01:30Z',
    '2026-03-29T02:00Z',
  ]);
  const autumn = halves('2026-10-25T00:00:00Z', '2026-10-25T02:00:00Z');
  assert.deepEqual(autumn, [
    '2026-10-25T00:30Z',
    '2026-10-25T01:00Z',
    '2026-10-25T01:30Z',
    '2026-10-25T02:00Z',
  ]);
});

test('several fixed times in one field are fixed times too, in the gap as in the repeated hour', () => {
  const at = (start: string, end: string): readonly string[] =>
    runsUntil(rigAt(start, scheduled('job', cron('15,45 2 * * *', 'Europe/Berlin'))), 'job', end);
  assert.deepEqual(at('2026-03-28T12:00:00Z', '2026-03-29T12:00:00Z'), ['2026-03-29T01:00Z']);
  const autumn = at('2026-10-24T12:00:00Z', '2026-10-25T12:00:00Z');
  assert.deepEqual(autumn, ['2026-10-25T00:15Z', '2026-10-25T00:45Z']);
});

test('a container that was paused makes up for the periods it missed by one run, or skips them', () => {
  for (const [missed, runs] of [
    ['run-once', 1],
    ['skip', 0],
  ] as const) {
    const rig = rigAt('2026-03-01T00:00:00Z', scheduled('poll', every(10), { missed }));
    rig.clock.pause(65_000);
    assert.equal(pids(rig), runs);
    assert.deepEqual(eventsOf(rig, runs === 1 ? 'run_due' : 'run_missed').length, 1);
    // In step with the periods before.
    assert.equal(rig.see('poll').schedule?.next_run_in_ms, 5_000);
  }
});

test('a leap day comes when there is one, four years later, and not in 2100', () => {
  const next = (start: string): string => {
    const rig = rigAt(start, scheduled('job', cron('0 12 29 2 *')));
    return new Date(rig.see('job').schedule?.next_run_at ?? 0).toISOString().slice(0, 10);
  };
  assert.deepEqual(
    [next('2026-01-01T00:00:00Z'), next('2028-02-29T12:00:00Z'), next('2096-03-01T00:00:00Z')],
    ['2028-02-29', '2032-02-29', '2104-02-29'],
  );
});

test('a clock that is set forward over several times, or a suspend, is made up for by one run', () => {
  const rig = rigAt('2026-03-01T00:10:00Z', scheduled('job', cron('0 * * * *')));
  rig.clock.setWall('2026-03-01T05:20:00Z');
  assert.equal(rig.state('job'), 'running');
  const [due] = eventsOf(rig, 'run_due');
  assert.deepEqual({ ...due }, { ...due, at: '2026-03-01T01:00:00Z', missed: 5 });
  rig.exit('job', 0);
  assert.equal(rig.see('job').schedule?.next_run_at, Date.parse('2026-03-01T06:00:00Z'));
  assert.equal(pids(rig), 1);
});

test('missed = "skip" reports the times that were missed and waits for the next', () => {
  const rig = rigAt('2026-03-01T00:10:00Z', scheduled('job', cron('0 * * * *'), { missed: 'skip' }));
  rig.clock.setWall('2026-03-01T05:20:00Z');
  assert.deepEqual([rig.state('job'), pids(rig)], ['scheduled', 0]);
  assert.equal(eventsOf(rig, 'run_missed').length, 1);
  rig.clock.advanceTo('2026-03-01T06:00:00Z');
  assert.equal(rig.state('job'), 'running');
});

test('a clock that is set forward to just before a time misses nothing, and just after it is no delay', () => {
  const rig = rigAt('2026-03-01T00:10:00Z', scheduled('job', cron('0 * * * *'), { missed: 'skip' }));
  rig.clock.setWall('2026-03-01T00:59:59Z');
  assert.equal(rig.state('job'), 'scheduled');
  rig.clock.setWall('2026-03-01T01:00:05Z');
  assert.equal(rig.state('job'), 'running');
});

test('a clock that is set back by an hour repeats no run, and skips none', () => {
  const rig = rigAt('2026-03-01T00:59:00Z', scheduled('job', cron('0 * * * *')));
  rig.clock.advanceTo('2026-03-01T01:00:00Z');
  rig.exit('job', 0);
  rig.clock.setWall('2026-03-01T00:30:00Z');
  rig.clock.advanceTo('2026-03-01T01:59:59Z');
  assert.equal(pids(rig), 1);
  rig.clock.advance(1_000);
  assert.equal(pids(rig), 2);
});

test('a clock that was a year ahead does not stop the schedule for a year once it is right', () => {
  const rig = rigAt('2027-03-01T00:10:00Z', scheduled('job', cron('0 * * * *')));
  rig.clock.setWall('2026-03-01T00:10:00Z');
  assert.equal(rig.see('job').schedule?.next_run_at, Date.parse('2026-03-01T01:00:00Z'));
  rig.clock.advanceTo('2026-03-01T01:00:00Z');
  assert.equal(rig.state('job'), 'running');
});

test('no jump of the clock means anything to every', () => {
  const rig = rigAt('2026-03-01T00:00:00Z', scheduled('poll', every(10)));
  rig.clock.setWall('2030-01-01T00:00:00Z');
  rig.clock.setWall('2020-01-01T00:00:00Z');
  assert.equal(pids(rig), 0);
  rig.clock.advance(10_000);
  assert.equal(pids(rig), 1);
});

test('a hundred schedules wait with one alarm and one timer, and cost nothing once they are gone', () => {
  const rig = new Rig(
    Array.from({ length: 100 }, (_, index) =>
      scheduled(`job${index}`, index % 2 === 0 ? cron(`${index % 60} 3 1 1 *`) : every(86_400 + index)),
    ),
  ).startAll();
  assert.deepEqual([rig.clock.alarmsSet, rig.clock.pending], [1, 1]);
  for (let index = 0; index < 100; index++) rig.decide(`job${index}`, 'stop');
  assert.deepEqual([rig.clock.alarmsSet, rig.clock.pending], [0, 0]);
});

test('why keeps the last ten runs', () => {
  const rig = rigAt('2026-03-01T00:00:00Z', scheduled('poll', every(1)));
  for (let run = 0; run < 14; run++) {
    rig.clock.advance(1_000);
    rig.exit('poll', run % 3);
  }
  const { runs } = rig.record('poll');
  assert.deepEqual(
    runs.map(({ outcome }) => outcome.at(-1)),
    ['1', '2', '0', '1', '2', '0', '1', '2', '0', '1'],
  );
});

test('another engine in the same process keeps the times, of a schedule as of a period', () => {
  const processes = [
    scheduled('job', cron('0 * * * *'), { splayMs: 600_000 }),
    scheduled('poll', every(100)),
  ];
  const before = new Rig(processes).startAll();
  before.clock.advance(30_000);
  const planned = ['job', 'poll'].map((name) => before.see(name).schedule?.next_run_at);
  const rig = new Rig(processes, {}, before);
  assert.deepEqual(
    ['job', 'poll'].map((name) => rig.see(name).schedule?.next_run_at),
    planned,
  );
  rig.clock.advance(70_000);
  assert.deepEqual([rig.state('job'), rig.state('poll')], ['scheduled', 'running']);
  rig.clock.advance(4_000_000);
  assert.equal(rig.state('job'), 'running');
});
