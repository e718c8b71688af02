/** What the engine reports of its instances, and what their records keep of it. */

import { ofInstance } from '../../config/text/instance-text.ts';
import type { Fact } from '../../lifecycle/events.ts';
import type { ExitStatus, SpawnFailure } from '../../lifecycle/exit-outcome.ts';
import type { MonitorState } from '../../lifecycle/states.ts';
import type { EventFields } from '../../wire/engine-event.ts';
import {
  type Draft,
  historyWith,
  type InstanceRecord,
  type Moment,
  subjectOf,
} from '../world/instance-record.ts';
import { BACKGROUNDED } from '../world/reasons.ts';
import type { EventStream } from './event-stream.ts';

/** What takes reports, and answers with the id of each. */
export type Reporter = Pick<EventStream, 'emit' | 'emitAs'>;

/**
 * Reports a fact and keeps it in the record, after the machine has taken it.
 * @param causedBy id of the event that caused the fact.
 * @returns id of the event, if the fact is one.
 */
export function reportFact(
  record: Draft,
  fact: Fact,
  causedBy: number | undefined,
  moment: Moment,
  events: Reporter,
): number | undefined {
  switch (fact.kind) {
    case 'connectionCame':
      return reportArrival(record, fact.socket, causedBy, events);
    case 'spawned':
      return reportSpawn(record, causedBy, events);
    case 'spawnFailed':
      return reportSpawnFailure(record, fact.failure, causedBy, moment, events);
    case 'stepFailed':
      return keepStepFailure(record, fact.failure, causedBy, moment);
    case 'exited':
      return reportExit(record, fact.status, moment, events);
    case 'watchdogExpired':
      record.healthReason = fact.reason;
      return reportWatchdog(record, fact.reason, causedBy, events);
    case 'becameUnhealthy':
      record.healthReason = fact.reason;
      return undefined;
    case 'becameHealthy':
      record.healthReason = undefined;
      return undefined;
    default:
      return undefined;
  }
}

function reportArrival(
  record: InstanceRecord,
  socket: string | undefined,
  causedBy: number | undefined,
  events: Reporter,
): number | undefined {
  const passed = record.process.sockets.find(({ name }) => name === socket);
  if (passed === undefined) return undefined;
  const fields = { socket: passed.name, address: passed.address };
  return events.emit('process_activated', fields, subjectOf(record), causedBy);
}

function reportWatchdog(
  record: InstanceRecord,
  reason: string,
  causedBy: number | undefined,
  events: Reporter,
): number {
  return events.emit('watchdog_expired', { reason }, subjectOf(record), causedBy);
}

function reportSpawn(record: InstanceRecord, causedBy: number | undefined, events: Reporter): number {
  const { command, spawn } = ofInstance(record.process, record.ordinal);
  const user = spawn.identity?.userName;
  const words = [command.file, ...command.args].join(' ');
  const fields = { command: words, ...(user && { user }) };
  return events.emit('process_spawned', fields, subjectOf(record), causedBy);
}

function reportSpawnFailure(
  record: Draft,
  { step, errno, message }: Extract<Fact, { kind: 'spawnFailed' }>['failure'],
  causedBy: number | undefined,
  { wall }: Moment,
  events: Reporter,
): number {
  const requested = errno === 'ECANCELED';
  const status = { how: 'not-started', message } as const;
  record.lastExit = { at: wall, status, requested, uptime_ms: 0 };
  const fields = { step, errno, message: `cannot start ${record.name}: ${message}` };
  return events.emit('spawn_failed', fields, subjectOf(record), causedBy);
}

/** The step runner has reported its end; if the start failed with it, the record says so. */
function keepStepFailure(
  record: Draft,
  failure: SpawnFailure,
  causedBy: number | undefined,
  { wall }: Moment,
): number | undefined {
  const { message, errno } = failure;
  if (failure.step.startsWith('post_start')) record.stepFailure = message;
  const { outcome } = record.machine;
  if (outcome?.kind !== 'notStarted' || outcome.failure !== failure) return causedBy;
  const status = { how: 'not-started', message } as const;
  record.lastExit = { at: wall, status, requested: errno === 'ECANCELED', uptime_ms: 0 };
  return causedBy;
}

/** @returns undefined of a process that was to leave a daemon, and did: what it left is reported once it is found. */
function reportExit(
  record: Draft,
  status: ExitStatus,
  { now, wall }: Moment,
  events: Reporter,
): number | undefined {
  if (record.machine.leader === 'dead' && record.machine.monitor === 'healthcheck') return undefined;
  const { ending } = record.machine;
  const requested = ending === 'requested';
  const uptimeMs = Math.round(now - record.spawnedAt);
  record.lastExit = {
    at: wall,
    status,
    requested,
    ...(ending === 'unhealthy' && { unhealthy: true }),
    ...(ending === 'start-timeout' && { start_timeout: true }),
    ...(ending === 'watchdog' && { watchdog: true }),
    uptime_ms: uptimeMs,
  };
  const fields = { status, uptime_ms: uptimeMs, requested };
  const killedBy = signalThatEnded(record, status);
  const exit = events.emit('process_exited', fields, subjectOf(record), killedBy);
  record.lastEvent = exit;
  reportLeftovers(record, exit, events);
  return exit;
}

/** What was left behind, and what is wrong with a program that went to the background. */
function reportLeftovers(record: InstanceRecord, exit: number, events: Reporter): void {
  const { machine, left } = record;
  if (machine.leader !== 'dead') return;
  const isBackgrounded = machine.ending === 'backgrounded';
  const message = isBackgrounded ? BACKGROUNDED : 'it left processes running, which are stopped now';
  const level = isBackgrounded ? 'warn' : 'info';
  const fields = { left: left.map(({ pid, command }) => `${pid} ${command}`), message };
  events.emitAs(level, 'process_left_running', fields, subjectOf(record), exit);
}

/**
 * Reports that a turn has left the record in another state than `from`.
 * @returns id of the event.
 */
export function reportState(
  record: Draft,
  from: MonitorState,
  cause: number | undefined,
  { now, wall }: Moment,
  events: Reporter,
): number {
  const { machine, reason, deadline, waitingFor } = record;
  const retryInMs = machine.monitor === 'backoff' && deadline ? deadline.at - now : undefined;
  const fields = {
    from,
    to: machine.monitor,
    ...(reason !== null && { reason }),
    ...(retryInMs !== undefined && { retry_in_ms: Math.round(retryInMs) }),
    ...(waitingFor.length > 0 && { waiting_for: [...waitingFor] }),
    ...triggerOf(record),
  };
  const event = events.emit('state_changed', fields, subjectOf(record), cause);
  record.lastEvent = event;
  record.history = historyWith(record, { time: wall, from, to: machine.monitor, reason });
  return event;
}

/** @returns id of the event of the signal that ended the incarnation, if the engine sent it. */
function signalThatEnded({ lastSignal, machine }: InstanceRecord, status: ExitStatus): number | undefined {
  const wasOurs = machine.ending !== 'by-itself';
  const diedOfIt = status.how === 'signalled' && status.signal === lastSignal?.signal;
  return wasOurs || diedOfIt ? lastSignal?.event : undefined;
}

/** Why the engine stops it, if nobody asked for that. */
function triggerOf({ machine }: InstanceRecord): Pick<EventFields['state_changed'], 'trigger'> {
  const { monitor, ending } = machine;
  if (monitor !== 'stopping' || ending === 'by-itself' || ending === 'requested' || ending === 'vanished')
    return {};
  return { trigger: ending };
}
