/** Carries out, through the ports, what a step has left to be done. Events that come of it go back into the queue. */

import { ofInstance } from '../../config/text/instance-text.ts';
import { assertNever } from '../../errors.ts';
import type { Cancel } from '../ports/clock.ts';
import type { HealthFact, ProbeSubject } from '../ports/health.ts';
import { type InstanceRecord, subjectOf } from '../world/instance-record.ts';
import type { WorldEffect } from '../world/world-event.ts';
import { awaitArrival, awaitIdle, type Idle } from './activation.ts';
import type { PerformContext } from './perform-context.ts';
import { adoptLife, spawn } from './spawn-attempt.ts';
import { environmentFor, targetsFor } from './spawn-request.ts';

/** What is done for an instance. */
export type InstanceEffect = Extract<WorldEffect, { readonly key: string }>;
type Of<Kind extends InstanceEffect['kind']> = Extract<InstanceEffect, { kind: Kind }>;

export function perform(effect: InstanceEffect, record: InstanceRecord, context: PerformContext): void {
  const { kernel, handles, leftovers } = context;
  switch (effect.kind) {
    case 'spawn':
      spawn(record, effect, context);
      break;
    case 'adopt':
      adoptLife(record, context);
      break;
    case 'adoptStep':
      context.steps.adopt(record);
      break;
    case 'abandonSpawn':
      handles.spawn(record.key)?.abandon(effect.why);
      break;
    case 'signal':
      sendSignal(record, effect, context);
      break;
    case 'runStep':
      context.steps.run(record, effect);
      break;
    case 'endStep':
      context.steps.end(record, effect.why, effect.now);
      break;
    case 'startTimer':
      startTimer(record, effect, context);
      break;
    case 'stopTimer':
      handles.dropDeadline(record.key);
      break;
    case 'watch':
      watch(record, effect, context);
      break;
    case 'awaitArrival':
      awaitArrival(record, effect.number, context);
      break;
    case 'endWatch':
      handles.dropWatch(record.key);
      break;
    case 'remember':
      kernel.remember(effect.family);
      break;
    case 'seekDaemon':
      context.selfReports.seekDaemon(record);
      break;
    case 'endSelfReports':
      context.selfReports.end(record);
      break;
    case 'awaitLeftovers':
      leftovers.await(record);
      break;
    case 'leaveLeftovers':
      leftovers.release(record);
      break;
    case 'letDaemonsGo':
      kernel.letDaemonsGo(effect.family);
      break;
    case 'release':
      kernel.release(effect.family);
      break;
    case 'followSchedule':
      context.timetable.follow(record, effect.resumes);
      break;
    case 'leaveSchedule':
      context.timetable.leave(record.key);
      break;
    case 'updateOutput':
      context.output.update(record.name, targetsFor(record.process, record.ordinal));
      break;
    case 'rename':
      rename(record, effect.was, context);
      break;
    case 'reloadSignal':
      sendReloadSignal(record, effect, context);
      break;
    default:
      assertNever(effect, 'effect');
  }
}

function sendSignal(
  record: InstanceRecord,
  { signal, to, causedBy }: Of<'signal'>,
  context: PerformContext,
): void {
  const { key, pid, family, machine } = record;
  if (pid === undefined || family === undefined) return;
  const { kernel } = context;
  if (machine.leader === 'alive') kernel.remember(family);
  const answer =
    to === 'leader' ? kernel.signalProcess(pid, signal) : kernel.signalFamily(family, signal, to);
  // `gone` is no error: its exit is on its way to us, and not every process has others.
  if (answer === 'gone' && (to === 'others' || to === 'outsiders')) return;
  const fields = { signal, to, reason: answer === 'delivered' ? record.wanted.cause : answer } as const;
  const level = answer === 'not-permitted' ? 'error' : 'debug';
  const event = context.events.emitAs(level, 'signal_sent', fields, subjectOf(record), causedBy);
  if (answer !== 'delivered') return;
  const notice = { lastSignal: { signal, event } };
  context.take({ type: 'noticed', key, incarnation: machine.incarnation, notice });
}

function startTimer(
  record: InstanceRecord,
  { number, afterMs }: Of<'startTimer'>,
  { clock, handles, take }: PerformContext,
): void {
  const { key } = record;
  const about = { incarnation: record.machine.incarnation, deadline: number };
  const onTime = (): void =>
    take({ type: 'fact', key, fact: { kind: 'deadlinePassed' }, about, causedBy: record.lastEvent });
  handles.dropDeadline(key);
  handles.holdDeadline(key, clock.after(afterMs, onTime));
}

function watch(
  record: InstanceRecord,
  { number, standing, ageMs }: Of<'watch'>,
  context: PerformContext,
): void {
  const { health, handles, selfReports, take } = context;
  const { key } = record;
  const about = { incarnation: record.machine.incarnation, activity: number };
  const report = (fact: HealthFact | Idle): void => {
    const causedBy = 'causedBy' in fact ? fact.causedBy : undefined;
    take({ type: 'fact', key, fact, about, causedBy: causedBy ?? record.lastEvent });
  };
  const runs = context.handover.get(key)?.probes ?? [];
  const watchHealth = (): Cancel =>
    ageMs === undefined
      ? health.watch(standing, subjectOfProbe(record), report)
      : health.adopt({ ageMs, runs }, standing, subjectOfProbe(record), report);
  const isUnproven = standing === 'unproven';
  const { activation, readiness } = record.process;
  if (activation?.idleStopMs !== undefined && !isUnproven)
    handles.holdIdleWatch(key, awaitIdle(record, activation.idleStopMs, report, context));
  if (readiness === undefined) {
    handles.holdWatch(key, watchHealth());
    return;
  }
  const end = isUnproven ? selfReports.awaitReadiness(record, report) : selfReports.guard(record);
  const isItsOwn = isUnproven && selfReports.proves(record);
  const endProbes = isItsOwn ? undefined : watchHealth();
  handles.holdWatch(key, () => {
    end();
    endProbes?.();
  });
}

function subjectOfProbe(record: InstanceRecord): ProbeSubject {
  const process = ofInstance(record.process, record.ordinal);
  return {
    // A reload may rename the instance while it is watched.
    get instance() {
      return record.name;
    },
    incarnation: record.machine.incarnation,
    pid: record.pid ?? 0,
    process,
    environment: environmentFor(process, record.name, record.ordinal),
  };
}

function rename({ name }: InstanceRecord, was: string, { health, output, input }: PerformContext): void {
  health.rename(was, name);
  output.rename(was, name);
  input.rename(was, name);
}

function sendReloadSignal(
  record: InstanceRecord,
  { signal, causedBy }: Of<'reloadSignal'>,
  { kernel, events }: PerformContext,
): void {
  if (record.pid === undefined) return;
  kernel.signalProcess(record.pid, signal);
  const fields = { signal, to: 'process', reason: 'to read its configuration again' } as const;
  events.emitAs('info', 'signal_sent', fields, subjectOf(record), causedBy);
}

/** Of one that has no record any more. */
export function forget(
  { name, family }: Extract<WorldEffect, { kind: 'forget' }>,
  { kernel, health, output, input }: PerformContext,
): void {
  if (family !== undefined) kernel.release(family);
  health.forget(name);
  output.forget(name);
  input.forget(name);
}
