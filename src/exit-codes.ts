/** Exit codes of taskmaster that are not a process's own; those of failed commands are in `rpc/contract/error-codes.ts`. */

export const EXIT_CODES = {
  requested: 0,
  /** It ended with 0, but only to go on as a daemon. */
  backgrounded: 1,
  neverRan: 10,
  unhealthy: 11,
  internalFault: 70,
  /** As sysexits(3): an output file cannot be made. */
  cannotOpenOutput: 73,
  badConfiguration: 78,
  notExecutable: 126,
  notFound: 127,
} as const;

/** What shells report for a program that Ctrl-C ended: 128 + SIGINT. */
export const INTERRUPTED = 130;
