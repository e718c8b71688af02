/** Why an instance is in its state, as one sentence for people. */

import type { Readiness } from '../../config/resolved-config.ts';
import { exitInWords } from '../../exit-status.ts';
import { mayHeal } from '../../lifecycle/exit-outcome.ts';
import type { Ending, Outcome } from '../../lifecycle/instance.ts';
import { isFailure, isTriggeredTooOften } from '../../lifecycle/policy.ts';
import { shortDuration } from '../../units.ts';
import type { LeftProcess } from '../../wire/snapshot.ts';
import { type InstanceRecord, listsOf, type Moment, type RunningStep } from './instance-record.ts';

/** Of what was left running, in a sentence. */
const MAX_NAMED = 3;

/** Why a program that went to the background has failed, and what to do. */
export const BACKGROUNDED =
  'it put itself in the background; run it in the foreground (nginx: "daemon off;", redis: "daemonize no", sshd: -D), ' +
  'or set leave_running = true if what it starts is meant to stay';

const READY_WHEN = {
  check: 'healthy once its check succeeds',
  notified: 'healthy once it says that it is ready (READY=1)',
  descriptor: 'healthy once it writes a newline to its notify_fd',
  line: 'healthy once it prints what ready_log expects',
  forked: 'healthy once it has left its daemon and exited',
} as const;

const ENDINGS: Partial<Readonly<Record<Ending, string>>> = {
  unhealthy: 'unhealthy',
  watchdog: 'its watchdog expired',
  'start-timeout': 'start timed out',
  idle: 'stopped because it was idle',
  overlap: 'stopped because its next run was due',
  vanished: 'it left no daemon running',
  'poststart-failed': 'a post_start step failed',
};

export function outcomeInWords(outcome: Outcome | undefined): string {
  if (outcome === undefined) return 'never ran';
  if (outcome.kind === 'notStarted') return outcome.failure.message;
  const words = exitInWords(outcome.status);
  const why = ENDINGS[outcome.ending];
  return why === undefined ? words : `${why}, ${words}`;
}

/** With the step that made it end. */
function endInWords({ machine: { outcome }, stepFailure }: InstanceRecord): string {
  const isByStep = outcome?.kind === 'ended' && outcome.ending === 'poststart-failed';
  return isByStep && stepFailure !== undefined ? stepFailure : outcomeInWords(outcome);
}

/** @returns null where the state speaks for itself. */
export function reasonFor(record: InstanceRecord): string | null {
  const { machine } = record;
  switch (machine.monitor) {
    case 'healthcheck':
      return machine.leader === 'dead' ? (record.healthReason ?? 'waits for its daemon') : null;
    case 'listening':
      return `listens on ${socketsInWords(record)}`;
    case 'idle':
    case 'running':
    case 'healthy':
    case 'ended':
      return null;
    case 'preparing':
    case 'poststart':
    case 'cleaning':
      return stepInWords(record);
    case 'starting':
      return record.spawning === undefined ? null : `trying to ${record.spawning}`;
    case 'scheduled':
      return lastRunInWords(record);
    case 'waiting':
      return record.waitingFor.length === 0 ? null : `waits for ${record.waitingFor.join(', ')}`;
    case 'blocked':
      return `needs ${record.blockedBy.join(', and ')}`;
    case 'unhealthy':
      return record.healthReason ?? null;
    case 'stopping':
      return stoppingReason(record);
    case 'backoff':
      return `${endInWords(record)}; ${retryInWords(record)}`;
    case 'completed':
      return outcomeInWords(machine.outcome);
    case 'stopped':
      return record.wanted.cause;
    case 'failed':
      return failedReason(record);
  }
}

function stoppingReason(record: InstanceRecord): string {
  const { machine, left } = record;
  if (machine.leader === 'dead')
    return `${outcomeInWords(machine.outcome)}; stopping what it left running: ${leftInWords(left)}`;
  if (machine.leader === 'none') return `waits for ${nameOfStep(record.step)} to end`;
  if (machine.ending === 'unhealthy') return `unhealthy: ${record.healthReason ?? 'its health check failed'}`;
  if (machine.ending === 'poststart-failed') return record.stepFailure ?? 'a post_start step failed';
  if (machine.ending === 'watchdog') return record.healthReason ?? 'its watchdog expired';
  if (machine.ending === 'start-timeout') return startTimeoutInWords(record);
  if (machine.ending === 'idle') return idleInWords(record);
  if (machine.ending === 'overlap') return 'its next run is due';
  if (machine.stopStage === 'announced') return 'it said that it stops';
  return record.wanted.cause;
}

/** `http (0.0.0.0:80), control (/run/control.sock)`. */
function socketsInWords({ process: { sockets } }: InstanceRecord): string {
  return sockets.map(({ name, address }) => `${name} (${address})`).join(', ');
}

function idleInWords({ process: { activation } }: InstanceRecord): string {
  const idleMs = activation?.idleStopMs;
  return `nobody used its sockets${idleMs === undefined ? '' : ` for ${shortDuration(idleMs)} (idle_stop)`}`;
}

function stepInWords({ step }: InstanceRecord): string | null {
  return step === undefined ? null : `runs ${nameOfStep(step)}`;
}

/** `pre_start[1] /bin/initdb (2 of 3)` */
function nameOfStep(step: RunningStep | undefined): string {
  if (step === undefined) return 'a step';
  const { name, program, number, count } = step;
  return count === 1 ? `${name} ${program}` : `${name} ${program} (${number} of ${count})`;
}

/** `pid 12 (sleep 1000), pid 14 (cat), 3 more`. */
export function leftInWords(left: readonly LeftProcess[]): string {
  const named = left.slice(0, MAX_NAMED).map(({ pid, command }) => `pid ${pid} (${command})`);
  const more = left.length > MAX_NAMED ? [`${left.length - MAX_NAMED} more`] : [];
  return [...named, ...more].join(', ');
}

function startTimeoutInWords({ process, rules, healthReason }: InstanceRecord): string {
  const what = process.type === 'oneshot' ? 'has not finished' : unproven(process.readiness, healthReason);
  return `${what} within ${shortDuration(rules.startTimeoutMs ?? 0)} (start_timeout)`;
}

function unproven(readiness: Readiness | undefined, why: string | undefined): string {
  switch (readiness?.kind) {
    case undefined:
      return 'is not healthy';
    case 'forked':
      return `has left no daemon (${why ?? 'it has not exited'})`;
    case 'line':
      return 'has not printed what ready_log expects';
    case 'notified':
    case 'descriptor':
      return 'has not said that it is ready';
  }
}

function retryInWords(record: InstanceRecord): string {
  const { maxRestarts } = record.rules.restart;
  const count =
    maxRestarts === undefined ? `${record.machine.restarts}` : `${record.machine.restarts} of ${maxRestarts}`;
  return `restart ${count}`;
}

function failedReason(record: InstanceRecord): string {
  const { outcome, restarts } = record.machine;
  const words = endInWords(record);
  if (outcome === undefined) return words;
  if (outcome.kind === 'ended' && outcome.ending === 'backgrounded') {
    return `${words}, but left ${leftInWords(record.left)}: ${BACKGROUNDED}`;
  }
  if (outcome.kind === 'notStarted' && !mayHeal(outcome.failure)) return words;
  if (isTriggeredTooOften(record.machine, record.rules))
    return `${words}; connections started it ${record.machine.briefLives} times in a row, and each time it ended at once`;
  if (restarts === 0) return words;
  return `${words}, after ${restarts} restart${restarts === 1 ? '' : 's'} in a row`;
}

/** What happens next and when, one sentence. */
export function nextInWords(record: InstanceRecord, { now, wall }: Moment): string {
  const { machine } = record;
  const left =
    record.deadline === undefined ? undefined : shortDuration(Math.max(0, record.deadline.at - now));
  const startLimit = left === undefined ? '' : `; stopped if that takes longer than ${left} more`;
  switch (machine.monitor) {
    case 'backoff':
      return `starts again in ${left ?? 'a moment'}`;
    case 'listening':
      return 'starts with the first connection';
    case 'scheduled':
      return nextRunInWords(record, wall);
    case 'waiting':
      return record.waitingFor.length === 0
        ? 'starts now'
        : `starts when what it waits for has come: ${record.waitingFor.join(', ')}`;
    case 'blocked':
      return 'nothing, until what it needs is started again';
    case 'preparing':
      return `starts once that has ended well${stepLimit(record, now)}`;
    case 'poststart':
      return `healthy once that has ended well${stepLimit(record, now)}`;
    case 'cleaning':
      return `goes on once that has ended${stepLimit(record, now)}`;
    case 'stopping':
      if (machine.leader === 'none') return 'goes on once that has ended';
      if (machine.stopStage === 'killed') return 'KILL was sent; waits for the kernel to end it';
      return `${nextStage(record)} in ${left ?? 'a moment'}, unless it ends before`;
    case 'starting':
      return `given up if its program is not executed within ${left ?? 'a moment'}`;
    case 'healthcheck':
      return `${READY_WHEN[record.process.readiness?.kind ?? 'check']}${startLimit}`;
    case 'running':
      return `done when it exits${startLimit}`;
    case 'healthy':
    case 'unhealthy':
      return whenItEnds(record);
    case 'failed':
      return 'nothing, until someone starts it or a reload changes it';
    case 'idle':
    case 'stopped':
      return 'nothing, until someone starts it';
    default:
      return 'nothing';
  }
}

/** Only what is wrong: that it waits for its time speaks for itself. */
function lastRunInWords({ runs }: InstanceRecord): string | null {
  const last = runs.at(-1);
  return last?.failed === true ? `its last run failed: ${last.outcome}` : null;
}

function nextRunInWords({ nextRunAt }: InstanceRecord, wall: number): string {
  if (nextRunAt === undefined) return 'nothing: its schedule has no more times';
  const at = new Date(nextRunAt).toISOString().replace(/\.\d+Z$/, 'Z');
  return `runs in ${shortDuration(Math.max(0, nextRunAt - wall))}, at ${at}`;
}

function stepLimit({ step }: InstanceRecord, now: number): string {
  if (step === undefined) return '';
  return `; ended after ${shortDuration(Math.max(0, step.startedAt + step.timeoutMs - now))} more`;
}

/** What the stop sequence does after its present stage: a signal, or a command by its name. */
export function nextStage(record: InstanceRecord): string {
  const { machine } = record;
  const { stopStage } = machine;
  if (stopStage === 'killed') return 'SIGKILL';
  const next = typeof stopStage === 'number' ? stopStage + 1 : 0;
  const isSkipped = ({ kind }: { kind: string }): boolean =>
    kind === 'pause' || (kind === 'command' && (machine.leader !== 'alive' || typeof stopStage !== 'number'));
  const stage = listsOf(record)
    .stop.slice(next)
    .find((one) => !isSkipped(one));
  if (stage?.kind === 'command') return stage.step.name;
  return stage?.kind === 'signal' ? stage.signal : 'SIGKILL';
}

function whenItEnds({ rules, process: { activation } }: InstanceRecord): string {
  if (activation?.idleStopMs !== undefined)
    return `stopped when nobody has used its sockets for ${shortDuration(activation.idleStopMs)}`;
  if (activation !== undefined) return 'listens again when it ends';
  switch (rules.restart.policy) {
    case 'no':
      return 'stays down when it ends';
    case 'on-failure':
      return 'is started again if it fails';
    case 'always':
    case 'unless-stopped':
      return 'is started again when it ends';
  }
}

/** Whether the last ending counts as a failure, for `last_exit` and the log level. */
export function endedBadly(record: InstanceRecord): boolean {
  return record.machine.outcome !== undefined && isFailure(record.machine.outcome, record.rules);
}
