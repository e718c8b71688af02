/** What a step means to the schedule of an instance, beside what the lifecycle says of it. */

import type { Effect } from '../../lifecycle/effects.ts';
import type { Instance } from '../../lifecycle/instance.ts';
import type { Reporter } from '../events/reports.ts';
import {
  type Draft,
  followsSchedule,
  type InstanceRecord,
  type Moment,
  subjectOf,
} from '../world/instance-record.ts';
import { endedBadly, outcomeInWords } from '../world/reasons.ts';
import type { Evidence, WorldEffect } from '../world/world-event.ts';

/** Runs that are kept for `why`. */
const MAX_RUNS = 10;

/** @returns id of the event; undefined for a run that is skipped, which its effect reports. */
export function reportDue(
  record: InstanceRecord,
  due: Evidence['due'],
  effects: readonly Effect[],
  events: Reporter,
): number | undefined {
  if (due === undefined || effects.some(({ kind }) => kind === 'skipRun')) return undefined;
  return events.emit('run_due', due, subjectOf(record));
}

/** Whether its times are watched for, and by which schedule. */
export function scheduleEffects(before: InstanceRecord, after: Draft): readonly WorldEffect[] {
  const { key } = after;
  const [followed, follows] = [followsSchedule(before), followsSchedule(after)];
  if (follows && !(followed && isSame(before.process.schedule, after.process.schedule)))
    return [{ kind: 'followSchedule', key }];
  return followed && !follows ? [{ kind: 'leaveSchedule', key }] : [];
}

function isSame(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

/** @returns its runs with the one that has just ended, if one has. */
export function runsAfter(record: Draft, before: Instance, { now, wall }: Moment): InstanceRecord['runs'] {
  const { machine, rules, runs } = record;
  if (rules.schedule === undefined || !isUnderWay(before) || isUnderWay(machine)) return runs;
  const durationMs = Math.round(now - record.begunAt);
  const run = {
    started_at: wall - durationMs,
    duration_ms: durationMs,
    failed: endedBadly(record),
    outcome: outcomeInWords(machine.outcome),
  };
  return [...runs, run].slice(-MAX_RUNS);
}

/** From its first step to the end of its last, or of what it left. */
function isUnderWay({ monitor }: Instance): boolean {
  return UNDER_WAY.has(monitor);
}

const UNDER_WAY: ReadonlySet<Instance['monitor']> = new Set([
  'preparing',
  'starting',
  'running',
  'stopping',
  'cleaning',
]);
