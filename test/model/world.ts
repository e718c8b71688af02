/**
 * The smallest world an instance can live in: what of it is alive, what it waits for, which deadline runs. From
 * every world, every fact that could happen and every command anyone could give is tried.
 */

import type { Activity, Effect, StepStage } from '../../src/lifecycle/effects.ts';
import type { Step } from '../../src/lifecycle/enter.ts';
import type { Fact, LifecycleEvent } from '../../src/lifecycle/events.ts';
import type { ExitStatus, SpawnFailure } from '../../src/lifecycle/exit-outcome.ts';
import { type Instance, NEW_INSTANCE } from '../../src/lifecycle/instance.ts';
import type { Rules } from '../../src/lifecycle/rules.ts';
import { step } from '../../src/lifecycle/step.ts';
import type { Tables } from '../../src/lifecycle/transitions.ts';

export interface World {
  readonly instance: Instance;
  readonly spawnPending: boolean;
  readonly leaderAlive: boolean;
  /** What a dead leader left behind. */
  readonly othersAlive: boolean;
  readonly deadline: boolean;
  /** One that is asked to end can only fail. */
  readonly step: 'none' | 'running' | 'asked' | 'killed';
  /** Of the step. */
  readonly stage: StepStage | undefined;
  readonly activity: Activity | undefined;
}

export const NEW_WORLD: World = {
  instance: NEW_INSTANCE,
  spawnPending: false,
  leaderAlive: false,
  othersAlive: false,
  deadline: false,
  step: 'none',
  stage: undefined,
  activity: undefined,
};

export interface Passage {
  readonly before: World;
  readonly event: LifecycleEvent;
  readonly taken: Step;
  readonly after: World;
  readonly rules: Rules;
}

const COMMANDS: readonly LifecycleEvent[] = (['start', 'stop', 'kill', 'restart'] as const).map((kind) => ({
  type: 'decision',
  decision: { kind },
}));
const RUN: LifecycleEvent = { type: 'decision', decision: { kind: 'run' } };

/** Its times are watched for. */
export const countsTime = ({ instance }: World, { schedule }: Rules): boolean =>
  schedule !== undefined && ['start', 'up', 'restart', 'run'].includes(instance.desired);

const STATUSES: readonly ExitStatus[] = [
  { how: 'exited', code: 0 },
  { how: 'exited', code: 1 },
  { how: 'signalled', signal: 'SIGSEGV', core: true },
];

const UNHEALTHY: Fact = { kind: 'becameUnhealthy', reason: 'connection refused' };

const HUNG: Fact = { kind: 'watchdogExpired', reason: 'silent for 30s' };

/** All that could happen next. */
export function possibleEvents(world: World, rules: Rules): readonly LifecycleEvent[] {
  return [
    ...COMMANDS,
    ...(rules.schedule === undefined ? [] : [RUN]),
    ...possibleFacts(world, rules).map((fact): LifecycleEvent => ({ type: 'fact', fact })),
  ];
}

const EXIT_3: SpawnFailure = {
  step: 'pre_start[1]',
  errno: 'EXIT',
  message: 'exited with code 3',
  isPassing: true,
  stepStatus: { how: 'exited', code: 3 },
};
const NO_SUCH_STEP: SpawnFailure = { step: 'pre_start[1]', errno: 'ENOENT', message: 'no such file' };
const CANCELLED: SpawnFailure = { step: 'pre_start[1]', errno: 'ECANCELED', message: 'cancelled' };

/** It has a command for that; only under some rules, to keep the other worlds few. */
const mayReload = ({ isOneShot, steps }: Rules): boolean =>
  steps.postStart === 2 || steps.preStart === 2 || (isOneShot && steps.preStart > 0);
const TAKES_RELOAD: readonly string[] = ['healthcheck', 'running', 'poststart', 'healthy', 'unhealthy'];

export function possibleFacts(world: World, rules: Rules): readonly Fact[] {
  const facts: Fact[] = [{ kind: 'rulesChanged' }];
  if (world.spawnPending) {
    facts.push({ kind: 'spawned' });
    for (const errno of ['EAGAIN', 'ENOENT']) {
      facts.push({ kind: 'spawnFailed', failure: { step: 'execute', errno, message: errno } });
    }
  }
  if (countsTime(world, rules)) facts.push({ kind: 'due' });
  if (world.activity === 'awaitConnection') facts.push({ kind: 'connectionCame', socket: 'http' });
  if (world.activity === 'awaitDependencies') {
    const isBlocked = world.instance.monitor === 'blocked';
    facts.push(
      { kind: 'dependenciesReady' },
      { kind: isBlocked ? 'dependenciesRevived' : 'dependenciesFailed' },
    );
  }
  const seeksDaemon = world.activity === 'watchReadiness' && !world.leaderAlive;
  if (seeksDaemon) facts.push({ kind: 'leaderFound' });
  else if (world.activity === 'watchReadiness') facts.push({ kind: 'becameHealthy' }, UNHEALTHY);
  const isWatched = world.activity === 'watchReadiness' || world.activity === 'watchLiveness';
  if (isWatched && !seeksDaemon) facts.push({ kind: 'stopAnnounced' }, HUNG);
  if (world.activity === 'watchLiveness') {
    // A liveness watch tells changes only.
    facts.push(world.instance.monitor === 'unhealthy' ? { kind: 'becameHealthy' } : UNHEALTHY);
    if (rules.isActivated) facts.push({ kind: 'becameIdle' });
  }
  if (world.deadline) facts.push({ kind: 'deadlinePassed' });
  if (world.leaderAlive) {
    for (const status of STATUSES) {
      for (const leaves of ['nothing', 'members', 'daemons'] as const) {
        for (const wasBrief of [false, true]) facts.push({ kind: 'exited', status, leaves, wasBrief });
      }
    }
  }
  if (world.step === 'running') {
    facts.push({ kind: 'stepSucceeded' });
    for (const failure of [EXIT_3, NO_SUCH_STEP]) facts.push({ kind: 'stepFailed', failure });
  } else if (world.step !== 'none') facts.push({ kind: 'stepFailed', failure: CANCELLED });
  if (mayReload(rules) && TAKES_RELOAD.includes(world.instance.monitor))
    facts.push({ kind: 'reloadRequested' });
  if (!world.leaderAlive && world.othersAlive) facts.push({ kind: 'othersVanished' });
  return facts;
}

export function take(before: World, event: LifecycleEvent, rules: Rules, tables: Tables): Passage {
  const taken = step(before.instance, event, rules, tables);
  let after: World = { ...happened(before, event), instance: taken.next };
  for (const effect of taken.effects) after = affected(after, effect);
  return { before, event, taken, after, rules };
}

function happened(world: World, event: LifecycleEvent): World {
  if (event.type === 'decision') return world;
  switch (event.fact.kind) {
    case 'spawned':
      return { ...world, spawnPending: false, leaderAlive: true };
    case 'spawnFailed':
      return { ...world, spawnPending: false };
    case 'exited':
      return { ...world, leaderAlive: false, othersAlive: event.fact.leaves !== 'nothing' };
    case 'leaderFound':
      return { ...world, leaderAlive: true, othersAlive: false };
    case 'othersVanished':
      return { ...world, othersAlive: false };
    case 'stepSucceeded':
    case 'stepFailed':
      return { ...world, step: 'none', stage: undefined };
    case 'deadlinePassed':
      return { ...world, deadline: false };
    default:
      return world;
  }
}

function affected(world: World, effect: Effect): World {
  switch (effect.kind) {
    case 'spawn':
      return { ...world, spawnPending: true };
    case 'runStep':
      return { ...world, step: 'running', stage: effect.stage };
    case 'endStep':
      return { ...world, step: effect.now ? 'killed' : 'asked' };
    case 'armDeadline':
      return { ...world, deadline: true };
    case 'disarmDeadline':
      return { ...world, deadline: false };
    case 'beginActivity':
      return { ...world, activity: effect.activity };
    case 'endActivity':
      return { ...world, activity: undefined };
    default:
      return world;
  }
}

const PREPARES: readonly string[] = ['waiting', 'blocked', 'preparing', 'starting'];

/** Two worlds with the same key behave alike: incarnations are only numbers, and many restarts are like a few. */
export function keyOf(world: World): string {
  const { monitor, desired, leader, isAdopted, stopStage, ending, outcome, restarts, briefLives, ...steps } =
    world.instance;
  // Nothing asks how the last incarnation ended before this one has.
  const isOverwritten = world.leaderAlive || PREPARES.includes(monitor);
  const end = isOverwritten
    ? undefined
    : outcome?.kind === 'ended'
      ? [outcome.status, outcome.ending]
      : outcome;
  const flags = [
    world.spawnPending,
    world.leaderAlive,
    world.othersAlive,
    world.deadline,
    world.step,
    world.activity,
  ];
  return JSON.stringify([
    monitor,
    desired,
    leader,
    isAdopted,
    stopStage,
    ending,
    end,
    Math.min(restarts, 4),
    briefLives,
    [steps.step, steps.stepIndex, steps.isIntroduced, steps.isReloadDue, steps.isRunDue],
    flags,
  ]);
}
