/** What processes print; see `output`. */

import type { OutputTarget } from '../../config/resolved-config.ts';
import type { SpawnFailure } from '../../lifecycle/exit-outcome.ts';
import type { IncarnationId } from './incarnation.ts';
import type { ChildDescriptor } from './kernel.ts';

/** Where an instance's streams go, and how many bytes of each are kept for those who look later. */
export interface OutputTargets {
  readonly stdout: OutputTarget;
  readonly stderr: OutputTarget;
  readonly ringBytes: number;
}

/** A pipe that an incarnation prints to, or a daemon that it has left. */
export interface HeldPipe {
  readonly incarnation: number;
  readonly stream: 'stdout' | 'stderr';
  readonly fd: number;
}

/** What processes print; see `output`. The supervisor only opens and hands over descriptors. */
export interface OutputPort {
  /** How the child's stdout and stderr must be opened for these targets. Throws nothing: a target that cannot
   *  be opened is a spawn failure of step `open stdout`. */
  prepare(
    instance: string,
    targets: OutputTargets,
  ):
    | { readonly kind: 'ready'; readonly stdout: ChildDescriptor; readonly stderr: ChildDescriptor }
    | { readonly kind: 'failed'; readonly failure: SpawnFailure };
  /** Takes ownership of the read ends. Called in the same turn as the answer to the spawn. */
  attach(
    id: IncarnationId,
    pipes: { readonly stdoutFd: number | undefined; readonly stderrFd: number | undefined },
  ): void;
  /** The pipes that are read for the instance, for another engine in this process to adopt. */
  held(instance: string): readonly HeldPipe[];
  /** Reads on, for those targets; takes ownership of the descriptors. If a target cannot be opened, what comes is kept in memory. */
  adopt(instance: string, targets: OutputTargets, pipes: readonly HeldPipe[]): void;
  /** Takes over what may change under a running incarnation: rotation, and how much is kept. */
  update(instance: string, targets: OutputTargets): void;
  /** A reload gave the instance another name; what it holds, and who follows it, stays. */
  rename(from: string, to: string): void;
  /** Drops the instance's rings and files (it was removed from the configuration). */
  forget(instance: string): void;
  /** Closes and reopens log files (USR2, for logrotate). */
  reopen(): void;
  /** Resolves when all that was read has been written, or after `limitMs`. */
  flush(limitMs: number): Promise<void>;
}
