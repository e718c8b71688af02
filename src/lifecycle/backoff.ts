/** The wait before a restart: `min(max, base · factor^(n−1))` for the n-th in a row. */

import type { BackoffRules } from './rules.ts';

/** By how much each wait varies at random, so that what died together does not come back together. */
export const BACKOFF_SPREAD = 0.1;

/** @param restart 1 for the first restart in a row. @returns milliseconds before any spread. */
export function backoffDelay(restart: number, rules: BackoffRules): number {
  // 0 · ∞ is not a number: a base of 0 stays 0 however often it was tried.
  if (rules.baseMs === 0) return 0;
  return Math.min(rules.maxMs, rules.baseMs * rules.factor ** (restart - 1));
}
