/**
 * One step of the machine: a fact or a decision moves one dimension, then the two are reconciled until nothing
 * is left to do. Pure: the same instance, event and rules always give the same answer.
 */

import { BACKOFF_SPREAD, backoffDelay, MIN_QUIET_MS } from './backoff.ts';
import type { Effect } from './effects.ts';
import { endStep, enter, enterHealthy, enterSteps, nextStep, reloadIfDue, type Step } from './enter.ts';
import type { Fact, LifecycleEvent } from './events.ts';
import type { Instance } from './instance.ts';
import { overlap } from './overlap.ts';
import { judge } from './policy.ts';
import type { Reconciliation } from './reconcile.ts';
import type { Rules } from './rules.ts';
import {
  abort,
  awaitEnd,
  concludeLost,
  escalate,
  halt,
  isStarter,
  loseLeader,
  loseStep,
} from './stopping.ts';
import { type FactMove, TABLES, type Tables } from './transitions.ts';

/** How long the kernel may take to execute a program; nearly always it is a millisecond. */
export const MAX_SPAWN_MS = 10_000;

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
  const isStop = kind === 'stop' || kind === 'kill';
  const isFreshWish = kind === 'start' || kind === 'restart' || kind === 'run';
  const isRunDue = instance.isRunDue && !isStop;
  return { next: { ...(isFreshWish ? forgiven(instance) : instance), isRunDue, desired }, effects: [] };
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
      return beginAgain(instance, rules);
    case 'begin run':
      return enter({ ...instance, restarts: 0 }, 'waiting');
    case 'overlap':
      return overlap(instance, rules);
    case 'skip run':
      return { next: instance, effects: [{ kind: 'skipRun', because: 'waiting' }] };
    case 'enter blocked':
      return enter(instance, 'blocked');
    case 'begin incarnation':
      return beginIncarnation(instance, rules);
    case 'next pre_start':
      return nextStep(withoutStep(instance), 'preparing', rules) ?? spawn(withoutStep(instance));
    case 'next post_start': {
      const introduced = { ...withoutStep(instance), isIntroduced: true };
      return nextStep(withoutStep(instance), 'poststart', rules) ?? enterHealthy(introduced, rules);
    }
    case 'next post_exit':
      return nextStep(withoutStep(instance), 'cleaning', rules) ?? enter(withoutStep(instance), 'ended');
    case 'fail poststart':
      return halt(withoutStep(instance), 'poststart-failed', 0, rules);
    case 'lose step':
      return loseStep(instance, rules);
    case 'reload':
      return reloadIfDue({ next: { ...instance, isReloadDue: true }, effects: [] }, rules);
    case 'end reload':
      if (instance.step === 'none') return undefined;
      return reloadIfDue({ next: withoutStep(instance), effects: [] }, rules);
    case 'begin life':
      return enter(
        { ...instance, leader: 'alive', isAdopted: false, ending: 'by-itself', stopStage: 0 },
        rules.isOneShot ? 'running' : 'healthcheck',
        startDeadline(rules, 'now'),
      );
    case 'enter healthy':
      return enterHealthy(instance, rules);
    case 'enter unhealthy':
      return enterUnhealthy(instance, rules);
    case 'conclude': {
      const left = fact.kind === 'stepFailed' ? withoutStep(instance) : instance;
      return concludeLost(withBrief(left, fact, rules), fact, rules);
    }
    case 'stop idle':
      return halt(instance, 'idle', 0, rules);
    case 'lose leader':
      if (fact.kind !== 'exited') return undefined;
      return loseLeader(withBrief(instance, fact, rules), fact, rules);
    case 'take leader':
      return { next: { ...instance, leader: 'alive', isAdopted: true }, effects: [] };
    case 'await end':
      return awaitEnd(instance, rules);
    case 'abort':
      return abort(instance, rules);
    case 'escalate':
      return instance.monitor === 'stopping' ? escalate(instance, rules) : undefined;
    case 'give up spawn':
      return abandonSpawn(instance, 'timed-out');
    case 'time out':
      return halt(instance, 'start-timeout', 0, rules);
    case 'forget restarts':
      return { next: { ...instance, restarts: 0 }, effects: [] };
    case 'forgive':
      return { next: forgiven(instance), effects: [] };
    case 'renew listening':
      return begin(forgiven(instance), rules);
    case 'renew schedule':
      return rules.schedule === undefined
        ? begin(forgiven(instance), rules)
        : { next: forgiven(instance), effects: [] };
    case 'renew rest':
      return rules.schedule === undefined && !rules.isActivated
        ? { next: forgiven(instance), effects: [] }
        : begin({ ...forgiven(instance), desired: 'up' }, rules);
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
    case 'settle last':
      return { next: { ...instance, desired: 'last' }, effects: [] };
    case 'begin last':
      return enter({ ...instance, desired: 'last' }, 'waiting');
    case 'settle down':
      return { next: { ...instance, desired: 'down' }, effects: [] };
    case 'halt':
      return halt(instance, 'requested', 0, rules);
    case 'kill':
      return instance.stopStage === 'killed' && instance.monitor === 'stopping'
        ? endStep(instance, 'cancelled', true)
        : halt(instance, 'requested', 'killed', rules);
    case 'abort':
      return abandonSpawn(instance, 'cancelled');
    case 'remedy':
      return rules.onUnhealthy === 'restart'
        ? halt(instance, 'unhealthy', 0, rules)
        : { next: instance, effects: [] };
    case 'end step':
      return instance.step === 'none' ? undefined : endStep(instance, 'cancelled');
    case 'kill step':
      return instance.step === 'none' ? undefined : endStep(instance, 'cancelled', true);
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

function withoutStep(instance: Instance): Instance {
  return { ...instance, step: 'none' };
}

function withBrief(instance: Instance, fact: Fact, rules: Rules): Instance {
  return { ...instance, briefLives: briefLivesAfter(instance, fact, rules) };
}

function beginIncarnation(instance: Instance, rules: Rules): Step {
  const begun: Instance = {
    ...instance,
    incarnation: instance.incarnation + 1,
    stopStage: 0,
  };
  return rules.steps.preStart > 0 ? enterSteps(begun, 'preparing') : spawn(begun);
}

/** One that is restarted for it reads its configuration by that. */
function enterUnhealthy(instance: Instance, rules: Rules): Step {
  const exits: readonly Effect[] = rules.onUnhealthy === 'exit' ? [{ kind: 'exitEngine' }] : [];
  const entered = enter(instance, 'unhealthy', exits);
  return rules.onUnhealthy === 'restart' ? entered : reloadIfDue(entered, rules);
}

function begin(instance: Instance, rules: Rules): Step {
  const { schedule } = rules;
  const isAwaited = schedule !== undefined && !schedule.runsOnStart && !instance.isRunDue;
  return isAwaited ? enter(forgiven(instance), 'scheduled') : beginAgain(instance, rules);
}

/**
 * What is tried again does not wait for its time. While no connection comes, what went wrong before is forgotten after the
 * time that healthy running takes for it.
 */
function beginAgain(instance: Instance, rules: Rules): Step {
  if (!rules.isActivated) return enter(instance, 'waiting');
  const hasFailed = instance.restarts > 0 || instance.briefLives > 0;
  const { resetMs } = rules.restart.backoff;
  const afterMs = Math.max(resetMs, MIN_QUIET_MS);
  const forgets: Effect = { kind: 'armDeadline', afterMs, from: 'now', spread: 0 };
  return enter(instance, 'listening', hasFailed ? [forgets] : []);
}

function spawn(instance: Instance): Step {
  return enter(instance, 'starting', [
    { kind: 'armDeadline', afterMs: MAX_SPAWN_MS, from: 'now', spread: 0 },
    { kind: 'spawn', incarnation: instance.incarnation },
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

/** A start that failed is as brief as a life can be. */
function briefLivesAfter(instance: Instance, fact: Fact, rules: Rules): number {
  const isStart = fact.kind === 'exited' && isStarter(instance, fact, rules) && fact.leaves !== 'nothing';
  if (isStart) return instance.briefLives;
  if (fact.kind === 'exited' && !fact.wasBrief) return 0;
  const hasVanished = fact.kind === 'othersVanished' && instance.monitor === 'healthcheck';
  const isEnd = fact.kind === 'exited' || fact.kind === 'spawnFailed' || fact.kind === 'stepFailed';
  if (!isEnd && !hasVanished) return instance.briefLives;
  return Math.min(instance.briefLives + 1, mostBriefLives(rules));
}

/** They are counted until more of them would change nothing. */
function mostBriefLives({ isActivated, maxActivations, maxBriefLives }: Rules): number {
  return Math.max(maxBriefLives + 1, isActivated ? maxActivations : 0);
}

function applyVerdict(instance: Instance, rules: Rules, tables: Tables): Step | undefined {
  const verdict = judge(instance, rules);
  if (verdict === 'await') return enter(forgiven(instance), instance.isRunDue ? 'waiting' : 'scheduled');
  if (verdict !== 'retry' && verdict !== 'listen') return decide(instance, verdict, tables);
  const isRetry = verdict === 'retry';
  const restarts = instance.restarts + (isRetry ? 1 : 0);
  const isCrashLoop = instance.briefLives > rules.maxBriefLives;
  const afterMs = backoffDelay(isRetry ? restarts : 0, rules.restart.backoff, isCrashLoop);
  if (afterMs === 0) return beginAgain({ ...instance, restarts }, rules);
  return enter({ ...instance, restarts }, 'backoff', [
    { kind: 'armDeadline', afterMs, from: 'now', spread: BACKOFF_SPREAD },
  ]);
}
