/** Carries out, through the ports, what a step has left to be done. Events that come of it go back into the queue. */

import { ofInstance } from '../../config/text/instance-text.ts';
import { assertNever } from '../../errors.ts';
import { BRIEF_LIFE_MS } from '../../lifecycle/backoff.ts';
import type { Leftovers } from '../../lifecycle/events.ts';
import type { ExitStatus, SpawnFailure } from '../../lifecycle/exit-outcome.ts';
import type { LeftProcess } from '../../wire/snapshot.ts';
import type { EventStream } from '../events/event-stream.ts';
import type { Cancel, Clock } from '../ports/clock.ts';
import type { HealthFact, HealthMonitor, ProbeSubject } from '../ports/health.ts';
import type { IncarnationId } from '../ports/incarnation.ts';
import type { InputPort } from '../ports/input.ts';
import type { Kernel, Leftover, PendingSpawn, SpawnAnswer } from '../ports/kernel.ts';
import type { OutputPort } from '../ports/output.ts';
import type { SocketPort } from '../ports/sockets.ts';
import { type InstanceRecord, subjectOf } from '../world/instance-record.ts';
import type { Notice, WorldEffect, WorldEvent } from '../world/world-event.ts';
import { awaitArrival, awaitIdle, type Idle } from './activation.ts';
import type { Handles } from './handles.ts';
import type { LeftoverWatch } from './leftover-watch.ts';
import type { SelfReports } from './self-reports.ts';
import { environmentFor, spawnRequest, streamsFor, targetsFor, withSockets } from './spawn-request.ts';
import type { SpawnTurns } from './spawn-turns.ts';
import type { StepRunner } from './step-runner.ts';

/** How often, and how many times, the engine looks whether what a program left becomes a daemon. */
const LOOK_EVERY_MS = 20;
const MAX_LOOKS = 10;

export interface PerformContext {
  readonly clock: Clock;
  readonly kernel: Kernel;
  readonly health: HealthMonitor;
  readonly output: OutputPort;
  readonly input: InputPort;
  readonly sockets: Pick<SocketPort, 'descriptorsOf' | 'awaitArrival' | 'awaitIdle'>;
  readonly events: EventStream;
  readonly spawnTurns: SpawnTurns;
  readonly leftovers: LeftoverWatch<InstanceRecord>;
  readonly selfReports: SelfReports;
  readonly steps: StepRunner;
  readonly handles: Handles;
  /** Takes an event into the queue. */
  readonly take: (event: WorldEvent) => void;
}

/** What is done for an instance. */
export type InstanceEffect = Extract<WorldEffect, { readonly key: string }>;
type Of<Kind extends InstanceEffect['kind']> = Extract<InstanceEffect, { kind: Kind }>;

export function perform(effect: InstanceEffect, record: InstanceRecord, context: PerformContext): void {
  const { kernel, handles, leftovers } = context;
  switch (effect.kind) {
    case 'spawn':
      spawn(record, effect, context);
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

function spawn(record: InstanceRecord, effect: Of<'spawn'>, context: PerformContext): void {
  const attempt = new SpawnAttempt(record, effect, context);
  const takeBack = context.spawnTurns.run(() => attempt.begin());
  if (takeBack === undefined) return;
  attempt.await({
    kind: 'pending',
    doing: 'start, after those before it',
    abandon: (why) => {
      takeBack();
      const errno = why === 'cancelled' ? 'ECANCELED' : 'ETIMEDOUT';
      attempt.fail({ step: 'wait', errno, message: 'it was stopped before its turn to start came' });
    },
  });
}

/** One spawn, from its turn to the end of the process. */
class SpawnAttempt {
  readonly #record: InstanceRecord;
  readonly #effect: Of<'spawn'>;
  readonly #context: PerformContext;

  constructor(record: InstanceRecord, effect: Of<'spawn'>, context: PerformContext) {
    this.#record = record;
    this.#effect = effect;
    this.#context = context;
  }

  begin(): void {
    const { name, ordinal, process: ofAll } = this.#record;
    const { output, input, kernel, selfReports, sockets } = this.#context;
    const process = ofInstance(ofAll, ordinal);
    const outputs = output.prepare(name, targetsFor(ofAll, ordinal));
    if (outputs.kind === 'failed') {
      this.fail(outputs.failure);
      return;
    }
    const streams = streamsFor(process, input.terminalSize(name), outputs);
    const environment = environmentFor(process, name, ordinal);
    const plain = spawnRequest(process, process.command, environment, streams);
    const request = selfReports.prepare(this.#record, withSockets(plain, sockets.descriptorsOf(process)));
    if (typeof request === 'string') {
      this.fail({ step: 'open notify socket', errno: 'EMFILE', message: request });
      return;
    }
    const result = kernel.spawn(
      request,
      (status) => this.#end(status),
      (late) => this.#answer(late),
    );
    if (result.kind === 'pending') this.await(result);
    else this.#answer(result);
  }

  /** Until the answer comes. */
  await(spawn: PendingSpawn): void {
    this.#context.handles.holdSpawn(this.#record.key, spawn);
    this.#notice({ spawning: spawn.doing });
  }

  fail(failure: SpawnFailure): void {
    this.#context.handles.forgetSpawn(this.#record.key);
    this.#tell({ fact: { kind: 'spawnFailed', failure } });
  }

  #answer(answer: SpawnAnswer): void {
    if (answer.kind === 'failed') {
      this.fail(answer.failure);
      return;
    }
    this.#context.handles.forgetSpawn(this.#record.key);
    takeOver(this.#record, answer, this.#id, this.#context);
    this.#context.selfReports.begin(this.#record, answer);
    const { pid, family } = answer;
    const startTime = this.#context.kernel.startTimeOf(family);
    this.#tell({ fact: { kind: 'spawned' }, evidence: { life: { pid, startTime, family } } });
  }

  #end(status: ExitStatus): void {
    const { clock, input } = this.#context;
    input.release(this.#id);
    const wasBrief = clock.now() - this.#record.spawnedAt < BRIEF_LIFE_MS;
    const tell = (): void => {
      const { leaves, left } = whatItLeaves(this.#record, status, this.#context);
      this.#tell({ fact: { kind: 'exited', status, leaves, wasBrief }, evidence: { left } });
    };
    if (mayLeaveDaemon(this.#record, status, this.#context)) this.#awaitDaemon(tell);
    else tell();
  }

  /** Looks again, a few times, until that is certain. Its number is free meanwhile: nobody must signal it. */
  #awaitDaemon(tell: () => void): void {
    const { kernel, clock } = this.#context;
    const record = this.#record;
    const { pid, family = 0 } = record;
    this.#notice({ pid: undefined });
    let looks = 0;
    const look = (): void => {
      looks += 1;
      const isDecided = isCertain(record, kernel.leftovers(family));
      if (!isDecided && looks < MAX_LOOKS && record.machine.monitor === 'healthcheck') {
        clock.after(LOOK_EVERY_MS, look);
        return;
      }
      this.#notice({ pid });
      tell();
    };
    clock.after(LOOK_EVERY_MS, look);
  }

  #notice(notice: Notice): void {
    const { incarnation } = this.#effect;
    this.#context.take({ type: 'noticed', key: this.#record.key, incarnation, notice });
  }

  get #id(): IncarnationId {
    return { instance: this.#record.name, incarnation: this.#effect.incarnation };
  }

  #tell(told: Pick<Extract<WorldEvent, { type: 'fact' }>, 'fact' | 'evidence'>): void {
    const { key } = this.#record;
    const { incarnation, causedBy } = this.#effect;
    this.#context.take({ type: 'fact', key, ...told, about: { incarnation }, causedBy });
  }
}

function takeOver(
  record: InstanceRecord,
  spawned: Extract<SpawnAnswer, { kind: 'spawned' }>,
  id: IncarnationId,
  { output, input }: PerformContext,
): void {
  output.attach(id, spawned);
  const { stdin } = record.process;
  if (spawned.stdinFd !== undefined && stdin !== 'null') input.attach(id, spawned.stdinFd, stdin);
}

/** It may have gone to the background, and on a busy machine that does not show yet. */
function mayLeaveDaemon(record: InstanceRecord, status: ExitStatus, { kernel }: PerformContext): boolean {
  const { process, machine, family } = record;
  const isStart = machine.monitor === 'healthcheck' && !process.leaveRunning;
  const endedWell = status.how === 'exited' && process.restart.exitCodes.includes(status.code);
  return isStart && endedWell && family !== undefined && !isCertain(record, kernel.leftovers(family));
}

/**
 * What a service left may not have called setsid(2) yet. What a forking program left may not be there yet: while it
 * forks again, a process that has just lost its parent can be missing from a reading of /proc.
 */
function isCertain({ rules }: InstanceRecord, left: readonly Leftover[]): boolean {
  if (rules.isForking) return left.length > 0;
  return left.length === 0 || left.some(({ isDaemon }) => isDaemon);
}

/** What is to stay is let go; daemons that a set-up step has started are. */
function whatItLeaves(
  { process, machine, family }: InstanceRecord,
  status: ExitStatus,
  { kernel }: PerformContext,
): { readonly leaves: Leftovers; readonly left: readonly LeftProcess[] } {
  if (family === undefined) return { leaves: 'nothing', left: [] };
  if (process.leaveRunning) {
    kernel.letDaemonsGo(family);
    return { leaves: 'nothing', left: [] };
  }
  const endedWell =
    machine.monitor !== 'stopping' &&
    status.how === 'exited' &&
    process.restart.exitCodes.includes(status.code);
  if (process.type === 'oneshot' && endedWell) kernel.letDaemonsGo(family);
  const leftovers = kernel.leftovers(family);
  if (leftovers.length === 0) return { leaves: 'nothing', left: [] };
  const leaves = leftovers.some(({ isDaemon }) => isDaemon) ? 'daemons' : 'members';
  return { leaves, left: kernel.leftRunning(family) };
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

function watch(record: InstanceRecord, { number, standing }: Of<'watch'>, context: PerformContext): void {
  const { health, handles, selfReports, take } = context;
  const { key } = record;
  const about = { incarnation: record.machine.incarnation, activity: number };
  const report = (fact: HealthFact | Idle): void => {
    const causedBy = 'causedBy' in fact ? fact.causedBy : undefined;
    take({ type: 'fact', key, fact, about, causedBy: causedBy ?? record.lastEvent });
  };
  const watchHealth = (): Cancel => health.watch(standing, subjectOfProbe(record), report);
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
