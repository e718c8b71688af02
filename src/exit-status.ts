/** How a program ended, and the words and numbers for it. Pure. */

import { type SignalName, signalNumber } from './signals.ts';

/** What wait(2) tells of a dead child. */
export type ExitStatus =
  | { readonly how: 'exited'; readonly code: number }
  | {
      readonly how: 'signalled';
      readonly signal: SignalName;
      readonly core: boolean;
      /** There where the kernel killed it because memory ran out. */
      readonly oom?: true;
    };

/** The same as it is on the wire, where signals are texts. */
export type AnyExitStatus =
  | { readonly how: 'exited'; readonly code: number }
  | {
      readonly how: 'signalled';
      readonly signal: string;
      readonly core?: boolean;
      readonly oom?: true | undefined;
    };

/** `exited with code 1`, `killed by SIGSEGV (core dumped)`, `killed by SIGKILL (out of memory)`. */
export function exitInWords(status: AnyExitStatus): string {
  if (status.how === 'exited') return `exited with code ${status.code}`;
  const detail = status.oom === true ? ' (out of memory)' : status.core === true ? ' (core dumped)' : '';
  return `killed by ${status.signal}${detail}`;
}

/**
 * `0`, `SIGKILL`, `SIGSEGV (core)`, `SIGKILL (oom)`.
 * @param ahead of the number of a code: `exit code `.
 */
export function exitInShort(status: AnyExitStatus, ahead = ''): string {
  if (status.how === 'exited') return `${ahead}${status.code}`;
  return `${status.signal}${status.oom === true ? ' (oom)' : status.core === true ? ' (core)' : ''}`;
}

/** How shells show the end of a program: its exit code, or 128 + the signal. */
export function shellCodeOf(status: AnyExitStatus): number {
  return status.how === 'exited' ? status.code : 128 + signalNumber(status.signal as SignalName);
}
