/** What every kind of probe is: something that is asked once, in time, and can be called off. */

import { getSystemErrorMessage } from 'node:util';
import type { ProbeSubject } from '../supervisor/ports/health.ts';

export interface ProbeResult {
  readonly passed: boolean;
  /** In words: `exited with code 22`, `connection refused`. */
  readonly outcome: string;
  /** At most `MOST_OUTPUT_BYTES` of what it printed or answered. */
  readonly output: string;
}

/** Kept of each run. */
export const MOST_OUTPUT_BYTES = 4_096;

/**
 * Asks once. Never rejects. Settles soon after the signal aborts (its time is over, or nobody wants to know any
 * more), with whatever outcome: the caller knows why.
 */
export type Probe = (subject: ProbeSubject, signal: AbortSignal) => Promise<ProbeResult>;

/** `connection refused` for ECONNREFUSED; other failures say what they are by code or text. */
export function failureInWords(error: unknown): string {
  // A name with several addresses fails with one error for each (AggregateError); the first is as good as any.
  const { errors } = error as { errors?: readonly unknown[] };
  const { errno, code, message = String(error) } = (errors?.[0] ?? error) as Partial<NodeJS.ErrnoException>;
  return typeof errno === 'number' ? getSystemErrorMessage(errno) : (code ?? message);
}
