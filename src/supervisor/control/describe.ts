/** From records to what the outside may see (`snapshot.ts`). */

import type { PassedSocket } from '../../config/resolved-config.ts';
import {
  type DesiredState,
  hasArrived,
  type MonitorState,
  type VisibleState,
} from '../../lifecycle/states.ts';
import type { EngineEvent } from '../../wire/engine-event.ts';
import type {
  ContainerSnapshot,
  Deadline,
  DroppedOutput,
  HealthVerdict,
  InstanceSnapshot,
  InstanceUsage,
  LeftProcess,
  ListeningSocket,
  ScheduleSnapshot,
  StepSnapshot,
  WhyReport,
} from '../../wire/snapshot.ts';
import type { Clock } from '../ports/clock.ts';
import type { ProbeRun } from '../ports/health.ts';
import type { ContainerUsage, GroupUsage, UsageReading } from '../ports/usage.ts';
import type { InstanceRecord } from '../world/instance-record.ts';
import { nextInWords, nextStage, reasonFor } from '../world/reasons.ts';

const DESIRED_WORDS: Readonly<Record<DesiredState, InstanceSnapshot['desired']>> = {
  start: 'up',
  up: 'up',
  restart: 'restart',
  run: 'up',
  // Its schedule is stopped; that it runs now is an exception.
  once: 'down',
  last: 'down',
  down: 'down',
  killed: 'down',
  // Policy's verdicts rest an instance that is still wanted; `reason` says why it does not run.
  resting: 'up',
  givenUp: 'up',
};

const HEALTH_WORDS: Partial<Readonly<Record<string, InstanceSnapshot['health']>>> = {
  healthcheck: 'starting',
  poststart: 'starting',
  healthy: 'healthy',
  unhealthy: 'unhealthy',
};

/** What is known of an instance beside its record. */
export interface Beside {
  readonly dropped: readonly DroppedOutput[];
  /** Where somebody asked for it. */
  readonly usage?: UsageReading | undefined;
  readonly left: readonly LeftProcess[];
  readonly groups?: readonly string[] | undefined;
}

export function describeInstance(
  record: InstanceRecord,
  clock: Clock,
  { dropped, usage, left, groups }: Beside,
): InstanceSnapshot {
  const { machine, process } = record;
  const now = clock.now();
  const runs = machine.leader === 'alive';
  const used = runs && record.pid !== undefined ? usage?.get(record.pid) : undefined;
  return {
    name: record.name,
    process: process.name,
    ...(process.description === undefined ? {} : { description: process.description }),
    ...(groups !== undefined && { groups }),
    state: machine.monitor as VisibleState,
    desired: DESIRED_WORDS[machine.desired],
    since: record.enteredWall,
    state_age_ms: Math.round(now - record.enteredAt),
    health: HEALTH_WORDS[machine.monitor] ?? 'none',
    pid: runs ? (record.pid ?? null) : null,
    incarnation: machine.incarnation,
    uptime_ms: runs ? Math.round(now - record.spawnedAt) : null,
    restarts: record.totalRestarts,
    consecutive_restarts: machine.restarts,
    last_exit: record.lastExit,
    ...scheduleOf(record, clock.wallTime()),
    reason: machine.leader === 'dead' ? reasonFor({ ...record, left }) : record.reason,
    ...stepOf(record, now),
    ...(record.statusText !== undefined && { status_text: record.statusText }),
    ...(machine.monitor === 'listening' && { listening_on: process.sockets.map(onTheSocket) }),
    ...(record.activatedBy !== undefined && { activated_by: record.activatedBy }),
    waiting_for: record.waitingFor,
    retry_in_ms:
      machine.monitor === 'backoff' && record.deadline !== undefined
        ? Math.max(0, Math.round(record.deadline.at - now))
        : null,
    ...deadlineOf(record, now),
    ...(runs && { started_at: record.spawnedWall }),
    ...(left.length > 0 && { left_running: left }),
    ...(used !== undefined && { usage: onTheWire(used) }),
    ...(dropped.length > 0 && { dropped_output: dropped }),
  };
}

function stepOf({ step }: InstanceRecord, now: number): { step?: StepSnapshot } {
  if (step === undefined) return {};
  const { name, program, number, count, startedAt, timeoutMs } = step;
  return {
    step: { name, program, number, of: count, age_ms: Math.round(now - startedAt), timeout_ms: timeoutMs },
  };
}

function onTheSocket({ name, address }: PassedSocket): ListeningSocket {
  return { socket: name, address };
}

function scheduleOf(
  { process, nextRunAt, runs }: InstanceRecord,
  wall: number,
): { schedule?: ScheduleSnapshot } {
  if (process.schedule === undefined) return {};
  const { times } = process.schedule;
  return {
    schedule: {
      ...(times.kind === 'cron'
        ? { expression: times.expression, ...(times.timezone !== undefined && { timezone: times.timezone }) }
        : { every_ms: times.periodMs }),
      next_run_at: nextRunAt ?? null,
      next_run_in_ms: nextRunAt === undefined ? null : Math.max(0, Math.round(nextRunAt - wall)),
      last_run: runs.at(-1) ?? null,
    },
  };
}

function deadlineOf(record: InstanceRecord, now: number): { deadline?: Deadline } {
  const { machine, deadline } = record;
  const isBackoff = machine.monitor === 'backoff';
  if (deadline === undefined || !(isBackoff || machine.monitor === 'stopping')) return {};
  return {
    deadline: {
      action: isBackoff ? 'start' : nextStage(record),
      in_ms: Math.max(0, Math.round(deadline.at - now)),
      of_ms: Math.round(deadline.afterMs),
    },
  };
}

export function describeContainer({ load, processors, ...memory }: ContainerUsage): ContainerSnapshot {
  return {
    load,
    processors,
    memory_bytes: memory.memoryBytes ?? null,
    memory_limit_bytes: memory.memoryLimitBytes ?? null,
  };
}

function onTheWire(used: GroupUsage): InstanceUsage {
  return {
    cpu_seconds: used.cpuSeconds,
    memory_bytes: used.residentBytes,
    anonymous_bytes: used.anonymousBytes,
    processes: used.processes,
  };
}

export function explainInstance(
  record: InstanceRecord,
  clock: Clock,
  evidence: {
    readonly probes: readonly ProbeRun[];
    readonly lastOutput: readonly string[];
    readonly dropped: readonly DroppedOutput[];
    readonly chain: readonly EngineEvent[];
    readonly left: readonly LeftProcess[];
  },
): WhyReport {
  return {
    instance: describeInstance(record, clock, evidence),
    chain: evidence.chain,
    history: record.history,
    probes: evidence.probes.map(({ startedAt, durationMs, ...rest }) => ({
      started_at: startedAt,
      duration_ms: durationMs,
      ...rest,
    })),
    last_output: evidence.lastOutput,
    next: nextInWords(record, { now: clock.now(), wall: clock.wallTime() }),
    ...(record.process.schedule !== undefined && { runs: record.runs }),
  };
}

/**
 * The three questions orchestrators ask.
 * @param expected those that are configured to run.
 */
export function judgeHealth(
  question: 'startup' | 'ready' | 'live',
  {
    all,
    expected,
  }: { readonly all: readonly InstanceRecord[]; readonly expected: readonly InstanceRecord[] },
  main: string | undefined,
): HealthVerdict {
  switch (question) {
    case 'startup':
      return verdict(
        expected,
        (record) => record.hasBeenReady || isReady(record),
        'every process has been healthy or completed once',
      );
    case 'ready':
      return verdict(expected, (record) => isReady(record), 'every process is healthy or completed');
    case 'live': {
      const essential = all.filter(({ process }) => process.essential || process.name === main);
      return verdict(
        essential,
        ({ machine }) => machine.monitor !== 'failed' && machine.monitor !== 'blocked',
        'the engine works',
      );
    }
  }
}

/** Of a schedule, a run that is under way or has failed does not make the container unready; one that cannot start does. */
function isReady({ machine, rules }: InstanceRecord): boolean {
  if (hasArrived('start', machine.monitor)) return true;
  return rules.schedule !== undefined && !NOT_READY.has(machine.monitor);
}

const NOT_READY: ReadonlySet<MonitorState> = new Set(['blocked', 'stopped', 'failed', 'idle']);

function verdict(
  records: readonly InstanceRecord[],
  isFine: (record: InstanceRecord) => boolean,
  allFine: string,
): HealthVerdict {
  const bad = records.filter((record) => !isFine(record));
  const first = bad[0];
  if (first === undefined) return { ok: true, reason: allFine };
  const why = first.reason === null ? '' : ` (${first.reason})`;
  const more = bad.length > 1 ? `, and ${bad.length - 1} more` : '';
  return { ok: false, reason: `${first.name} is ${first.machine.monitor}${why}${more}` };
}
