/** What a step asks the world to do, as data; `supervisor/effects/perform.ts` carries it out in this order. */

import type { SignalName } from '../signals.ts';
import type { SignalTarget } from './rules.ts';

/** Work that belongs to a state: begun on entering, ended on leaving. */
export type Activity = 'awaitConnection' | 'awaitDependencies' | 'watchReadiness' | 'watchLiveness';

/** When a step runs. `stop`: `index` is that of the stage in the stop sequence. */
export type StepStage = 'preStart' | 'postStart' | 'reload' | 'stop' | 'postExit';

/** Replaces any deadline the instance has. */
interface ArmDeadline {
  readonly kind: 'armDeadline';
  readonly afterMs: number;
  /** Counted from now, or from the spawn of the live incarnation. */
  readonly from: 'now' | 'spawn';
  /** The share by which to vary it at random, either way. */
  readonly spread: number;
}

export type Effect =
  | { readonly kind: 'spawn'; readonly incarnation: number }
  /** To give up a spawn that has no answer yet; there is one in any case. */
  | { readonly kind: 'abandonSpawn'; readonly why: 'timed-out' | 'cancelled' }
  /** To processes of the present incarnation. */
  | { readonly kind: 'signal'; readonly signal: SignalName; readonly to: SignalTarget }
  | ArmDeadline
  /** One at a time: the one before has ended. */
  | { readonly kind: 'runStep'; readonly stage: StepStage; readonly index: number }
  /** Its end is a fact in any case. `now`: by KILL alone. */
  | { readonly kind: 'endStep'; readonly why: 'timed-out' | 'cancelled'; readonly now: boolean }
  | { readonly kind: 'disarmDeadline' }
  /** The run that is due does not take place: one is under way, waits for its dependencies, or is queued already. */
  | { readonly kind: 'skipRun'; readonly because: 'running' | 'waiting' | 'queued' }
  | { readonly kind: 'beginActivity'; readonly activity: Activity }
  | { readonly kind: 'endActivity' }
  /** `on_unhealthy = "exit"`, `on_watchdog = "exit"`. */
  | { readonly kind: 'exitEngine' }
  /** A cell that no sequence of events should reach was reached; the instance is left as it was. */
  | { readonly kind: 'reportImpossible'; readonly what: string };
