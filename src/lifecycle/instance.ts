/** One instance as the state machine sees it: an immutable value. */

import type { ExitStatus, SpawnFailure } from './exit-outcome.ts';
import type { DesiredState, MonitorState } from './states.ts';

/**
 * What ended an incarnation: itself, a request to stop, its health check, or the limit on its start. `backgrounded`: its
 * leader ended well before it was healthy while a descendant went on in a session of its own, as daemons do.
 */
export type Ending = 'by-itself' | 'requested' | 'unhealthy' | 'start-timeout' | 'backgrounded';

export type Outcome =
  | { readonly kind: 'ended'; readonly status: ExitStatus; readonly ending: Ending }
  | { readonly kind: 'notStarted'; readonly failure: SpawnFailure };

export interface Instance {
  readonly monitor: MonitorState;
  readonly desired: DesiredState;
  /** 0 before the first; grows by one with each attempt to spawn. */
  readonly incarnation: number;
  /** The process that was spawned. `dead` while what it left behind is waited for. */
  readonly leader: 'none' | 'alive' | 'dead';
  /** While stopping: index into `rules.stop`; `killed` once KILL was sent, also to a spawn that was given up. */
  readonly stopStage: number | 'killed';
  readonly ending: Ending;
  /** How the last incarnation ended; undefined before the first did. */
  readonly outcome: Outcome | undefined;
  /** Restarts in a row, see `Rules.restart.maxRestarts`. */
  readonly restarts: number;
  /** Incarnations in a row that ended at once, counted up to one more than `Rules.maxBriefLives`. */
  readonly briefLives: number;
}

export const NEW_INSTANCE: Instance = {
  monitor: 'idle',
  desired: 'down',
  incarnation: 0,
  leader: 'none',
  stopStage: 0,
  ending: 'by-itself',
  outcome: undefined,
  restarts: 0,
  briefLives: 0,
};
