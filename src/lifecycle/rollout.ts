/**
 * A rolling change: instances that are restarted a few at a time, each batch gated on the health of the one before. The
 * first that fails ends it, and the rest stays as it is. Pure.
 */

import type { Instance } from './instance.ts';
import type { MonitorState } from './states.ts';

export interface Rollout {
  /** Of the event that reported its beginning: the cause of all that it does. */
  readonly id: number;
  /** Who wants it, as in a record's `wanted`. */
  readonly by: 'user' | 'reload';
  readonly cause: string;
  /** How many are restarted at once. */
  readonly atOnce: number;
  /** Keys of instances, in the order of their turns. */
  readonly pending: readonly string[];
  readonly underway: readonly string[];
  readonly done: readonly string[];
}

/** What an instance has come to that was restarted. */
export type Standing = 'under way' | 'arrived' | 'failed';

const STANDINGS: Readonly<Record<MonitorState, Standing>> = {
  idle: 'arrived',
  // Its sockets are ready.
  listening: 'arrived',
  scheduled: 'arrived',
  waiting: 'under way',
  blocked: 'failed',
  preparing: 'under way',
  starting: 'under way',
  healthcheck: 'under way',
  running: 'under way',
  poststart: 'under way',
  healthy: 'arrived',
  unhealthy: 'failed',
  stopping: 'under way',
  cleaning: 'under way',
  ended: 'under way',
  // The restart policy tries again, but the next instance would most likely fare the same.
  backoff: 'failed',
  completed: 'arrived',
  // Somebody has stopped it meanwhile.
  stopped: 'arrived',
  failed: 'failed',
};

/** While the wish itself stands, the incarnation that runs is the one to be replaced. */
export function standingOf({ monitor, desired }: Pick<Instance, 'monitor' | 'desired'>): Standing {
  return desired === 'restart' || desired === 'start' ? 'under way' : STANDINGS[monitor];
}

export interface RolloutStep {
  /** Undefined: it is over. */
  readonly next: Rollout | undefined;
  /** Keys of those whose turn has come. */
  readonly restart: readonly string[];
  /** The first that failed; it ended the rollout. */
  readonly failed?: string;
  /** As it ends. */
  readonly done: readonly string[];
  /** Keys of those whose turn never came. */
  readonly left: readonly string[];
}

export interface Looks {
  /** Undefined: the instance is gone. */
  readonly standing: (key: string) => Standing | undefined;
  /** A person has stopped it: its turn is passed over. */
  readonly isStopped: (key: string) => boolean;
}

export function stepRollout(rollout: Rollout, { standing, isStopped }: Looks): RolloutStep {
  const { atOnce, underway, pending } = rollout;
  const failed = underway.find((key) => standing(key) === 'failed');
  const arrived = underway.filter((key) => standing(key) === 'arrived');
  const done = [...rollout.done, ...arrived];
  if (failed !== undefined) return { next: undefined, restart: [], failed, done, left: pending };
  const still = underway.filter((key) => standing(key) === 'under way');
  const able = pending.filter((key) => standing(key) !== undefined && !isStopped(key));
  const restart = able.slice(0, Math.max(0, atOnce - still.length));
  const next = {
    ...rollout,
    done,
    underway: [...still, ...restart],
    pending: able.slice(restart.length),
  };
  return { next: next.underway.length === 0 ? undefined : next, restart, done, left: [] };
}
