/**
 * One step of the machine: a fact or a decision moves one dimension, then the two are reconciled until nothing
 * is left to do. Pure: the same instance, event and rules always give the same answer.
 */

import { BACKOFF_SPREAD, backoffDelay } from './backoff.ts';
import type { Activity, Effect } from './effects.ts';
import type { Fact, LifecycleEvent } from './events.ts';
import type { Ending, Instance, StopStep } from './instance.ts';
import { judge } from './policy.ts';
import type { Rules, StopStage } from './rules.ts';
import type { MonitorState } from './states.ts';
import { type FactMove, type Reconciliation, TABLES, type Tables } from './transitions.ts';

export interface Step {
  readonly next: Instance;
  readonly effects: readonly Effect[];
}

const ACTIVITIES: Readonly<Record<MonitorState, Activity | undefined>> = {
  idle: undefined,
  listening: 'awaitConnection',
  waiting: 'awaitDependencies',
  blocked: 'awaitDependencies',
  starting: undefined,
  healthcheck: 'watchReadiness',
  running: undefined,
  healthy: 'watchLiveness',
  unhealthy: 'watchLiveness',
  stopping: undefined,
  ended: undefined,
  backoff: undefined,
  completed: undefined,
  stopped: undefined,
  failed: undefined,
};

/** How long the kernel may take to execute a program; nearly always it is a millisecond. */
export const MAX_SPAWN_MS = 10_000;

type Exit = Extract<Fact, { kind: 'exited' }>;

/** No path through RECONCILE is nearly as long; a table with a loop must not hang PID 1. */
const MOST_RECONCILIATIONS = 12;

export function step(instance: Instance, event: LifecycleEvent, rules: Rules, tables: Tables = TABLES): Step {
  const moved =
    event.type === 'fact'
      ? applyFact(instance, event.fact, rules, tables)
      : decide(instance, event.decision.kind, tables);
  if (moved === undefined) return impossible(instance, event);
  let { next, effects } = moved;
  for (let round = 0; round < MOST_RECONCILIATIONS; round++) {
    const move = tables.reconcile[next.monitor][next.desired];
    if (move === 'stay') return { next, effects };
    const reconciled = reconcile(next, move, rules, tables);
    if (reconciled === undefined) return impossible(instance, event);
    if (reconciled.next === next) return { next, effects };
    next = reconciled.next;
    effects = [...effects, ...reconciled.effects];
  }
  return impossible(instance, event);
}

function impossible(instance: Instance, event: LifecycleEvent): Step {
  const name = event.type === 'fact' ? event.fact.kind : event.decision.kind;
  const what = `${name} in ${instance.monitor}, wanted ${instance.desired}`;
  return { next: instance, effects: [{ kind: 'reportImpossible', what }] };
}

function decide(instance: Instance, kind: keyof Tables['decisions']['up'], tables: Tables): Step | undefined {
  const desired = tables.decisions[instance.desired][kind];
  if (desired === 'never') return undefined;
  const isFreshWish = kind === 'start' || kind === 'restart';
  return { next: { ...(isFreshWish ? forgiven(instance) : instance), desired }, effects: [] };
}

function forgiven(instance: Instance): Instance {
  return { ...instance, restarts: 0, briefLives: 0 };
}

function applyFact(instance: Instance, fact: Fact, rules: Rules, tables: Tables): Step | undefined {
  const move: FactMove = tables.facts[instance.monitor][fact.kind];
  switch (move) {
    case 'enter waiting':
      return enter(instance, 'waiting');
    case 'begin again':
      return begin(instance, rules);
    case 'enter blocked':
      return enter(instance, 'blocked');
    case 'enter starting':
      return spawn(instance);
    case 'begin life':
      return enter(
        { ...instance, leader: 'alive', isAdopted: false, ending: 'by-itself', stopStage: 0 },
        rules.isOneShot ? 'running' : 'healthcheck',
        startDeadline(rules, 'now'),
      );
    case 'enter healthy':
      return enter(instance, 'healthy', resetDeadline(instance, rules));
    case 'enter unhealthy':
      return enter(instance, 'unhealthy', rules.onUnhealthy === 'exit' ? [{ kind: 'exitEngine' }] : []);
    case 'conclude':
      return concludeLost({ ...instance, briefLives: briefLivesAfter(instance, fact, rules) }, fact);
    case 'stop idle':
      return halt(instance, 'idle', 0, rules);
    case 'lose leader':
      if (fact.kind !== 'exited') return undefined;
      return loseLeader({ ...instance, briefLives: briefLivesAfter(instance, fact, rules) }, fact, rules);
    case 'take leader':
      return { next: { ...instance, leader: 'alive', isAdopted: true }, effects: [] };
    case 'await end':
      return awaitEnd(instance, rules);
    case 'abort':
      return abort(instance, rules);
    case 'escalate':
      return sendStage({ ...instance, stopStage: nextStage(instance) }, rules);
    case 'give up spawn':
      return abandonSpawn(instance, 'timed-out');
    case 'time out':
      return halt(instance, 'start-timeout', 0, rules);
    case 'forget restarts':
      return { next: { ...instance, restarts: 0 }, effects: [] };
    case 'forgive':
      return { next: forgiven(instance), effects: [] };
    case 'renew listening':
      return rules.isActivated
        ? { next: forgiven(instance), effects: [] }
        : enter(forgiven(instance), 'waiting');
    case 'renew start':
      return enter(forgiven(instance), instance.monitor, startDeadline(rules, 'spawn'));
    case 'renew health':
      return enter(forgiven(instance), 'healthy');
    case 'judge again':
      return enter(forgiven(instance), 'ended');
    case 'never':
      return undefined;
  }
}

function reconcile(
  instance: Instance,
  move: Exclude<Reconciliation, 'stay'>,
  rules: Rules,
  tables: Tables,
): Step | undefined {
  switch (move) {
    case 'settle up':
      return { next: { ...instance, desired: 'up' }, effects: [] };
    case 'begin':
      return begin({ ...instance, desired: 'up' }, rules);
    case 'begin now':
      return enter({ ...instance, desired: 'up' }, 'waiting');
    case 'halt':
      return halt(instance, 'requested', 0, rules);
    case 'kill':
      return instance.stopStage === 'killed' && instance.monitor === 'stopping'
        ? { next: instance, effects: [] }
        : halt(instance, 'requested', 'killed', rules);
    case 'abort':
      return abandonSpawn(instance, 'cancelled');
    case 'remedy':
      return rules.onUnhealthy === 'restart'
        ? halt(instance, 'unhealthy', 0, rules)
        : { next: instance, effects: [] };
    case 'judge':
      return applyVerdict(instance, rules, tables);
    case 'enter stopped':
      return enter(instance, 'stopped');
    case 'enter completed':
      return enter(instance, 'completed');
    case 'enter failed':
      return enter(instance, 'failed');
    case 'never':
      return undefined;
  }
}

/** Leaves a state, with its deadline and its activity, and enters another; an activity both share goes on. */
function enter(instance: Instance, monitor: MonitorState, andThen: readonly Effect[] = []): Step {
  const before = ACTIVITIES[instance.monitor];
  const after = ACTIVITIES[monitor];
  const effects: Effect[] = [{ kind: 'disarmDeadline' }];
  if (before !== undefined && before !== after) effects.push({ kind: 'endActivity' });
  if (after !== undefined && after !== before) effects.push({ kind: 'beginActivity', activity: after });
  return { next: { ...instance, monitor }, effects: [...effects, ...andThen] };
}

function begin(instance: Instance, rules: Rules): Step {
  return enter(instance, rules.isActivated ? 'listening' : 'waiting');
}

function spawn(instance: Instance): Step {
  const incarnation = instance.incarnation + 1;
  return enter({ ...instance, incarnation, stopStage: 0 }, 'starting', [
    { kind: 'armDeadline', afterMs: MAX_SPAWN_MS, from: 'now', spread: 0 },
    { kind: 'spawn', incarnation },
  ]);
}

function abandonSpawn(instance: Instance, why: 'timed-out' | 'cancelled'): Step {
  if (instance.stopStage === 'killed') return { next: instance, effects: [] };
  return { next: { ...instance, stopStage: 'killed' }, effects: [{ kind: 'abandonSpawn', why }] };
}

function startDeadline({ startTimeoutMs }: Rules, from: 'now' | 'spawn'): readonly Effect[] {
  if (startTimeoutMs === undefined) return [];
  return [{ kind: 'armDeadline', afterMs: startTimeoutMs, from, spread: 0 }];
}

function resetDeadline(instance: Instance, rules: Rules): readonly Effect[] {
  if (instance.restarts === 0) return [];
  return [{ kind: 'armDeadline', afterMs: rules.restart.backoff.resetMs, from: 'now', spread: 0 }];
}

/** It has the time of the first stage to end by itself. */
function awaitEnd(instance: Instance, rules: Rules): Step {
  const waiting: Instance = { ...instance, stopStage: 'announced' };
  return enter(waiting, 'stopping', [firstWait(rules)]);
}

/** One that hangs hears no polite signal: SIGABRT comes first, as systemd has it, and may leave a core file. */
function abort(instance: Instance, rules: Rules): Step {
  if (rules.onWatchdog === 'none') return { next: instance, effects: [] };
  if (rules.onWatchdog === 'exit') return { next: instance, effects: [{ kind: 'exitEngine' }] };
  const aborted: Instance = { ...instance, ending: 'watchdog', stopStage: 'aborted' };
  return enter(aborted, 'stopping', [{ kind: 'signal', signal: 'SIGABRT', to: 'leader' }, firstWait(rules)]);
}

function firstWait({ stop }: Rules): Effect {
  return { kind: 'armDeadline', afterMs: stop[0]?.waitMs ?? 0, from: 'now', spread: 0 };
}

function halt(instance: Instance, ending: Ending, stopStage: StopStep, rules: Rules): Step {
  const { outcome, leader } = instance;
  // Of a starter that has ended: how its incarnation ends is known only now.
  const known = leader === 'dead' && outcome?.kind === 'ended' ? { ...outcome, ending } : outcome;
  const left = enter({ ...instance, ending, stopStage, outcome: known }, 'stopping');
  const signalled = sendStage(left.next, rules);
  return { next: signalled.next, effects: [...left.effects, ...signalled.effects] };
}

/** @returns undefined past the last one, and before the first. */
function stageOf({ stopStage }: Instance, rules: Rules): StopStage | undefined {
  return typeof stopStage === 'number' ? rules.stop[stopStage] : undefined;
}

function nextStage({ stopStage }: Instance): StopStep {
  if (stopStage === 'killed') return stopStage;
  return typeof stopStage === 'number' ? stopStage + 1 : 0;
}

/**
 * The signal of the present stop stage, and how long it is given; after the last comes KILL. It is final for all, or
 * for the leader alone: what that leaves behind has the stop sequence before it.
 */
function sendStage(instance: Instance, rules: Rules): Step {
  const stage = stageOf(instance, rules);
  const isOrphaned = instance.leader === 'dead';
  if (stage === undefined) {
    const spares = rules.kill === 'leader' && !isOrphaned && instance.desired !== 'killed';
    return {
      next: { ...instance, stopStage: 'killed' },
      effects: [{ kind: 'signal', signal: 'SIGKILL', to: spares ? 'leader' : 'all' }],
    };
  }
  return {
    next: instance,
    effects: [
      { kind: 'signal', signal: stage.signal, to: isOrphaned ? 'others' : stage.to },
      { kind: 'armDeadline', afterMs: stage.waitMs, from: 'now', spread: 0 },
    ],
  };
}

function conclude(instance: Instance, fact: Fact): Step {
  return enter({ ...instance, leader: 'none', outcome: outcomeOf(instance, fact) }, 'ended');
}

/** The last of it is gone: of one that was to leave a daemon, before that daemon was known. */
function concludeLost(instance: Instance, fact: Fact): Step {
  const { monitor, outcome } = instance;
  if (monitor !== 'healthcheck' || outcome?.kind !== 'ended') return conclude(instance, fact);
  return conclude({ ...instance, outcome: { ...outcome, ending: 'vanished' } }, fact);
}

/** Nothing of the incarnation may outlive it. */
function loseLeader(instance: Instance, fact: Exit, rules: Rules): Step {
  if (isStarter(instance, fact, rules)) {
    if (fact.leaves === 'nothing') return conclude({ ...instance, ending: 'vanished' }, fact);
    return { next: { ...instance, leader: 'dead', outcome: outcomeOf(instance, fact) }, effects: [] };
  }
  if (fact.leaves === 'nothing') return conclude(instance, fact);
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
  switch (stage.to) {
    case 'leader':
      return sendStage({ ...instance, stopStage: 0 }, rules);
    case 'group':
      return { next: instance, effects: [{ kind: 'signal', signal: stage.signal, to: 'outsiders' }] };
    case 'others':
      return { next: instance, effects: [] };
  }
}

/** It ended well before anyone could see it healthy, and goes on as a daemon: no service ends like that. */
function wentToBackground({ monitor }: Instance, exit: Exit, rules: Rules): boolean {
  return monitor === 'healthcheck' && exit.leaves === 'daemons' && !rules.isForking && endedWell(exit, rules);
}

/** It has done what it was started for: to leave a daemon. */
function isStarter({ monitor, isAdopted }: Instance, exit: Exit, rules: Rules): boolean {
  return rules.isForking && monitor === 'healthcheck' && !isAdopted && endedWell(exit, rules);
}

function endedWell({ status }: Exit, rules: Rules): boolean {
  return status.how === 'exited' && rules.restart.exitCodes.includes(status.code);
}

/** A start that failed is as brief as a life can be. */
function briefLivesAfter(instance: Instance, fact: Fact, rules: Rules): number {
  const isStart = fact.kind === 'exited' && isStarter(instance, fact, rules) && fact.leaves !== 'nothing';
  if (isStart) return instance.briefLives;
  if (fact.kind === 'exited' && !fact.wasBrief) return 0;
  const hasVanished = fact.kind === 'othersVanished' && instance.monitor === 'healthcheck';
  if (fact.kind !== 'exited' && fact.kind !== 'spawnFailed' && !hasVanished) return instance.briefLives;
  return Math.min(instance.briefLives + 1, rules.maxBriefLives + 1);
}

function outcomeOf(instance: Instance, fact: Fact): Instance['outcome'] {
  if (fact.kind === 'exited') return { kind: 'ended', status: fact.status, ending: instance.ending };
  if (fact.kind === 'spawnFailed') return { kind: 'notStarted', failure: fact.failure };
  return instance.outcome;
}

function applyVerdict(instance: Instance, rules: Rules, tables: Tables): Step | undefined {
  const verdict = judge(instance, rules);
  if (verdict !== 'retry' && verdict !== 'listen') return decide(instance, verdict, tables);
  const isRetry = verdict === 'retry';
  const restarts = instance.restarts + (isRetry ? 1 : 0);
  const isCrashLoop = instance.briefLives > rules.maxBriefLives;
  const afterMs = backoffDelay(isRetry ? restarts : 0, rules.restart.backoff, isCrashLoop);
  if (afterMs === 0) return begin({ ...instance, restarts }, rules);
  return enter({ ...instance, restarts }, 'backoff', [
    { kind: 'armDeadline', afterMs, from: 'now', spread: BACKOFF_SPREAD },
  ]);
}
