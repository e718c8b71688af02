/** How an incarnation ended. Shells show `128 + n` for a signal; inside taskmaster the two stay apart. */

import type { ExitStatus } from '../exit-status.ts';

export type { ExitStatus };

/** The step between fork and exec (or before) that failed, and its errno: `{step: 'change user', errno: 'EPERM'}`. */
export interface SpawnFailure {
  readonly step: string;
  /** Symbolic name, such as `ENOENT`. */
  readonly errno: string;
  /** A whole sentence for people: `cannot change user to www: Operation not permitted`. */
  readonly message: string;
  /** There where it may heal whatever its errno says: what is missing is somebody else's to bring. */
  readonly isPassing?: true;
  /** How the step before the program ended, if it was one that failed. */
  readonly stepStatus?: ExitStatus | 'timed-out';
}

/** Errors of a moment; any other failure to spawn cannot heal by itself (fork(2), execve(2)). */
const PASSING_ERRNOS: ReadonlySet<string> = new Set(['EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE', 'ETXTBSY']);

export function mayHeal(failure: SpawnFailure): boolean {
  return failure.isPassing === true || PASSING_ERRNOS.has(failure.errno);
}
