/** When a process runs: `schedule` or `every`, and the keys beside them. */

import { nearestWord } from '../../nearest-word.ts';
import { expressionProblem, isTimezone, timezones } from '../../schedule/cron.ts';
import { shortDuration } from '../../units.ts';
import type { Place } from '../document/place.ts';
import type { ProcessConfig, ScheduleConfig, ScheduleTimes } from '../resolved-config.ts';
import type { ProcessSource } from '../schema/schema.ts';
import { showValue } from '../text/show-value.ts';
import { durationAt } from './durations.ts';

const BESIDE = ['timezone', 'overlap', 'run_on_start', 'missed', 'splay'] as const;
const MIN_PERIOD_MS = 1_000;
/** Longer than anybody spreads runs over. */
const MAX_SPLAY_MS = 86_400_000;

export function hasSchedule({ schedule, every }: ProcessSource): boolean {
  return schedule !== undefined || every !== undefined;
}

/**
 * Each run is a one-shot, and what failed has its next chance at its next time, unless the file says otherwise. What
 * `[defaults]` gives to services is not for it.
 */
export function withSchedule(place: Place, process: ProcessSource): ProcessSource {
  if (!hasSchedule(process)) return process;
  const isOwn = (key: string): boolean => place.isGiven(key) && !place.at(key).isInherited;
  return {
    ...process,
    type: isOwn('type') ? process.type : 'oneshot',
    autorestart: isOwn('autorestart') ? process.autorestart : 'no',
    instances: isOwn('instances') ? process.instances : 1,
    essential: isOwn('essential') && process.essential,
    activate: isOwn('activate') && process.activate,
  };
}

export function resolveSchedule(place: Place, process: ProcessSource): Pick<ProcessConfig, 'schedule'> {
  if (!hasSchedule(process)) {
    for (const key of BESIDE) refuseAlone(place.at(key), key);
    return {};
  }
  checkContradictions(place, process);
  checkActivation(place, process);
  const times = timesOf(place, process);
  const splayMs = splayAt(place.at('splay'), process.splay, times);
  const { overlap, run_on_start: runOnStart, missed } = process;
  const schedule: ScheduleConfig = { times, overlap, runOnStart, missed, splayMs };
  return { schedule };
}

/** What is inherited is for those that have a schedule. */
function refuseAlone(place: Place, key: string): void {
  if (!place.isGiven() || place.isInherited) return;
  place.problem(
    { message: `${key} without schedule or every`, hint: 'add one of them, or remove this' },
    'key',
  );
}

function checkContradictions(place: Place, process: ProcessSource): void {
  const key = process.schedule === undefined ? 'every' : 'schedule';
  if (process.schedule !== undefined && process.every !== undefined)
    place
      .at('every')
      .problem({ message: 'schedule and every cannot be used together', hint: 'remove one of them' }, 'key');
  if (process.type !== 'oneshot')
    place.at('type').problem({
      message: `a process with ${key} runs to its end each time; type = "${process.type}" is a service`,
      hint: 'remove type, or write type = "oneshot"',
    });
  if (process.instances !== 1)
    place.at('instances').problem({
      message: `a process with ${key} has one run at a time`,
      hint: 'remove instances, or configure several processes',
    });
  if (process.essential)
    place.at('essential').problem({
      message: `a process with ${key} never ends for good, so the container cannot end with it`,
      hint: 'remove essential; status shows whether the last run failed',
    });
}

/** A connection is no time. */
function checkActivation(place: Place, process: ProcessSource): void {
  if (!process.activate) return;
  place.at('activate').problem({
    message: 'a process starts by its schedule or with a connection, not both',
    hint: 'remove activate, or configure two processes',
  });
}

function timesOf(place: Place, process: ProcessSource): ScheduleTimes {
  if (process.schedule !== undefined) return cronAt(place, process.schedule, process.timezone);
  if (place.isGiven('timezone') && !place.at('timezone').isInherited)
    place.at('timezone').problem({ message: 'timezone is for schedule; every needs none' }, 'key');
  const every = place.at('every');
  const periodMs = durationAt(every, process.every ?? 0, 'zero');
  if (periodMs < MIN_PERIOD_MS)
    every.problem({ message: `found ${showValue(process.every)}`, expected: 'a duration of at least "1s"' });
  return { kind: 'every', periodMs };
}

function cronAt(place: Place, expression: string, timezone: string | undefined): ScheduleTimes {
  const problem = expressionProblem(expression);
  if (problem !== undefined)
    place.at('schedule').problem({
      message: `cannot use the schedule ${showValue(expression)}: ${problem}`,
      expected: 'minute, hour, day of month, month, day of week: "30 2 * * *" is every day at 02:30',
    });
  if (timezone === undefined) return { kind: 'cron', expression };
  if (!isTimezone(timezone)) {
    const near = nearestWord(timezone, timezones());
    place.at('timezone').problem({
      message: `there is no time zone ${showValue(timezone)}`,
      expected: 'a name of the IANA database, such as "Europe/Berlin" or "UTC"',
      hint: near === undefined ? undefined : `did you mean ${showValue(near)}?`,
    });
  }
  return { kind: 'cron', expression, timezone };
}

function splayAt(place: Place, given: string | number, times: ScheduleTimes): number {
  const splayMs = durationAt(place, given, 'zero');
  const limitMs = times.kind === 'every' ? times.periodMs : MAX_SPLAY_MS;
  if (splayMs > 0 && splayMs >= limitMs)
    place.problem({
      message: `found ${showValue(given)}`,
      expected: `less than ${shortDuration(limitMs)}, so that each run comes before the next one`,
    });
  return splayMs;
}
