/** What programs say of themselves: by sd_notify(3), on a descriptor, in a line of their output, in a pid file. */

import type { Cancel } from './clock.ts';

/** One datagram. */
export interface NotifyMessage {
  /** As the kernel says; 0 for one that is not in the engine's PID namespace. */
  readonly pid: number;
  readonly uid: number;
  readonly text: string;
  /** It was longer than a message may be. */
  readonly isCut: boolean;
}

/** The socket of one incarnation, for another engine in this process to adopt. */
export interface HeldChannel {
  readonly fd: number;
  readonly address: string;
}

/** The socket of one incarnation. */
export interface NotifyChannel {
  readonly held: HeldChannel;
  /** For NOTIFY_SOCKET. */
  readonly address: string;
  /**
   * Begins to read: messages come in order, and no faster than a program needs. Descriptors that came with one are closed
   * when `take` has returned.
   */
  listen(take: (message: NotifyMessage) => void): void;
  /** Hands over what waits now, within bounds. */
  catchUp(): void;
  close(): void;
}

export type PidFile =
  | { readonly kind: 'read'; readonly text: string; readonly uid: number; readonly changedAt: number }
  | { readonly kind: 'missing' }
  | { readonly kind: 'refused'; readonly message: string };

/** @returns undefined if the expression takes too long. */
export type LineMatcher = (lines: readonly string[]) => boolean | undefined;

export interface SelfReportPort {
  /** The user that the engine runs as. */
  readonly ownUid: number;
  /** @param key of the instance. @returns a text that says why there is none. */
  openChannel(key: string): NotifyChannel | string;
  /** One that another engine has opened; takes ownership of the descriptor. */
  adoptChannel(key: string, held: HeldChannel): NotifyChannel;
  /** Takes ownership of the descriptor. */
  readPipe(fd: number, onData: (bytes: Uint8Array) => void, onEnd: () => void): Cancel;
  followOutput(instance: string, onData: (stream: string, bytes: Uint8Array) => void): Cancel;
  lineMatcher(expression: string): LineMatcher;
  /** Never rejects. */
  readPidFile(path: string): Promise<PidFile>;
}
