/** The sockets of `[sockets]`; the supervisor passes them to processes. */

import type { ProcessConfig, SocketConfig } from '../../config/resolved-config.ts';
import type { Cancel } from './clock.ts';

export interface SocketPort {
  /**
   * Opens those that are not open yet, all or none; what is open already stays as it is. They are in use once `use` is
   * called.
   * @returns what went wrong, a text for each.
   */
  open(sockets: ReadonlyMap<string, SocketConfig>): Promise<readonly string[]>;
  /** From now on those of the last `open` are passed on; others are closed here, and their files removed. */
  use(): void;
  /** Closes what the last `open` has opened and nobody uses. */
  discard(): void;
  /** All that are in use, by the key of their address: for another engine in this process to adopt. */
  held(): ReadonlyMap<string, number>;
  /** They are in use from now on, those that are not configured any more are closed. */
  adopt(held: ReadonlyMap<string, number>, sockets: ReadonlyMap<string, SocketConfig>): Promise<void>;
  /** The engine's descriptors of a process's sockets, in its order. */
  descriptorsOf(process: ProcessConfig): readonly { readonly name: string; readonly fd: number }[];
  /**
   * Reports the first connection or datagram that waits at a socket of the process, once. Nothing is taken from the
   * socket, and nothing about it changes.
   * @returns what ends that; or why they cannot be watched.
   */
  awaitArrival(process: ProcessConfig, report: (socket: string) => void): Cancel | string;
  /**
   * Reports, once, that for so long nobody was connected to its sockets and nothing came to them.
   * @param onUnknown called once if that cannot be said; it counts as use then.
   */
  awaitIdle(
    process: ProcessConfig,
    idleMs: number,
    report: () => void,
    onUnknown: (why: string) => void,
  ): Cancel;
}
