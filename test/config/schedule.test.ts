/** `schedule`, `every` and the keys beside them: what they come to, and what is refused with its place. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ScheduleConfig } from '../../src/config/resolved-config.ts';
import { cronTimes } from '../../src/schedule/cron.ts';
import { loadGood, problemsOf as problemsIn } from '../support/config-ports.ts';

const process = (lines: string): string => `[processes.job]\ncmd = "x"\n${lines}\n`;

function scheduleOf(lines: string): ScheduleConfig | undefined {
  return loadGood(process(lines)).processes.get('job')?.schedule;
}

function problemsOf(text: string): readonly string[] {
  return problemsIn(text).map(({ line, message }) => `${line}: ${message}`);
}

test('a schedule has its defaults', () => {
  assert.deepEqual(scheduleOf('schedule = "30 2 * * *"\ntimezone = "Europe/Berlin"'), {
    times: { kind: 'cron', expression: '30 2 * * *', timezone: 'Europe/Berlin' },
    overlap: 'skip',
    runOnStart: false,
    missed: 'run-once',
    splayMs: 0,
  });
  assert.deepEqual(scheduleOf('every = "10s"')?.times, { kind: 'every', periodMs: 10_000 });
});

test('a process with a schedule is a one-shot that is not restarted, unless it says otherwise', () => {
  const of = (lines: string) => loadGood(process(lines)).processes.get('job');
  const plain = of('every = 60');
  assert.deepEqual([plain?.type, plain?.restart.policy], ['oneshot', 'no']);
  const retried = of('every = 60\nautorestart = "on-failure:3"');
  assert.deepEqual([retried?.restart.policy, retried?.restart.maxRestarts], ['on-failure', 3]);
});

test('what [defaults] says of services is not for it', () => {
  const defaults =
    '[defaults]\ntype = "notify"\nautorestart = "always"\nessential = true\ninstances = 3\noverlap = "queue"\n';
  const { processes } = loadGood(`${defaults}${process('every = 60')}[processes.web]\ncmd = "y"`);
  const job = processes.get('job');
  assert.deepEqual(
    [job?.type, job?.restart.policy, job?.essential, job?.instances],
    ['oneshot', 'no', false, 1],
  );
  assert.equal(job?.schedule?.overlap, 'queue');
  assert.equal(processes.get('web')?.schedule, undefined);
});

test('an own schedule takes the place of an inherited period, and the other way round', () => {
  const template = '[templates.hourly]\nschedule = "@hourly"\ntimezone = "UTC"\n';
  const { processes } = loadGood(`${template}${process('extends = "hourly"\nevery = "5m"')}`);
  assert.deepEqual(processes.get('job')?.schedule?.times, { kind: 'every', periodMs: 300_000 });
});

for (const [what, lines, problem] of [
  [
    'schedule and every together',
    'schedule = "@daily"\nevery = 60',
    '4: schedule and every cannot be used together',
  ],
  [
    'a schedule that never runs',
    'schedule = "0 0 30 2 *"',
    '3: cannot use the schedule "0 0 30 2 *": it never runs: no date matches it',
  ],
  [
    '31 April',
    'schedule = "0 0 31 4,6,9,11 *"',
    '3: cannot use the schedule "0 0 31 4,6,9,11 *": it never runs: no date matches it',
  ],
  [
    'a value out of range',
    'schedule = "70 * * * *"',
    '3: cannot use the schedule "70 * * * *": invalid value for minute: 70',
  ],
  [
    'too few fields',
    'schedule = "30 2 * *"',
    '3: cannot use the schedule "30 2 * *": it has 4 fields; a schedule has five (minute, hour, day of month, month, day of week), or six with seconds first',
  ],
  ['a year', 'schedule = "0 30 2 * * * 2030"', undefined],
  ['a date', 'schedule = "2030-01-01T00:00:00"', undefined],
  [
    '@reboot',
    'schedule = "@reboot"',
    '3: cannot use the schedule "@reboot": @reboot is not a time; to run it once at each start, use run_on_start or type = "oneshot"',
  ],
  [
    '@every',
    'schedule = "@every 5m"',
    '3: cannot use the schedule "@every 5m": for a period, write every = "5m" in place of schedule',
  ],
  [
    'an unknown time zone',
    'schedule = "@daily"\ntimezone = "Europe/Berln"',
    '4: there is no time zone "Europe/Berln"',
  ],
  ['an offset as time zone', 'schedule = "@daily"\ntimezone = "+02:00"', '4: there is no time zone "+02:00"'],
  ['a time zone with every', 'every = 60\ntimezone = "UTC"', '4: timezone is for schedule; every needs none'],
  ['overlap alone', 'overlap = "queue"', '3: overlap without schedule or every'],
  ['missed alone', 'missed = "skip"', '3: missed without schedule or every'],
  ['run_on_start alone', 'run_on_start = true', '3: run_on_start without schedule or every'],
  ['less than a second', 'every = "500ms"', '3: found "500ms"'],
  ['a splay as long as the period', 'every = "10s"\nsplay = "10s"', '4: found "10s"'],
  [
    'a service',
    'every = 60\ntype = "notify"',
    '4: a process with every runs to its end each time; type = "notify" is a service',
  ],
  ['instances', 'every = 60\ninstances = 2', '4: a process with every has one run at a time'],
  [
    'essential',
    'every = 60\nessential = true',
    '4: a process with every never ends for good, so the container cannot end with it',
  ],
  [
    'autorestart = "always"',
    'every = 60\nautorestart = "always"',
    '4: a process with a schedule runs when it is due, and autorestart = "always" is for services',
  ],
] as const) {
  test(`refused with its line: ${what}`, () => {
    const found = problemsOf(process(lines));
    assert.equal(found.length, 1, found.join('; '));
    if (problem !== undefined) assert.equal(found[0], problem);
  });
}

test('refused: a connection and a schedule for one process, and main with a schedule', () => {
  const sockets = '[sockets.http]\nlisten = "127.0.0.1:8080"\n';
  const activated = `${sockets}${process('every = 60\nactivate = true\nsockets = ["http"]')}`;
  assert.deepEqual(problemsOf(activated), [
    '6: a process starts by its schedule or with a connection, not both',
  ]);
  assert.deepEqual(problemsOf(`[engine]\nmain = "job"\n${process('every = 60')}`), [
    '2: job runs by a schedule and never ends for good, so the container cannot end with it',
  ]);
});

test('refused: to be restarted with each run of a schedule, or to need it healthy', () => {
  const web =
    '[processes.web]\ncmd = "y"\ndepends_on = { job = { condition = "healthy", restart = true } }\n';
  assert.deepEqual(problemsOf(process('every = 60') + web), [
    '6: job runs by a schedule and is never healthy',
    '6: job runs by a schedule, and its runs are no restarts',
  ]);
});

test('the schedules of the README and of the example load without a warning', () => {
  const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
  const [, block = ''] = /## Schedules[\s\S]*?```toml\n([\s\S]*?)```/.exec(readme) ?? [];
  const example = readFileSync(join(import.meta.dirname, '../../docker/examples/cron/tm.toml'), 'utf8');
  for (const text of [block, example]) {
    const { processes, warnings } = loadGood(text);
    assert.deepEqual(warnings, []);
    assert.ok([...processes.values()].every(({ schedule }) => schedule !== undefined));
    assert.ok(processes.size >= 2);
  }
});

test('without timezone a schedule goes by that of the engine, whatever TZ says', () => {
  const next = (TZ: string): string => {
    const program = `import { cronTimes } from ${JSON.stringify(join(import.meta.dirname, '../../src/schedule/cron.ts'))};
      console.log(new Date(cronTimes('30 2 * * *')(Date.UTC(2026, 5, 1, 12))).toISOString());`;
    const args = ['--no-warnings', '--input-type=module', '-e', program];
    return execFileSync(globalThis.process.execPath, args, { env: { TZ }, encoding: 'utf8' }).trim();
  };
  assert.equal(next('Europe/Berlin'), '2026-06-02T00:30:00.000Z');
  for (const unknown of ['', 'Mars/Olympus', ':/nowhere'])
    assert.equal(next(unknown), '2026-06-02T02:30:00.000Z');
});

test('six fields begin with seconds, names of days and months work, and both days mean either', () => {
  const next = (expression: string, from: string): string =>
    new Date(cronTimes(expression, 'UTC')(Date.parse(from)) ?? 0).toISOString();
  assert.equal(next('15 30 2 * * *', '2026-03-01T00:00:00Z'), '2026-03-01T02:30:15.000Z');
  assert.equal(next('0 9 * * MON-FRI', '2026-02-28T00:00:00Z'), '2026-03-02T09:00:00.000Z');
  assert.equal(next('0 0 13 * FRI', '2026-03-01T00:00:00Z'), '2026-03-06T00:00:00.000Z');
  assert.equal(next('@monthly', '2026-03-01T00:00:00Z'), '2026-04-01T00:00:00.000Z');
});
