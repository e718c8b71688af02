/**
 * The three tables of the machine. A fact looks up FACTS, a decision looks up DECISIONS; then RECONCILE is applied
 * until it says `stay`. `never` marks what no sequence of events can reach: `test/model` explores them all.
 */

import type { DecisionKind, FactKind } from './events.ts';
import type { DesiredState, MonitorState } from './states.ts';

/** What a fact does: a state to enter, or a move of its own (see `step.ts`). */
export type FactMove =
  | 'enter waiting'
  /** Until a connection comes, where one starts the program. */
  | 'begin again'
  | 'enter blocked'
  /** A new incarnation: the steps before it, or its program. */
  | 'begin incarnation'
  /** The next of the state's steps, or what follows the last: its program, health, its end. */
  | 'next pre_start'
  | 'next post_start'
  | 'next post_exit'
  /** A step after the start failed: the stop sequence. */
  | 'fail poststart'
  /** What a stop waits for: the next stage after its command, and the end where nothing else is left. */
  | 'lose step'
  /** The command by which the program reads its configuration again, as soon as it may run. */
  | 'reload'
  /** The command has ended; again, if that was asked for meanwhile. */
  | 'end reload'
  /** A service is proven healthy first; a one-shot simply runs. */
  | 'begin life'
  /** Proven healthy: healthy at once, or when the steps after the start have ended well. */
  | 'enter healthy'
  | 'enter unhealthy'
  /** Nothing of the incarnation is left, or a step before it failed. */
  | 'conclude'
  /** Nobody is connected: the stop sequence, from its first signal. */
  | 'stop idle'
  /** The leader is dead: what it has left is stopped, and if that is nothing, nothing is left. */
  | 'lose leader'
  /** The daemon that it left leads it. */
  | 'take leader'
  /** It stops by itself; the stop sequence follows if that takes too long. */
  | 'await end'
  /** It hangs: as `on_watchdog` says. */
  | 'abort'
  /** The stop sequence's next signal. */
  | 'escalate'
  /** The start took too long: the stop sequence, from its first signal. */
  | 'time out'
  /** The kernel has not executed the program in time: the spawn is given up, and its answer awaited. */
  | 'give up spawn'
  /** Restarts are counted from 0 again; a crash loop goes on until one has lived long enough. */
  | 'forget restarts'
  /** Restarts are counted from 0 again, and lives that were brief are forgotten. */
  | 'forgive'
  /** The same, and where no connection is to start the program any more, it starts now. */
  | 'renew listening'
  /** The same, and where a connection is to start the program from now on, one is waited for. */
  | 'renew rest'
  /** The same, and the present start has the time that the new rules give it. */
  | 'renew start'
  /** The same, and nothing is left to wait for. */
  | 'renew health'
  /** The same, and policy decides once more, by the new rules. */
  | 'judge again'
  | 'never';

const NOTHING = {
  connectionCame: 'never',
  dependenciesReady: 'never',
  dependenciesFailed: 'never',
  dependenciesRevived: 'never',
  spawned: 'never',
  spawnFailed: 'never',
  becameHealthy: 'never',
  becameUnhealthy: 'never',
  becameIdle: 'never',
  exited: 'never',
  leaderFound: 'never',
  stopAnnounced: 'never',
  watchdogExpired: 'never',
  othersVanished: 'never',
  stepSucceeded: 'never',
  stepFailed: 'never',
  reloadRequested: 'never',
  deadlinePassed: 'never',
  rulesChanged: 'forgive',
} as const satisfies Record<FactKind, FactMove>;

const RELOADS = {
  stepSucceeded: 'end reload',
  stepFailed: 'end reload',
  reloadRequested: 'reload',
} as const;

export type FactTable = Readonly<Record<MonitorState, Readonly<Record<FactKind, FactMove>>>>;

export const FACTS: FactTable = {
  idle: NOTHING,
  listening: {
    ...NOTHING,
    connectionCame: 'enter waiting',
    // None came for a while.
    deadlinePassed: 'forgive',
    rulesChanged: 'renew listening',
  },
  waiting: { ...NOTHING, dependenciesReady: 'begin incarnation', dependenciesFailed: 'enter blocked' },
  blocked: { ...NOTHING, dependenciesReady: 'begin incarnation', dependenciesRevived: 'enter waiting' },
  preparing: { ...NOTHING, stepSucceeded: 'next pre_start', stepFailed: 'conclude' },
  starting: {
    ...NOTHING,
    spawned: 'begin life',
    spawnFailed: 'conclude',
    deadlinePassed: 'give up spawn',
  },
  healthcheck: {
    ...NOTHING,
    becameHealthy: 'enter healthy',
    becameUnhealthy: 'enter unhealthy',
    exited: 'lose leader',
    leaderFound: 'take leader',
    stopAnnounced: 'await end',
    watchdogExpired: 'abort',
    // Of one that was to leave a daemon.
    othersVanished: 'conclude',
    deadlinePassed: 'time out',
    rulesChanged: 'renew start',
    reloadRequested: 'reload',
  },
  running: {
    ...NOTHING,
    ...RELOADS,
    exited: 'lose leader',
    deadlinePassed: 'time out',
    rulesChanged: 'renew start',
  },
  poststart: {
    ...NOTHING,
    exited: 'lose leader',
    stepSucceeded: 'next post_start',
    stepFailed: 'fail poststart',
    reloadRequested: 'reload',
  },
  healthy: {
    ...NOTHING,
    ...RELOADS,
    becameUnhealthy: 'enter unhealthy',
    becameIdle: 'stop idle',
    exited: 'lose leader',
    stopAnnounced: 'await end',
    watchdogExpired: 'abort',
    deadlinePassed: 'forget restarts',
    rulesChanged: 'renew health',
  },
  unhealthy: {
    ...NOTHING,
    ...RELOADS,
    becameHealthy: 'enter healthy',
    becameIdle: 'stop idle',
    exited: 'lose leader',
    stopAnnounced: 'await end',
    watchdogExpired: 'abort',
  },
  stopping: {
    ...NOTHING,
    exited: 'lose leader',
    othersVanished: 'conclude',
    stepSucceeded: 'lose step',
    stepFailed: 'lose step',
    deadlinePassed: 'escalate',
  },
  cleaning: { ...NOTHING, stepSucceeded: 'next post_exit', stepFailed: 'next post_exit' },
  ended: { ...NOTHING, rulesChanged: 'never' },
  backoff: { ...NOTHING, deadlinePassed: 'begin again', rulesChanged: 'judge again' },
  completed: { ...NOTHING, rulesChanged: 'renew rest' },
  stopped: NOTHING,
  failed: NOTHING,
};

export type DecisionTable = Readonly<
  Record<DesiredState, Readonly<Record<DecisionKind, DesiredState | 'never'>>>
>;

/** People's decisions hold whatever was wanted before; policy is asked only where the process is wanted up. */
const ANYONE = { start: 'start', stop: 'down', kill: 'killed', restart: 'restart' } as const;

export const DECISIONS: DecisionTable = {
  start: { ...ANYONE, rest: 'never', giveUp: 'never' },
  up: { ...ANYONE, rest: 'resting', giveUp: 'givenUp' },
  // A start while a restart is under way asks for nothing more than what is coming.
  restart: { ...ANYONE, start: 'restart', rest: 'never', giveUp: 'never' },
  down: { ...ANYONE, rest: 'never', giveUp: 'never' },
  // Patience is not given back to what is being killed.
  killed: { ...ANYONE, stop: 'killed', rest: 'never', giveUp: 'never' },
  resting: { ...ANYONE, rest: 'never', giveUp: 'never' },
  givenUp: { ...ANYONE, rest: 'never', giveUp: 'never' },
};

/** What the meeting of what is so and what is wanted leads to. */
export type Reconciliation =
  | 'stay'
  /** The wish is fulfilled or under way: it is plain `up` from now on. */
  | 'settle up'
  /** On the way to a new incarnation: wait for what it depends on, or first for a connection if one is to start it. */
  | 'begin'
  /** The same, and no connection is waited for. */
  | 'begin now'
  /** The stop sequence, from its first signal. */
  | 'halt'
  /** KILL now, unless that was done. */
  | 'kill'
  /** The spawn is given up, and its answer awaited, unless that was done. */
  | 'abort'
  /** The running step is ended, and its end awaited, unless that was done. */
  | 'end step'
  /** The same without patience. */
  | 'kill step'
  /** Unhealthy: as `on_unhealthy` says. */
  | 'remedy'
  /** It ended by itself: policy decides between a retry, rest, and giving up. */
  | 'judge'
  | 'enter stopped'
  | 'enter completed'
  | 'enter failed'
  | 'never';

export type ReconcileTable = Readonly<Record<MonitorState, Readonly<Record<DesiredState, Reconciliation>>>>;

/** On the way to a new incarnation, with nothing alive. */
const AWAITING = {
  start: 'settle up',
  up: 'stay',
  restart: 'settle up',
  down: 'enter stopped',
  killed: 'enter stopped',
  resting: 'never',
  givenUp: 'never',
} as const;

const RUNNING = {
  start: 'settle up',
  up: 'stay',
  restart: 'halt',
  down: 'halt',
  killed: 'kill',
  resting: 'never',
  givenUp: 'never',
} as const;

export const RECONCILE: ReconcileTable = {
  idle: {
    start: 'begin',
    up: 'never',
    restart: 'begin',
    down: 'stay',
    killed: 'stay',
    resting: 'never',
    givenUp: 'never',
  },
  // Asked for twice, it is wanted now.
  listening: { ...AWAITING, start: 'begin now', restart: 'begin now' },
  waiting: AWAITING,
  blocked: AWAITING,
  preparing: {
    start: 'stay',
    up: 'stay',
    restart: 'end step',
    down: 'end step',
    killed: 'kill step',
    resting: 'never',
    givenUp: 'never',
  },
  // An answer that comes all the same is dealt with: what has just been spawned is stopped.
  starting: {
    start: 'stay',
    up: 'stay',
    restart: 'abort',
    down: 'abort',
    killed: 'abort',
    resting: 'never',
    givenUp: 'never',
  },
  healthcheck: RUNNING,
  running: RUNNING,
  poststart: RUNNING,
  healthy: RUNNING,
  unhealthy: { ...RUNNING, up: 'remedy' },
  stopping: {
    start: 'stay',
    up: 'stay',
    restart: 'stay',
    down: 'stay',
    killed: 'kill',
    resting: 'never',
    givenUp: 'never',
  },
  // What is wanted next comes after it; only what is killed is not waited for.
  cleaning: {
    start: 'stay',
    up: 'stay',
    restart: 'stay',
    down: 'stay',
    killed: 'kill step',
    resting: 'never',
    givenUp: 'never',
  },
  ended: {
    start: 'begin',
    up: 'judge',
    restart: 'begin now',
    down: 'enter stopped',
    killed: 'enter stopped',
    resting: 'enter completed',
    givenUp: 'enter failed',
  },
  backoff: {
    start: 'begin',
    up: 'stay',
    restart: 'begin',
    down: 'enter stopped',
    killed: 'enter stopped',
    resting: 'never',
    givenUp: 'never',
  },
  completed: {
    start: 'begin now',
    up: 'never',
    restart: 'begin now',
    down: 'enter stopped',
    killed: 'enter stopped',
    resting: 'stay',
    givenUp: 'never',
  },
  stopped: {
    start: 'begin',
    up: 'never',
    restart: 'begin',
    down: 'stay',
    killed: 'stay',
    resting: 'never',
    givenUp: 'never',
  },
  failed: {
    start: 'begin',
    up: 'never',
    restart: 'begin',
    down: 'enter stopped',
    killed: 'enter stopped',
    resting: 'never',
    givenUp: 'stay',
  },
};

export interface Tables {
  readonly facts: FactTable;
  readonly decisions: DecisionTable;
  readonly reconcile: ReconcileTable;
}

export const TABLES: Tables = { facts: FACTS, decisions: DECISIONS, reconcile: RECONCILE };
