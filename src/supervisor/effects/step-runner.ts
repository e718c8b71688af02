/**
 * Runs the steps around a life: the commands before and after a program, those among its stop signals, and the one by
 * which it reads its configuration again. One at a time for each instance; the end of each is one fact, sent once
 * nothing of it is left.
 */

import type { StepConfig } from '../../config/resolved-config.ts';
import { ofInstance } from '../../config/text/instance-text.ts';
import { exitInWords } from '../../exit-status.ts';
import type { StepStage } from '../../lifecycle/effects.ts';
import type { Fact } from '../../lifecycle/events.ts';
import type { ExitStatus, SpawnFailure } from '../../lifecycle/exit-outcome.ts';
import { shortDuration } from '../../units.ts';
import type { EventStream } from '../events/event-stream.ts';
import type { Cancel, Clock } from '../ports/clock.ts';
import type { Kernel, SpawnAnswer } from '../ports/kernel.ts';
import type { OutputPort } from '../ports/output.ts';
import { type InstanceRecord, listsOf, type RunningStep, subjectOf } from '../world/instance-record.ts';
import type { Notice, WorldEffect, WorldEvent } from '../world/world-event.ts';
import { LeftoverWatch } from './leftover-watch.ts';
import { targetsFor } from './spawn-request.ts';
import type { SpawnTurns } from './spawn-turns.ts';
import { stepRequest } from './step-request.ts';

/** What ignores TERM has KILL this long afterwards. */
const KILL_AFTER_MS = 2_000;

export interface StepContext {
  readonly clock: Clock;
  readonly kernel: Kernel;
  readonly output: OutputPort;
  readonly events: EventStream;
  readonly spawnTurns: SpawnTurns;
  /** Takes an event into the queue. */
  readonly take: (event: WorldEvent) => void;
}

type RunStep = Extract<WorldEffect, { kind: 'runStep' }>;
type Why = 'timed-out' | 'cancelled';

/** One that runs, or waits for its turn to. */
interface Run {
  readonly record: InstanceRecord;
  readonly incarnation: number;
  readonly stage: StepStage;
  readonly index: number;
  readonly step: StepConfig;
  readonly startedAt: number;
  readonly timers: Set<Cancel>;
  /** Takes back what has not been executed yet. */
  abandon: ((why: Why) => void) | undefined;
  family: number | undefined;
  status: ExitStatus | undefined;
  ended: Why | undefined;
  /** Without patience. */
  isKilled: boolean;
  /** Id of the event that caused it, then of the one that reported its start. */
  event: number | undefined;
}

export class StepRunner {
  readonly #context: StepContext;
  readonly #runs = new Map<string, Run>();
  readonly #leftovers: LeftoverWatch<Run>;

  constructor(context: StepContext) {
    this.#context = context;
    this.#leftovers = new LeftoverWatch(context, (run) => this.#finish(run));
  }

  run(record: InstanceRecord, { stage, index, causedBy }: RunStep): void {
    const { incarnation } = record.machine;
    const step = stepOf(record, stage, index);
    if (step === undefined) {
      // The command to reload, which a reload of the configuration has taken away: nothing is left to run.
      this.#fact(record, { kind: 'stepSucceeded' }, incarnation, causedBy);
      return;
    }
    const run = newRun(record, { stage, index, step, startedAt: this.#context.clock.now(), event: causedBy });
    this.#runs.set(record.key, run);
    this.#notice(run, { step: runningStep(run, undefined) }, true);
    const takeBack = this.#context.spawnTurns.run(() => this.#spawn(run));
    if (takeBack === undefined) return;
    run.abandon = () => {
      takeBack();
      this.#finish(run);
    };
  }

  /** Goes on with the step that another engine has begun. */
  adopt(record: InstanceRecord): void {
    const { step: running, machine, lastEvent: event } = record;
    const step = running === undefined ? undefined : stepOf(record, running.stage, running.index);
    if (running === undefined || step === undefined) return;
    const run = newRun(record, { ...running, step, event });
    this.#runs.set(record.key, run);
    const { life } = running;
    const isThere =
      life !== undefined &&
      this.#context.kernel.adopt({ ...life, isLeaderAlive: true, sparesDaemons: false }, (status) =>
        this.#exited(run, status),
      );
    if (!isThere) {
      const message = 'it was cut short: the engine was replaced';
      this.#finish(run, { step: step.name, errno: 'ECANCELED', message, isPassing: true });
      return;
    }
    run.family = life.family;
    if (machine.step === 'running') this.#armTimeout(run);
    else this.#end(run, 'cancelled', machine.step === 'killed');
  }

  /** Its end comes as a fact. @param now by KILL alone. */
  end(record: InstanceRecord, why: Why, now: boolean): void {
    const run = this.#runs.get(record.key);
    if (run !== undefined) this.#end(run, why, now);
  }

  #spawn(run: Run): void {
    const { kernel, output } = this.#context;
    const { record, step } = run;
    run.abandon = undefined;
    const process = ofInstance(record.process, record.ordinal);
    const outputs = output.prepare(record.name, targetsFor(record.process, record.ordinal));
    if (outputs.kind === 'failed') {
      this.#finish(run, outputs.failure);
      return;
    }
    const request = stepRequest(process, step, run.stage, outputs, record);
    const onAnswer = (answer: SpawnAnswer): void => this.#begin(run, answer);
    const answer = kernel.spawn(request, (status) => this.#exited(run, status), onAnswer);
    if (answer.kind !== 'pending') {
      onAnswer(answer);
      return;
    }
    run.abandon = (why) => answer.abandon(why);
    this.#armTimeout(run);
  }

  #begin(run: Run, answer: SpawnAnswer): void {
    const { output, events } = this.#context;
    const { record, step } = run;
    run.abandon = undefined;
    if (answer.kind === 'failed') {
      this.#finish(run, answer.failure);
      return;
    }
    const { pid, family } = answer;
    run.family = family;
    const life = { pid, family, startTime: this.#context.kernel.startTimeOf(family) };
    this.#notice(run, { step: runningStep(run, life) }, false);
    output.attach({ instance: record.name, incarnation: run.incarnation }, answer);
    const fields = { step: step.name, command: [step.command.file, ...step.command.args].join(' ') };
    const subject = { ...subjectOf(record), pid: answer.pid };
    run.event = events.emit('step_started', fields, subject, run.event);
    if (run.ended === undefined) this.#armTimeout(run);
    else this.#signal(run, run.isKilled ? 'SIGKILL' : 'SIGTERM');
  }

  /** The time of a stop command is that of its stage. */
  #armTimeout(run: Run): void {
    if (run.timers.size > 0 || run.stage === 'stop') return;
    const leftMs = run.startedAt + run.step.timeoutMs - this.#context.clock.now();
    this.#after(run, Math.max(0, leftMs), () => this.#end(run, 'timed-out', false));
  }

  #end(run: Run, why: Why, now: boolean): void {
    if (run.ended !== undefined && (run.isKilled || !now)) return;
    run.ended ??= why;
    run.isKilled ||= now;
    if (run.abandon !== undefined) run.abandon(why);
    else if (run.family !== undefined) this.#signal(run, now ? 'SIGKILL' : 'SIGTERM');
  }

  /** To all of it; KILL follows. */
  #signal(run: Run, signal: 'SIGTERM' | 'SIGKILL'): void {
    const { kernel } = this.#context;
    if (run.family === undefined) return;
    kernel.remember(run.family);
    kernel.signalFamily(run.family, signal, 'all');
    if (signal === 'SIGTERM') this.#after(run, KILL_AFTER_MS, () => this.#signal(run, 'SIGKILL'));
  }

  #after(run: Run, ms: number, act: () => void): void {
    const cancel = this.#context.clock.after(ms, () => {
      run.timers.delete(cancel);
      act();
    });
    run.timers.add(cancel);
  }

  /** What it has started ends with it. */
  #exited(run: Run, status: ExitStatus): void {
    run.status = status;
    const left = run.family === undefined ? [] : this.#context.kernel.leftovers(run.family);
    if (left.length === 0) {
      this.#finish(run);
      return;
    }
    // A signal on its way to all of it is enough.
    if (run.ended === undefined) this.#signal(run, 'SIGTERM');
    this.#leftovers.await(run);
  }

  #finish(run: Run, failure?: SpawnFailure): void {
    const { clock, kernel, events } = this.#context;
    const { record, step, stage } = run;
    for (const cancel of run.timers) cancel();
    if (run.family !== undefined) kernel.release(run.family);
    this.#runs.delete(record.key);
    // The others lead to another step or state, which is shown.
    this.#notice(run, { step: undefined }, stage === 'reload' || stage === 'stop');
    const failed = failureOf(run, failure);
    const outcome = failed === undefined ? exitInWords({ how: 'exited', code: 0 }) : failed.outcome;
    const duration = Math.round(clock.now() - run.startedAt);
    const fields = {
      step: step.name,
      program: step.command.file,
      outcome,
      succeeded: failed === undefined,
      duration_ms: duration,
      ...(run.status !== undefined && { status: run.status }),
    };
    const level = levelOf(stage, run, failed !== undefined);
    const event = events.emitAs(level, 'step_finished', fields, subjectOf(record), run.event);
    const fact: Fact =
      failed === undefined ? { kind: 'stepSucceeded' } : { kind: 'stepFailed', failure: failed.failure };
    this.#fact(record, fact, run.incarnation, event);
  }

  #fact({ key }: InstanceRecord, fact: Fact, incarnation: number, causedBy: number | undefined): void {
    this.#context.take({ type: 'fact', key, fact, about: { incarnation }, causedBy });
  }

  #notice({ record, incarnation }: Run, notice: Notice, isShown: boolean): void {
    this.#context.take({
      type: 'noticed',
      key: record.key,
      incarnation,
      notice,
      ...(isShown && { isShown }),
    });
  }
}

function newRun(
  record: InstanceRecord,
  { stage, index, step, startedAt, event }: Pick<Run, 'stage' | 'index' | 'step' | 'startedAt' | 'event'>,
): Run {
  return {
    record,
    incarnation: record.machine.incarnation,
    stage,
    index,
    step,
    startedAt,
    timers: new Set(),
    abandon: undefined,
    family: undefined,
    status: undefined,
    ended: undefined,
    isKilled: false,
    event,
  };
}

function stepOf(record: InstanceRecord, stage: StepStage, index: number): StepConfig | undefined {
  if (stage === 'reload') return record.process.reload;
  const { steps, stop } = listsOf(record);
  if (stage !== 'stop') return steps?.[stage][index];
  const one = stop[index];
  return one?.kind === 'command' ? one.step : undefined;
}

/** With its place among the commands of its key; in `stop` signals and pauses do not count. */
function runningStep({ record, stage, index, step, startedAt }: Run, life: RunningStep['life']): RunningStep {
  const { steps, stop } = listsOf(record);
  const ofStop = stop.flatMap((one) =>
    one.kind === 'command' && keyOf(one.step) === keyOf(step) ? one.step : [],
  );
  const number = stage === 'stop' ? ofStop.indexOf(step) + 1 : index + 1;
  const count = stage === 'reload' ? 1 : stage === 'stop' ? ofStop.length : (steps?.[stage].length ?? 1);
  const { name, command, timeoutMs } = step;
  return { name, stage, index, life, program: command.file, number, count, startedAt, timeoutMs };
}

/** `pre_start` of `pre_start[1]`. */
function keyOf({ name }: StepConfig): string {
  return name.replace(/\[\d+\]$/, '');
}

/** `pre_start[1] /bin/initdb`. */
function nameOf({ name, command }: StepConfig): string {
  return `${name} ${command.file}`;
}

interface Failed {
  readonly outcome: string;
  readonly failure: SpawnFailure;
}

/** @param failure why it could not be started. */
function failureOf({ status, step, ended }: Run, failure: SpawnFailure | undefined): Failed | undefined {
  const name = nameOf(step);
  if (ended === 'timed-out') {
    const outcome = `timed out after ${shortDuration(step.timeoutMs)}`;
    const message = `${name} ${outcome}`;
    const stepStatus = 'timed-out';
    return {
      outcome,
      failure: { step: step.name, errno: 'ETIMEDOUT', message, isPassing: true, stepStatus },
    };
  }
  if (ended === 'cancelled') {
    const message = `${name} was cancelled`;
    return { outcome: 'was cancelled', failure: { step: step.name, errno: 'ECANCELED', message } };
  }
  if (failure !== undefined) {
    const outcome = `could not be started: ${failure.message}`;
    return { outcome, failure: { ...failure, step: step.name, message: `${name} ${outcome}` } };
  }
  if (status === undefined || (status.how === 'exited' && status.code === 0)) return undefined;
  const outcome = status.how === 'exited' ? exitInWords(status) : `was ${exitInWords(status)}`;
  const message = `${name} ${outcome}`;
  return {
    outcome,
    failure: { step: step.name, errno: 'EXIT', message, isPassing: true, stepStatus: status },
  };
}

/** A start fails with its steps; of all others a failure is only reported. */
function levelOf(stage: StepStage, { ended }: Run, hasFailed: boolean): 'info' | 'warn' | 'error' {
  if (!hasFailed || ended === 'cancelled') return 'info';
  return stage === 'preStart' || stage === 'postStart' ? 'error' : 'warn';
}
