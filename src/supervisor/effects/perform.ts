/** Carries out the effects of a step through the ports. Facts that come of it go back through `enqueue`. */

import { ofInstance } from '../../config/text/instance-text.ts';
import { assertNever } from '../../errors.ts';
import { BRIEF_LIFE_MS } from '../../lifecycle/backoff.ts';
import type { Effect } from '../../lifecycle/effects.ts';
import type { Fact, Leftovers } from '../../lifecycle/events.ts';
import type { ExitStatus } from '../../lifecycle/exit-outcome.ts';
import type { EventStream } from '../events/event-stream.ts';
import type { Clock } from '../ports/clock.ts';
import type { IncarnationId } from '../ports/incarnation.ts';
import type { InputPort } from '../ports/input.ts';
import type { Kernel, PendingSpawn, SpawnAnswer } from '../ports/kernel.ts';
import type { OutputPort } from '../ports/output.ts';
import type { SocketPort } from '../ports/sockets.ts';
import { type InstanceRecord, subjectOf } from '../world/instance-record.ts';
import type { Activities, TellFact } from './activities.ts';
import type { Handles } from './handles.ts';
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
  readonly spawnTurns: SpawnTurns;
  readonly output: OutputPort;
  readonly input: InputPort;
  readonly sockets: Pick<SocketPort, 'descriptorsOf'>;
  readonly events: EventStream;
  readonly activities: Activities;
  readonly steps: StepRunner;
  /** Between 0 and 1. */
  readonly random: () => number;
  readonly handles: Handles;
  readonly selfReports: SelfReports;
  readonly fact: TellFact;
  /** `on_unhealthy = "exit"`. */
  readonly exitUnhealthy: (record: InstanceRecord, causedBy: number | undefined) => void;
  readonly fault: (error: unknown) => void;
}

/** @param causedBy id of the event that the effect comes of. */
export function perform(
  effect: Effect,
  record: InstanceRecord,
  context: PerformContext,
  causedBy: number | undefined,
): void {
  switch (effect.kind) {
    case 'spawn':
      spawn(record, effect.incarnation, context, causedBy);
      break;
    case 'abandonSpawn':
      context.handles.spawn(record.key)?.abandon(effect.why);
      break;
    case 'signal':
      sendSignal(record, effect, context, causedBy);
      break;
    case 'runStep':
      context.steps.run(record, effect, causedBy);
      break;
    case 'endStep':
      context.steps.end(record, effect.why, effect.now);
      break;
    case 'armDeadline':
      armDeadline(record, effect, context);
      break;
    case 'disarmDeadline':
      context.handles.dropDeadline(record.key);
      record.deadline = undefined;
      break;
    case 'beginActivity':
      context.activities.begin(record, effect.activity, causedBy);
      break;
    case 'endActivity':
      context.activities.end(record);
      break;
    case 'exitEngine':
      context.exitUnhealthy(record, causedBy);
      break;
    case 'reportImpossible':
      context.fault(new Error(`impossible event for ${record.name}: ${effect.what}`));
      break;
    default:
      assertNever(effect, 'effect');
  }
}

function spawn(
  record: InstanceRecord,
  incarnation: number,
  context: PerformContext,
  causedBy: number | undefined,
): void {
  record.lastSignal = undefined;
  record.left = [];
  if (record.family !== undefined) context.kernel.release(record.family);
  record.family = undefined;
  const answer = (fact: Fact): void => context.fact(record, fact, { incarnation }, causedBy);
  const begin = (): void => beginSpawn(record, incarnation, context, answer);
  const takeBack = context.spawnTurns.run(begin);
  if (takeBack === undefined) return;
  awaitAnswer(record, context, {
    kind: 'pending',
    doing: 'start, after those before it',
    abandon: (why) => {
      takeBack();
      hasAnswer(record, context);
      const errno = why === 'cancelled' ? 'ECANCELED' : 'ETIMEDOUT';
      const message = 'it was stopped before its turn to start came';
      answer({ kind: 'spawnFailed', failure: { step: 'wait', errno, message } });
    },
  });
}

function awaitAnswer(record: InstanceRecord, { handles }: PerformContext, spawn: PendingSpawn): void {
  record.spawning = spawn.doing;
  handles.holdSpawn(record.key, spawn);
}

function hasAnswer(record: InstanceRecord, { handles }: PerformContext): void {
  record.spawning = undefined;
  handles.forgetSpawn(record.key);
}

function beginSpawn(
  record: InstanceRecord,
  incarnation: number,
  context: PerformContext,
  answer: (fact: Fact) => void,
): void {
  const { name, ordinal } = record;
  const process = ofInstance(record.process, ordinal);
  hasAnswer(record, context);
  const outputs = context.output.prepare(name, targetsFor(record.process, ordinal));
  if (outputs.kind === 'failed') {
    answer({ kind: 'spawnFailed', failure: outputs.failure });
    return;
  }
  const streams = streamsFor(process, context.input.terminalSize(name), outputs);
  const environment = environmentFor(process, name, ordinal);
  const request = context.selfReports.prepare(
    record,
    withSockets(
      spawnRequest(process, process.command, environment, streams),
      context.sockets.descriptorsOf(process),
    ),
  );
  if (typeof request === 'string') {
    const failure = { step: 'open notify socket', errno: 'EMFILE', message: request };
    answer({ kind: 'spawnFailed', failure });
    return;
  }
  const onExit = (status: ExitStatus): void => {
    context.input.release({ instance: record.name, incarnation });
    const wasBrief = context.clock.now() - record.spawnedAt < BRIEF_LIFE_MS;
    const tell = (): void =>
      answer({ kind: 'exited', status, leaves: whatItLeaves(record, status, context), wasBrief });
    if (mayLeaveDaemon(record, status, context)) awaitDaemon(record, context, tell);
    else tell();
  };
  const onAnswer = (late: SpawnAnswer): void => {
    hasAnswer(record, context);
    if (late.kind === 'failed') {
      answer({ kind: 'spawnFailed', failure: late.failure });
      return;
    }
    takeOver(record, late, { instance: record.name, incarnation }, context);
    context.selfReports.begin(record, late);
    answer({ kind: 'spawned' });
  };
  const result = context.kernel.spawn(request, onExit, onAnswer);
  if (result.kind === 'pending') awaitAnswer(record, context, result);
  else onAnswer(result);
}

function takeOver(
  record: InstanceRecord,
  spawned: Extract<SpawnAnswer, { kind: 'spawned' }>,
  id: IncarnationId,
  { clock, output, input }: PerformContext,
): void {
  record.pid = spawned.pid;
  record.family = spawned.family;
  record.spawnedAt = clock.now();
  record.spawnedWall = clock.wallTime();
  output.attach(id, spawned);
  const { stdin } = record.process;
  if (spawned.stdinFd !== undefined && stdin !== 'null') input.attach(id, spawned.stdinFd, stdin);
}

/** It went to the background, as it seems, and on a busy machine what it left has not come to its setsid(2) yet. */
function mayLeaveDaemon(record: InstanceRecord, status: ExitStatus, { kernel }: PerformContext): boolean {
  const { process, machine, rules, family } = record;
  const isStart = machine.monitor === 'healthcheck' && !rules.isForking && !process.leaveRunning;
  const endedWell = status.how === 'exited' && process.restart.exitCodes.includes(status.code);
  if (!isStart || !endedWell || family === undefined) return false;
  const left = kernel.leftovers(family);
  return left.length > 0 && !left.some(({ isDaemon }) => isDaemon);
}

/** Looks again, a few times, until that is certain. Its number is free meanwhile: nobody must signal it. */
function awaitDaemon(record: InstanceRecord, context: PerformContext, tell: () => void): void {
  const { pid } = record;
  const { family = 0 } = record;
  record.pid = undefined;
  let looks = 0;
  const look = (): void => {
    looks += 1;
    const left = context.kernel.leftovers(family);
    const isCertain = left.length === 0 || left.some(({ isDaemon }) => isDaemon);
    if (!isCertain && looks < MAX_LOOKS && record.machine.monitor === 'healthcheck') {
      context.clock.after(LOOK_EVERY_MS, look);
      return;
    }
    record.pid = pid;
    tell();
  };
  context.clock.after(LOOK_EVERY_MS, look);
}

/** What is to stay is let go; daemons that a set-up step has started are. */
function whatItLeaves(record: InstanceRecord, status: ExitStatus, { kernel }: PerformContext): Leftovers {
  const { process, machine, family } = record;
  if (family === undefined) return 'nothing';
  if (process.leaveRunning) {
    kernel.letDaemonsGo(family);
    return 'nothing';
  }
  const endedWell =
    machine.monitor !== 'stopping' &&
    status.how === 'exited' &&
    process.restart.exitCodes.includes(status.code);
  if (process.type === 'oneshot' && endedWell) kernel.letDaemonsGo(family);
  const left = kernel.leftovers(family);
  record.left = left.length === 0 ? [] : kernel.leftRunning(family);
  if (left.length === 0) return 'nothing';
  return left.some(({ isDaemon }) => isDaemon) ? 'daemons' : 'members';
}

function sendSignal(
  record: InstanceRecord,
  { signal, to }: Extract<Effect, { kind: 'signal' }>,
  context: PerformContext,
  causedBy: number | undefined,
): void {
  const { pid, family } = record;
  if (pid === undefined || family === undefined) return;
  const { kernel } = context;
  if (record.machine.leader === 'alive') kernel.remember(family);
  const answer =
    to === 'leader' ? kernel.signalProcess(pid, signal) : kernel.signalFamily(family, signal, to);
  // `gone` is no error: its exit is on its way to us, and not every process has others.
  if (answer === 'gone' && (to === 'others' || to === 'outsiders')) return;
  const fields = { signal, to, reason: answer === 'delivered' ? record.wanted.cause : answer } as const;
  const level = answer === 'not-permitted' ? 'error' : 'debug';
  const event = context.events.emit(level, 'signal_sent', fields, subjectOf(record), causedBy);
  if (answer === 'delivered') record.lastSignal = { signal, event };
}

/** The present deadline comes no sooner than so long from now; without one nothing is to be extended. */
export function extendDeadline(
  record: InstanceRecord,
  ms: number,
  context: Pick<PerformContext, 'clock' | 'handles' | 'fact'>,
): void {
  const { deadline, machine } = record;
  const isLimited = machine.monitor === 'healthcheck' || machine.monitor === 'stopping';
  const at = context.clock.now() + ms;
  if (deadline === undefined || !isLimited || at <= deadline.at) return;
  context.handles.dropDeadline(record.key);
  setDeadline(record, ms, context);
}

function armDeadline(
  record: InstanceRecord,
  { afterMs, from, spread }: Extract<Effect, { kind: 'armDeadline' }>,
  context: PerformContext,
): void {
  context.handles.dropDeadline(record.key);
  const goneMs = from === 'spawn' ? context.clock.now() - record.spawnedAt : 0;
  const varied = Math.max(0, afterMs * (1 + spread * (2 * context.random() - 1)) - goneMs);
  setDeadline(record, varied, context);
}

function setDeadline(
  record: InstanceRecord,
  afterMs: number,
  { clock, handles, fact }: Pick<PerformContext, 'clock' | 'handles' | 'fact'>,
): void {
  record.begun += 1;
  const about = { incarnation: record.machine.incarnation, deadline: record.begun };
  const cancel = clock.after(afterMs, () =>
    fact(record, { kind: 'deadlinePassed' }, about, record.lastEvent),
  );
  record.deadline = { number: record.begun, at: clock.now() + afterMs, afterMs };
  handles.holdDeadline(record.key, cancel);
}
