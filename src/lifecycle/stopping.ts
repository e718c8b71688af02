/** How an incarnation ends: the stop sequence, and what comes after the last of it is gone. */

import type { Effect } from './effects.ts';
import { endStep, enter, enterSteps, runStep, type Step } from './enter.ts';
import type { Fact } from './events.ts';
import type { Ending, Instance, StopStep } from './instance.ts';
import type { Rules, StopStage } from './rules.ts';

type Exit = Extract<Fact, { kind: 'exited' }>;

/** It has the time of the first signal to end by itself. */
export function awaitEnd(instance: Instance, rules: Rules): Step {
  const waiting: Instance = { ...instance, stopStage: 'announced' };
  return enter(waiting, 'stopping', [firstWait(rules)]);
}

/** One that hangs hears no polite signal: SIGABRT comes first, as systemd has it, and may leave a core file. */
export function abort(instance: Instance, rules: Rules): Step {
  if (rules.onWatchdog === 'none') return { next: instance, effects: [] };
  if (rules.onWatchdog === 'exit') return { next: instance, effects: [{ kind: 'exitEngine' }] };
  const aborted: Instance = { ...instance, ending: 'watchdog', stopStage: 'aborted' };
  return enter(aborted, 'stopping', [{ kind: 'signal', signal: 'SIGABRT', to: 'leader' }, firstWait(rules)]);
}

/** Commands are for a program that may answer: one that says it stops, or hangs, has the signals alone. */
function firstSignal({ stop }: Rules): number {
  return stop.findIndex(({ kind }) => kind === 'signal');
}

function firstWait(rules: Rules): Effect {
  const afterMs = rules.stop[firstSignal(rules)]?.waitMs ?? 0;
  return { kind: 'armDeadline', afterMs, from: 'now', spread: 0 };
}

export function halt(instance: Instance, ending: Ending, stopStage: StopStep, rules: Rules): Step {
  const { outcome, leader } = instance;
  // Of a starter that has ended: how its incarnation ends is known only now.
  const known = leader === 'dead' && outcome?.kind === 'ended' ? { ...outcome, ending } : outcome;
  const left = enter({ ...instance, ending, stopStage, outcome: known }, 'stopping');
  const without = stopStage === 'killed' ? joined(left, endStep(left.next, 'cancelled', true)) : left;
  // Only a step is left.
  if (leader === 'none') return without;
  return joined(without, sendStage(without.next, rules));
}

function joined(first: Step, second: Step): Step {
  return { next: second.next, effects: [...first.effects, ...second.effects] };
}

/** @returns undefined past the last one, and before the first. */
function stageOf({ stopStage }: Instance, rules: Rules): StopStage | undefined {
  return typeof stopStage === 'number' ? rules.stop[stopStage] : undefined;
}

function nextStage({ stopStage }: Instance, rules: Rules): StopStep {
  if (stopStage === 'killed') return stopStage;
  return typeof stopStage === 'number' ? stopStage + 1 : firstSignal(rules);
}

/** @returns the same, or the first stage after it that is not a command: commands need a live leader. */
function withoutCommands(instance: Instance, rules: Rules): Instance {
  const { leader, stopStage } = instance;
  const isSkipped = leader !== 'alive' && stageOf(instance, rules)?.kind === 'command';
  if (!isSkipped || typeof stopStage !== 'number') return instance;
  return withoutCommands({ ...instance, stopStage: stopStage + 1 }, rules);
}

/**
 * The signal or command of the present stop stage, and how long it is given; after the last comes KILL. It is final
 * for all, or for the leader alone: what that leaves behind has the stop sequence before it.
 */
function sendStage(given: Instance, rules: Rules): Step {
  const instance = withoutCommands(given, rules);
  const stage = stageOf(instance, rules);
  const isOrphaned = instance.leader === 'dead';
  if (stage === undefined) {
    const spares = rules.kill === 'leader' && !isOrphaned && instance.desired !== 'killed';
    return {
      next: { ...instance, stopStage: 'killed' },
      effects: [{ kind: 'signal', signal: 'SIGKILL', to: spares ? 'leader' : 'all' }],
    };
  }
  const deadline = { kind: 'armDeadline', afterMs: stage.waitMs, from: 'now', spread: 0 } as const;
  if (stage.kind === 'signal') {
    const to = isOrphaned ? 'others' : stage.to;
    return { next: instance, effects: [{ kind: 'signal', signal: stage.signal, to }, deadline] };
  }
  const begun = stage.kind === 'command' ? runStopCommand(instance) : { next: instance, effects: [] };
  return { next: begun.next, effects: [...begun.effects, deadline] };
}

/** Once the step before it is gone. */
function runStopCommand(instance: Instance): Step {
  const { stopStage, step } = instance;
  if (typeof stopStage !== 'number' || step !== 'none') return { next: instance, effects: [] };
  return runStep(instance, 'stop', stopStage);
}

/** The present stage has had its time; if only its command is left, that is ended. */
export function escalate(instance: Instance, rules: Rules): Step {
  const ended = endStep(instance, 'timed-out');
  if (instance.leader === 'none') return ended;
  return joined(ended, sendStage({ ...ended.next, stopStage: nextStage(instance, rules) }, rules));
}

/** A step has ended while it stops: its stop command, or one of the state before. */
export function loseStep(instance: Instance, rules: Rules): Step {
  const { stopStage, leader } = instance;
  const without: Instance = { ...instance, step: 'none' };
  if (leader === 'none') return clean(without, rules);
  if (typeof stopStage !== 'number' || stageOf(instance, rules)?.kind !== 'command')
    return { next: without, effects: [] };
  if (instance.step !== 'running') return runStopCommand(without);
  return sendStage({ ...without, stopStage: stopStage + 1 }, rules);
}

/** The last of it is gone: of one that was to leave a daemon, before that daemon was known. */
export function concludeLost(instance: Instance, fact: Fact, rules: Rules): Step {
  const { monitor, outcome } = instance;
  if (monitor !== 'healthcheck' || outcome?.kind !== 'ended') return conclude(instance, fact, rules);
  return conclude({ ...instance, outcome: { ...outcome, ending: 'vanished' } }, fact, rules);
}

/** Nothing of the incarnation is left but maybe a step, which is waited for. */
function conclude(instance: Instance, fact: Fact, rules: Rules): Step {
  const ended: Instance = { ...instance, leader: 'none', outcome: outcomeOf(instance, fact) };
  if (ended.step === 'none') return clean(ended, rules);
  if (ended.monitor !== 'stopping') return enter(ended, 'stopping');
  // A stop command that waits for the end of the program has seen it now, and has its time to end by itself.
  return { next: ended, effects: ended.step === 'running' ? [] : [{ kind: 'disarmDeadline' }] };
}

/** What is killed has no time for steps after its end. */
function clean(instance: Instance, rules: Rules): Step {
  const isDue = rules.steps.postExit > 0 && instance.desired !== 'killed';
  return isDue ? enterSteps(instance, 'cleaning') : enter(instance, 'ended');
}

/** Nothing of the incarnation may outlive it. */
export function loseLeader(instance: Instance, fact: Exit, rules: Rules): Step {
  if (isStarter(instance, fact, rules)) {
    if (fact.leaves === 'nothing') return conclude({ ...instance, ending: 'vanished' }, fact, rules);
    return { next: { ...instance, leader: 'dead', outcome: outcomeOf(instance, fact) }, effects: [] };
  }
  if (fact.leaves === 'nothing') return conclude(instance, fact, rules);
  const ending = wentToBackground(instance, fact, rules) ? 'backgrounded' : instance.ending;
  const orphaned: Instance = { ...instance, ending, leader: 'dead' };
  return stopOthers({ ...orphaned, outcome: outcomeOf(orphaned, fact) }, rules);
}

/** What the leader left has had the signal, and keeps the time it was given; or it gets the sequence from its start. */
function stopOthers(instance: Instance, rules: Rules): Step {
  if (instance.monitor !== 'stopping') return halt(instance, instance.ending, 0, rules);
  const stage = stageOf(instance, rules);
  if (stage === undefined) {
    const isBefore = instance.stopStage === 'announced' || instance.stopStage === 'aborted';
    if (isBefore || (rules.kill === 'leader' && instance.desired !== 'killed'))
      return sendStage({ ...instance, stopStage: 0 }, rules);
    return { next: instance, effects: [{ kind: 'signal', signal: 'SIGKILL', to: 'all' }] };
  }
  if (stage.kind !== 'signal' || stage.to === 'leader') {
    const ended = endStep(instance, 'cancelled');
    return joined(ended, sendStage({ ...ended.next, stopStage: 0 }, rules));
  }
  if (stage.to === 'others') return { next: instance, effects: [] };
  return { next: instance, effects: [{ kind: 'signal', signal: stage.signal, to: 'outsiders' }] };
}

/** It ended well before anyone could see it healthy, and goes on as a daemon: no service ends like that. */
function wentToBackground({ monitor }: Instance, exit: Exit, rules: Rules): boolean {
  return monitor === 'healthcheck' && exit.leaves === 'daemons' && !rules.isForking && endedWell(exit, rules);
}

/** It has done what it was started for: to leave a daemon. */
export function isStarter({ monitor, isAdopted }: Instance, exit: Exit, rules: Rules): boolean {
  return rules.isForking && monitor === 'healthcheck' && !isAdopted && endedWell(exit, rules);
}

function endedWell({ status }: Exit, rules: Rules): boolean {
  return status.how === 'exited' && rules.restart.exitCodes.includes(status.code);
}

function outcomeOf(instance: Instance, fact: Fact): Instance['outcome'] {
  if (fact.kind === 'exited') return { kind: 'ended', status: fact.status, ending: instance.ending };
  if (fact.kind === 'spawnFailed' || fact.kind === 'stepFailed')
    return { kind: 'notStarted', failure: fact.failure };
  return instance.outcome;
}
