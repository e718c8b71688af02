/** One instance as the state machine sees it: an immutable value. */

import type { ExitStatus, SpawnFailure } from './exit-outcome.ts';
import type { DesiredState, MonitorState } from './states.ts';

/**
 * What ended an incarnation: itself, a request to stop, its health check, its watchdog, the limit on its start, or that
 * nobody was connected (`idle`). `backgrounded`: its leader ended well before it was healthy while a descendant went on in
 * a session of its own, as daemons do. `vanished`: it was to leave a daemon, and left none, or one that ended before it
 * was known. `poststart-failed`: a step after its start failed. `overlap`: its next run was due.
 */
export type Ending =
  | 'by-itself'
  | 'requested'
  | 'unhealthy'
  | 'watchdog'
  | 'start-timeout'
  | 'idle'
  | 'backgrounded'
  | 'vanished'
  | 'poststart-failed'
  | 'overlap';

/**
 * Index into `rules.stop`. Before the first of them: `announced`, it stops by itself, or `aborted`, SIGABRT was sent.
 * `killed` once KILL was sent.
 */
export type StopStep = number | 'announced' | 'aborted' | 'killed';

export type Outcome =
  | { readonly kind: 'ended'; readonly status: ExitStatus; readonly ending: Ending }
  | { readonly kind: 'notStarted'; readonly failure: SpawnFailure };

export interface Instance {
  readonly monitor: MonitorState;
  readonly desired: DesiredState;
  /** 0 before the first; grows by one with each attempt to spawn. */
  readonly incarnation: number;
  /** The process that was spawned, or the daemon it left. `dead` while what it left behind is waited for. */
  readonly leader: 'none' | 'alive' | 'dead';
  /** The leader is the daemon that the process which was spawned has left. */
  readonly isAdopted: boolean;
  /** While stopping; `killed` also of a spawn that was given up. */
  readonly stopStage: StopStep;
  readonly ending: Ending;
  /** The step that runs, or one of an earlier state that is being ended; no state of rest is entered before it is gone. */
  readonly step: 'none' | 'running' | 'ending' | 'killed';
  /** Which of the present state's steps comes or runs. */
  readonly stepIndex: number;
  /** The steps after its start have ended well. */
  readonly isIntroduced: boolean;
  /** Its command to read its configuration again is to run as soon as it can. */
  readonly isReloadDue: boolean;
  /** Another run of its schedule follows the one that is under way. */
  readonly isRunDue: boolean;
  /** How the last incarnation ended; undefined before the first did. */
  readonly outcome: Outcome | undefined;
  /** Restarts in a row, see `Rules.restart.maxRestarts`. */
  readonly restarts: number;
  /** Incarnations in a row that ended at once, counted as long as `Rules` has a limit for them. */
  readonly briefLives: number;
}

export const NEW_INSTANCE: Instance = {
  monitor: 'idle',
  desired: 'down',
  incarnation: 0,
  leader: 'none',
  isAdopted: false,
  stopStage: 0,
  ending: 'by-itself',
  step: 'none',
  stepIndex: 0,
  isIntroduced: false,
  isReloadDue: false,
  isRunDue: false,
  outcome: undefined,
  restarts: 0,
  briefLives: 0,
};
