/** What moves the world, and what is to be done when it has moved: both as data. `core/step` makes the one into the other. */

import type { ProcessConfig } from '../../config/resolved-config.ts';
import type { StepStage } from '../../lifecycle/effects.ts';
import type { EngineEffect, EngineFact } from '../../lifecycle/engine.ts';
import type { DecisionKind, Fact } from '../../lifecycle/events.ts';
import type { Rollout } from '../../lifecycle/rollout.ts';
import type { SignalTarget } from '../../lifecycle/rules.ts';
import type { SignalName } from '../../signals.ts';
import type { EventFields } from '../../wire/engine-event.ts';
import type { LeftProcess } from '../../wire/snapshot.ts';
import type { Standing } from '../ports/health.ts';
import type { ExitVerdict } from './exit-verdict.ts';
import type { About, InstanceRecord, Wanted } from './instance-record.ts';
import type { Settings } from './instance-records.ts';

/** What a fact brings with it beside what the lifecycle looks at. */
export interface Evidence {
  /** Of `spawned`. */
  readonly life?: Life;
  /** Of `exited`: what the leader left behind. */
  readonly left?: readonly LeftProcess[];
  /** Of `due`: at which time, and how many times were missed, that one included. */
  readonly due?: { readonly at: string; readonly missed?: number };
}

/** A program that has begun to run. */
export interface Life {
  readonly pid: number;
  /** As `Kernel.startTimeOf` says. */
  readonly startTime: number;
  readonly family: number;
}

export type Notice = Partial<
  Pick<
    InstanceRecord,
    'healthReason' | 'lastEvent' | 'lastSignal' | 'pid' | 'spawning' | 'startTime' | 'statusText' | 'step'
  >
>;

export interface ReloadRequest {
  /** A row for each process. */
  readonly plan: readonly { readonly process: string; readonly action: ReloadAction }[];
  /** Of the report. */
  readonly fields: EventFields['config_reloaded'];
  readonly causedBy: number | undefined;
}

export type ReloadAction = 'add' | 'remove' | 'restart' | 'update' | 'unchanged';

/** `key`: of the instance. `causedBy`: id of the reported event that caused it. */
export type WorldEvent =
  | {
      readonly type: 'fact';
      readonly key: string;
      readonly fact: Fact;
      readonly evidence?: Evidence;
      /** A fact about what is over is dropped. */
      readonly about: About;
      readonly causedBy: number | undefined;
    }
  | {
      readonly type: 'decision';
      readonly key: string;
      readonly kind: DecisionKind;
      readonly wanted: Wanted;
      readonly causedBy: number | undefined;
    }
  /** Something that it may wait for has changed. */
  | { readonly type: 'reconsider'; readonly key: string; readonly causedBy: number | undefined }
  /** A reload gave its process another configuration, which a running program can take over. */
  | { readonly type: 'configure'; readonly key: string; readonly process: ProcessConfig }
  /** Something was found out that the lifecycle does not look at. */
  | {
      readonly type: 'noticed';
      readonly key: string;
      readonly incarnation: number;
      readonly notice: Notice;
      /** People see that. */
      readonly isShown?: true;
    }
  /** It asks for more time: the present deadline comes no sooner than that. */
  | { readonly type: 'extend'; readonly key: string; readonly incarnation: number; readonly ms: number }
  /** Its program is to read its configuration again: by the command for that, as soon as that may run, or by a signal. */
  | { readonly type: 'planned'; readonly key: string; readonly nextRunAt: number | undefined }
  | { readonly type: 'reloadProgram'; readonly key: string; readonly causedBy: number | undefined }
  /** This engine goes on with a world that another one wrote. */
  | { readonly type: 'resumed' }
  /** There is a configuration: the first one, or by a reload another one. */
  | {
      readonly type: 'configured';
      readonly settings: Settings;
      /** What a reload finds different; without it nothing starts or stops. */
      readonly reload?: ReloadRequest;
    }
  /** What a reload changed is taken over, by the engine too; now it is reported, and what follows from it is done. */
  | {
      readonly type: 'reloaded';
      readonly request: ReloadRequest;
      /** The configurations of those that keep their instance. */
      readonly updated: readonly { readonly key: string; readonly process: ProcessConfig }[];
      readonly leaving: readonly { readonly key: string; readonly cause: string }[];
      /** Keys. */
      readonly added: readonly string[];
      readonly restarted: readonly string[];
    }
  /** Restarts them a few at a time, in this order. */
  | {
      readonly type: 'rollout';
      readonly keys: readonly string[];
      readonly atOnce: number;
      readonly wanted: Pick<Rollout, 'by' | 'cause'>;
      readonly causedBy: number | undefined;
    }
  /** The next ones of a rolling change may have their turn. */
  | { readonly type: 'rollOn' }
  /** Nothing is left in the queue: what has changed is reported. */
  | { readonly type: 'turnEnded' }
  /** `verdict`: of `shutdownRequested`. */
  | { readonly type: 'engine'; readonly fact: EngineFact; readonly verdict?: ExitVerdict | undefined };

/** `key`: of the instance that it is done for. They are carried out in order. */
export type WorldEffect =
  | {
      readonly kind: 'spawn';
      readonly key: string;
      readonly incarnation: number;
      readonly causedBy: number | undefined;
    }
  /** Another engine has begun it. */
  | { readonly kind: 'adopt'; readonly key: string }
  | { readonly kind: 'adoptStep'; readonly key: string }
  | { readonly kind: 'abandonSpawn'; readonly key: string; readonly why: 'timed-out' | 'cancelled' }
  | {
      readonly kind: 'signal';
      readonly key: string;
      readonly signal: SignalName;
      readonly to: SignalTarget;
      readonly causedBy: number | undefined;
    }
  | {
      readonly kind: 'runStep';
      readonly key: string;
      readonly stage: StepStage;
      readonly index: number;
      readonly causedBy: number | undefined;
    }
  | {
      readonly kind: 'endStep';
      readonly key: string;
      readonly why: 'timed-out' | 'cancelled';
      readonly now: boolean;
    }
  /** Replaces the one that it has. */
  | { readonly kind: 'startTimer'; readonly key: string; readonly number: number; readonly afterMs: number }
  | { readonly kind: 'stopTimer'; readonly key: string }
  /** Has its health watched. */
  | {
      readonly kind: 'watch';
      readonly key: string;
      readonly number: number;
      readonly standing: Standing;
      /** Of one that another engine has begun. */
      readonly ageMs?: number;
    }
  /** Has its sockets watched, until something comes. */
  | { readonly kind: 'awaitArrival'; readonly key: string; readonly number: number }
  | { readonly kind: 'endWatch'; readonly key: string }
  /** Has its runs come when they are due, by the schedule that it has now. `resumes`: as another engine has planned them. */
  | { readonly kind: 'followSchedule'; readonly key: string; readonly resumes?: true }
  | { readonly kind: 'leaveSchedule'; readonly key: string }
  /** Looks at the family while its leader lives, so that what leaves it later is known. */
  | { readonly kind: 'remember'; readonly key: string; readonly family: number }
  /** The process that was spawned has left a daemon, which is to lead the incarnation. */
  | { readonly kind: 'seekDaemon'; readonly key: string }
  /** Nobody is there any more who could report on itself. */
  | { readonly kind: 'endSelfReports'; readonly key: string }
  | { readonly kind: 'awaitLeftovers'; readonly key: string }
  | { readonly kind: 'leaveLeftovers'; readonly key: string }
  | { readonly kind: 'letDaemonsGo'; readonly key: string; readonly family: number }
  | { readonly kind: 'release'; readonly key: string; readonly family: number }
  /** Its rules for output have changed. */
  | { readonly kind: 'updateOutput'; readonly key: string }
  /** So that its program reads its configuration again. */
  | {
      readonly kind: 'reloadSignal';
      readonly key: string;
      readonly signal: SignalName;
      readonly causedBy: number | undefined;
    }
  /** It has another name. */
  | { readonly kind: 'rename'; readonly key: string; readonly was: string }
  /** It is gone: not configured any more, and at rest. */
  | { readonly kind: 'forget'; readonly name: string; readonly family: number | undefined }
  /** Settings of the engine beside its instances are taken over. */
  | { readonly kind: 'useSettings' }
  /** The container should end. */
  | { readonly kind: 'endContainer'; readonly verdict: ExitVerdict }
  | { readonly kind: 'engine'; readonly effect: EngineEffect }
  | { readonly kind: 'reportFault'; readonly message: string };
