/** The numbers and choices of one process that its state machine goes by; they come from the configuration. */

import type { SignalName } from '../signals.ts';

export interface Rules {
  /** It runs once: nothing proves it healthy before it has exited well. */
  readonly isOneShot: boolean;
  /** What is spawned leaves a daemon and exits. */
  readonly isForking: boolean;
  /** Its program starts with the first connection to its sockets. */
  readonly isActivated: boolean;
  /** Incarnations in a row that a connection may start and that end at once; after so many it has failed. */
  readonly maxActivations: number;
  /** It runs when it is due; undefined: it has no schedule. */
  readonly schedule: ScheduleRules | undefined;
  readonly restart: RestartRules;
  /** How long a start may take, until it is healthy or, as a one-shot, has exited; undefined: no limit. */
  readonly startTimeoutMs: number | undefined;
  /** How many steps there are. */
  readonly steps: Readonly<Record<'preStart' | 'postStart' | 'postExit', number>>;
  /** At least one signal; KILL follows the last stage. */
  readonly stop: readonly StopStage[];
  /** Who gets the KILL that follows the last stage, while the leader lives. */
  readonly kill: 'leader' | 'all';
  readonly onUnhealthy: 'restart' | 'exit' | 'none';
  readonly onWatchdog: 'restart' | 'exit' | 'none';
  /** Incarnations in a row that may end at once; after one more, restarts are throttled (see `backoff.ts`). */
  readonly maxBriefLives: number;
}

export interface ScheduleRules {
  /** When a run is due while one is under way: it is skipped, it follows that one, or it replaces it. */
  readonly overlap: 'skip' | 'queue' | 'kill';
  /** A start begins with a run. */
  readonly runsOnStart: boolean;
}

export interface RestartRules {
  readonly policy: 'no' | 'always' | 'unless-stopped' | 'on-failure';
  /** At most so many consecutive restarts; undefined: no limit. */
  readonly maxRestarts: number | undefined;
  /** Exit codes that are no failure. */
  readonly exitCodes: readonly number[];
  readonly backoff: BackoffRules;
}

export interface BackoffRules {
  readonly baseMs: number;
  readonly factor: number;
  readonly maxMs: number;
  /** Continuous healthy running after which the counter returns to 0. */
  readonly resetMs: number;
}

export type StopStage = SignalStage | CommandStage | PauseStage;

export interface SignalStage {
  readonly kind: 'signal';
  readonly signal: SignalName;
  readonly waitMs: number;
  /** Who gets it while the leader lives; once it is dead, those that have not had one. */
  readonly to: 'leader' | 'group' | 'others';
}

/** Runs while the leader lives; the next stage follows when it has ended, or after so long. */
export interface CommandStage {
  readonly kind: 'command';
  readonly waitMs: number;
}

/** Only waits. */
export interface PauseStage {
  readonly kind: 'pause';
  readonly waitMs: number;
}

/**
 * `leader`: the process that was spawned. `group`: its whole process group. `others`: every descendant but the
 * leader. `outsiders`: every descendant that has left the group. `all`: the group and every descendant.
 */
export type SignalTarget = SignalStage['to'] | 'outsiders' | 'all';
