/**
 * The three tables of the machine. A fact looks up FACTS, a decision looks up DECISIONS; then RECONCILE (`reconcile.ts`) is
 * applied until it says `stay`. `never` marks what no sequence of events can reach: `test/model` explores them all.
 */

import type { DecisionKind, FactKind } from './events.ts';
import { RECONCILE, type ReconcileTable } from './reconcile.ts';
import type { DesiredState, MonitorState } from './states.ts';

/** What a fact does: a state to enter, or a move of its own (see `step.ts`). */
export type FactMove =
  | 'enter waiting'
  /** A retry: until a connection comes, where one starts the program. */
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
  /** A run is due, and none is under way: it begins, with a fresh count of restarts. */
  | 'begin run'
  /** A run is due while one is under way: as `overlap` says. */
  | 'overlap'
  /** A run is due, and the one before has not begun. */
  | 'skip run'
  /** Restarts are counted from 0 again; a crash loop goes on until one has lived long enough. */
  | 'forget restarts'
  /** Restarts are counted from 0 again, and lives that were brief are forgotten. */
  | 'forgive'
  /** The same, and where no connection is to start the program any more, it starts now. */
  | 'renew listening'
  /** The same, and where it has no schedule any more, it starts now. */
  | 'renew schedule'
  /** The same, and what has a schedule now waits for its time, and what a connection is to start now for one. */
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
  due: 'never',
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
  scheduled: { ...NOTHING, due: 'begin run', rulesChanged: 'renew schedule' },
  waiting: {
    ...NOTHING,
    due: 'skip run',
    dependenciesReady: 'begin incarnation',
    dependenciesFailed: 'enter blocked',
  },
  blocked: {
    ...NOTHING,
    due: 'skip run',
    dependenciesReady: 'begin incarnation',
    dependenciesRevived: 'enter waiting',
  },
  preparing: { ...NOTHING, due: 'overlap', stepSucceeded: 'next pre_start', stepFailed: 'conclude' },
  starting: {
    ...NOTHING,
    due: 'overlap',
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
    due: 'overlap',
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
    due: 'overlap',
    exited: 'lose leader',
    othersVanished: 'conclude',
    stepSucceeded: 'lose step',
    stepFailed: 'lose step',
    deadlinePassed: 'escalate',
  },
  cleaning: { ...NOTHING, due: 'overlap', stepSucceeded: 'next post_exit', stepFailed: 'next post_exit' },
  ended: { ...NOTHING, rulesChanged: 'never' },
  backoff: { ...NOTHING, due: 'begin run', deadlinePassed: 'begin again', rulesChanged: 'judge again' },
  completed: { ...NOTHING, rulesChanged: 'renew rest' },
  stopped: NOTHING,
  failed: NOTHING,
};

export type DecisionTable = Readonly<
  Record<DesiredState, Readonly<Record<DecisionKind, DesiredState | 'never'>>>
>;

/** People's decisions hold whatever was wanted before; policy is asked only where the process is wanted up. */
const ANYONE = { start: 'start', stop: 'down', kill: 'killed', restart: 'restart', run: 'run' } as const;

export const DECISIONS: DecisionTable = {
  start: { ...ANYONE, rest: 'never', giveUp: 'never' },
  up: { ...ANYONE, rest: 'resting', giveUp: 'givenUp' },
  // A start while a restart is under way asks for nothing more than what is coming.
  restart: { ...ANYONE, start: 'restart', run: 'restart', rest: 'never', giveUp: 'never' },
  run: { ...ANYONE, start: 'run', rest: 'never', giveUp: 'never' },
  once: { ...ANYONE, run: 'once', rest: 'never', giveUp: 'never' },
  // It runs already.
  last: { ...ANYONE, run: 'last', rest: 'never', giveUp: 'never' },
  // Its schedule stays stopped.
  down: { ...ANYONE, run: 'once', rest: 'never', giveUp: 'never' },
  // Patience is not given back to what is being killed.
  killed: { ...ANYONE, stop: 'killed', run: 'once', rest: 'never', giveUp: 'never' },
  // What has a schedule never ends for good.
  resting: { ...ANYONE, run: 'never', rest: 'never', giveUp: 'never' },
  givenUp: { ...ANYONE, run: 'never', rest: 'never', giveUp: 'never' },
};

export interface Tables {
  readonly facts: FactTable;
  readonly decisions: DecisionTable;
  readonly reconcile: ReconcileTable;
}

export const TABLES: Tables = { facts: FACTS, decisions: DECISIONS, reconcile: RECONCILE };
