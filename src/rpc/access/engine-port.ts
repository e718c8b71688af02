/** What the handlers need from the engine. `supervisor` (with `output` beside it) is the real one. */

import type { Action } from '../../lifecycle/states.ts';
import type { SignalName } from '../../signals.ts';
import type { Cancel } from '../../supervisor/ports/clock.ts';
import type { ClaimOptions, InputClaim } from '../../supervisor/ports/input.ts';
import type { JournalPort } from '../../supervisor/ports/journal.ts';
import type { UsageReading } from '../../supervisor/ports/usage.ts';
import type { EngineEvent } from '../../wire/engine-event.ts';
import type {
  EngineSnapshot,
  HealthVerdict,
  ProgramReload,
  ReloadReport,
  WhyReport,
} from '../../wire/snapshot.ts';
import type { InstanceName } from './select.ts';

export type OutputStream = 'stdout' | 'stderr';
export type ReloadKind = 'plan' | 'reload' | 'rollback plan' | 'rollback';
export type HealthQuestion = 'startup' | 'ready' | 'live';

/** Who asks; for the log. */
export interface Requester {
  readonly uid: number;
  /** Process id of the client, 0 where it is not known. */
  readonly pid: number;
}

/** A piece of what an instance printed, as it was read. */
export interface OutputChunk {
  readonly stream: OutputStream;
  readonly incarnation: number;
  readonly bytes: Uint8Array;
  /** Epoch milliseconds at which it was read, where that is known. */
  readonly time?: number;
}

/** One that was just read: its bytes are valid during the call only. */
export interface FollowedChunk extends OutputChunk {
  /** Bytes to keep, the same for all who ask; nobody changes them. */
  keep(): Uint8Array;
}

/** One that is still remembered; its bytes stay as they are. */
export interface RecentChunk extends OutputChunk {
  /** Bytes of its stream before it, over all incarnations. */
  readonly position: number;
}

export type OutputPosition = Readonly<Record<OutputStream, number>>;

export interface EnginePort {
  /** All instances with the processes they belong to, in the order of the configuration. */
  names(): readonly InstanceName[];
  /**
   * All instances, or only those whose names are given (unknown ones are left out); with what each uses where a
   * reading is given.
   */
  snapshot(instances?: readonly string[], usage?: UsageReading): EngineSnapshot;
  /** What every process group uses right now; costs a look through /proc. */
  readUsage(): Promise<UsageReading>;

  /**
   * Instance names for patterns: an instance, a process (all its instances), a glob, or `all`. In the order of
   * the configuration, each once. A glob that matches nothing is an error too, `all` never is.
   * Throws `unknown-process` with details `{name, suggestion?}`; the message suggests the nearest name.
   */
  select(patterns: readonly string[]): readonly string[];

  /**
   * Dispatches the decision for each, many of them in slices between which the event loop has its turn. Throws
   * `shutting-down` for start and restart while draining.
   */
  request(action: Action, instances: readonly string[], by: Requester): Promise<void> | void;

  /**
   * Restarts instances a few at a time: the next ones once these are healthy; the first that fails ends it.
   * @returns those whose turn comes: not what a person has stopped. Throws `shutting-down` while draining.
   */
  roll(instances: readonly string[], atOnce: number, by: Requester): readonly string[];

  /**
   * Resolves once each instance is where the action wants it or can no longer be (it was removed, it gave up, or
   * somebody wanted something else since). Rejects with the signal's reason when that aborts.
   */
  settled(action: Action, instances: readonly string[], signal: AbortSignal): Promise<void>;

  /** To the process group of each, or to its leader. Throws `not-running` naming those that do not run; then none was signalled. */
  signal(instances: readonly string[], signal: SignalName, to: 'leader' | 'group', by: Requester): void;

  /** Throws `config-invalid` with details `{problems: string[]}`; nothing was changed then. */
  reload(options: { readonly kind: ReloadKind; readonly by: Requester }): Promise<ReloadReport>;

  /**
   * Has programs read their own configuration again. Throws `action-failed` or `not-running`, naming those of `required`
   * that cannot; then none was asked. With `wait` it resolves when the commands have ended.
   */
  reloadPrograms(
    instances: readonly string[],
    options: { readonly required: readonly string[]; readonly by: Requester; readonly wait?: AbortSignal },
  ): Promise<readonly ProgramReload[]>;

  shutdown(by: Requester): void;
  health(question: HealthQuestion): HealthVerdict;
  why(instance: string): WhyReport;
  /** What the next incarnation is given. */
  environment(instance: string): Readonly<Record<string, string>>;
  /** The resolved configuration as plain JSON: all, or one process's. Throws `unknown-process`. */
  config(process?: string): unknown;

  /** What the engine remembers of its events and, where that is wanted, of what processes print. */
  readonly journal: JournalPort;
  /** The listener is called in order, at once; it must not throw. */
  onEvent(listener: (event: EngineEvent) => void): Cancel;

  /** What is left in the instance's rings, in the order of reading as far as that is known. */
  recentOutput(instance: string): readonly RecentChunk[];
  /** How much was read so far, and how much of that is in entries of the journal (where that keeps output). */
  outputPosition(instance: string): { readonly bytes: OutputPosition; readonly journalled: OutputPosition };
  /**
   * Every chunk read after this call, over all incarnations to come. `recentOutput` followed by this in the same
   * turn loses and repeats nothing.
   */
  followOutput(instance: string, listener: (chunk: FollowedChunk) => void): Cancel;

  /** What the instance's standard input is, by the configuration. */
  inputOf(instance: string): 'null' | 'pipe' | 'terminal';
  /**
   * The right to write to its standard input, for one at a time. Throws `action-failed` where somebody else has it
   * (with details `{uid, pid}`) and `steal` is not said, or where its standard input is /dev/null.
   */
  claimInput(instance: string, by: Requester, options: ClaimOptions): InputClaim;
}
