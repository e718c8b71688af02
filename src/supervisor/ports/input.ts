/** What processes are given to read; see `input`. */

import type { IncarnationId } from './incarnation.ts';
import type { TerminalSize } from './kernel.ts';

/** Our end of an incarnation's standard input. */
export interface HeldInput {
  readonly fd: number;
  readonly kind: 'pipe' | 'terminal';
  readonly size: TerminalSize;
}

/** What processes are given to read; see `input`. The supervisor only hands over descriptors. */
export interface InputPort {
  /** The size that a terminal opened for the instance now should have. */
  terminalSize(instance: string): TerminalSize;
  /** Takes ownership of our end of its standard input. Called in the same turn as the answer to the spawn. */
  attach(id: IncarnationId, fd: number, kind: 'pipe' | 'terminal'): void;
  /** For another engine in this process to adopt; undefined if its input is closed, or it has none. */
  held(instance: string): HeldInput | undefined;
  /** Writes on; takes ownership of the descriptor. */
  adopt(id: IncarnationId, held: HeldInput): void;
  /** The incarnation has ended: what waited for it is dropped. */
  release(id: IncarnationId): void;
  /** A reload gave the instance another name; who writes to it stays. */
  rename(from: string, to: string): void;
  /** The instance was removed from the configuration. */
  forget(instance: string): void;
}

/** The client that has the input, for error messages to others. */
export interface InputHolder {
  readonly uid: number;
  readonly pid: number;
}

export interface ClaimOptions {
  /** Takes over from who writes now. */
  readonly steal: boolean;
  /** Called once, when somebody else takes over. */
  readonly onLost: (to: InputHolder) => void;
}

/** The right to write to an instance, over all its incarnations to come. */
export interface InputClaim {
  /**
   * Resolves when the process has been given all of it; `end` closes its input after that (a terminal stays
   * open: its end is a key, Ctrl-D). Rejects with `not-running` where it ended before or does not run, `action-failed` where it has
   * closed its input, does not read, or somebody else has taken over.
   */
  write(bytes: Uint8Array, end: boolean): Promise<void>;
  /** The terminal's size, of this incarnation and those to come. Nothing happens without a terminal. */
  resize(size: TerminalSize): void;
  release(): void;
}
