/**
 * What moves an instance. Facts happened and are named by past participles; they move the monitor state.
 * Decisions are wanted and are named by imperatives; they move the desired state and may safely arrive twice.
 */

import type { ExitStatus, SpawnFailure } from './exit-outcome.ts';

/** The leader was collected. */
interface Exited {
  readonly kind: 'exited';
  readonly status: ExitStatus;
  readonly leaves: Leftovers;
  /** It ran for less than `BRIEF_LIFE_MS`. */
  readonly wasBrief: boolean;
}

export type Fact =
  /** Something is there to be read from, or accepted at, this socket of it; undefined: its sockets cannot be watched. */
  | { readonly kind: 'connectionCame'; readonly socket: string | undefined }
  /** By its schedule, a run is due. */
  | { readonly kind: 'due' }
  | { readonly kind: 'dependenciesReady' }
  /** One of them has ended for good and will not be as it must be. */
  | { readonly kind: 'dependenciesFailed' }
  /** What had failed was started again. */
  | { readonly kind: 'dependenciesRevived' }
  | { readonly kind: 'spawned' }
  | { readonly kind: 'spawnFailed'; readonly failure: SpawnFailure }
  | { readonly kind: 'becameHealthy' }
  | { readonly kind: 'becameUnhealthy'; readonly reason: string }
  /** Nobody has used its sockets for as long as `idle_stop` says. */
  | { readonly kind: 'becameIdle' }
  | Exited
  /** The daemon that its starter has left is known: it leads the incarnation from now on. */
  | { readonly kind: 'leaderFound' }
  /** It has said that it is about to exit. */
  | { readonly kind: 'stopAnnounced' }
  /** It has not said in time that it works, or said that it does not. */
  | { readonly kind: 'watchdogExpired'; readonly reason: string }
  /** After the leader, the last process of the incarnation is gone too. */
  | { readonly kind: 'othersVanished' }
  /** The step that ran has ended well, and nothing that it started is left. */
  | { readonly kind: 'stepSucceeded' }
  /** It could not start, ended badly, took too long, or was cancelled; nothing that it started is left. */
  | { readonly kind: 'stepFailed'; readonly failure: SpawnFailure }
  /** The program is to read its configuration again, by the command for that. */
  | { readonly kind: 'reloadRequested' }
  /** The deadline that the present state set itself. */
  | { readonly kind: 'deadlinePassed' }
  /** A reload changed what it goes by. */
  | { readonly kind: 'rulesChanged' };

export type Decision =
  | { readonly kind: 'start' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'kill' }
  | { readonly kind: 'restart' }
  /** Of what has a schedule: a run now, whether or not that is stopped. */
  | { readonly kind: 'run' }
  /** Policy: it ended well and stays so. */
  | { readonly kind: 'rest' }
  /** Policy: it failed and is not tried again. */
  | { readonly kind: 'giveUp' };

/**
 * What a dead leader leaves behind that must be stopped. `daemons`: at least one of its descendants is in a session of
 * its own.
 */
export type Leftovers = 'nothing' | 'members' | 'daemons';

export type FactKind = Fact['kind'];
export type DecisionKind = Decision['kind'];

export const FACT_KINDS: readonly FactKind[] = [
  'connectionCame',
  'due',
  'dependenciesReady',
  'dependenciesFailed',
  'dependenciesRevived',
  'spawned',
  'spawnFailed',
  'becameHealthy',
  'becameUnhealthy',
  'becameIdle',
  'exited',
  'leaderFound',
  'stopAnnounced',
  'watchdogExpired',
  'othersVanished',
  'stepSucceeded',
  'stepFailed',
  'reloadRequested',
  'deadlinePassed',
  'rulesChanged',
];
export const DECISION_KINDS: readonly DecisionKind[] = [
  'start',
  'stop',
  'kill',
  'restart',
  'run',
  'rest',
  'giveUp',
];

/** What `step` takes: facts from the world, decisions from people, dependencies, reload and shutdown. */
export type LifecycleEvent =
  | { readonly type: 'fact'; readonly fact: Fact }
  | { readonly type: 'decision'; readonly decision: Decision };
