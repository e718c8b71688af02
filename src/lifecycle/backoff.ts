/** The wait before a restart: `min(max, base · factor^(n−1))` for the n-th in a row. */

import type { BackoffRules } from './rules.ts';

/** By how much each wait varies at random, so that what died together does not come back together. */
export const BACKOFF_SPREAD = 0.1;

/** An incarnation that ran for less than this ended at once. runit and s6 use the same limit. */
export const BRIEF_LIFE_MS = 1_000;

/** As many may end at once in a row before restarts are throttled: a start may need a few tries. */
export const MAX_BRIEF_LIVES = 5;

/**
 * As many may end at once in a row, each started by a connection, before that is given up: the limit of systemd
 * (TriggerLimitBurst). Without it, a connection that no program accepts starts one after another for ever.
 */
export const MAX_ACTIVATIONS = 20;

/**
 * What went wrong before is not forgotten sooner while no connection comes. A connection that waits already is seen in the
 * next turn of the event loop; with a `backoff.reset` of 0 it would be forgotten first.
 */
export const MIN_QUIET_MS = 10_000;

/** The shortest wait in a crash loop. Without it, a base of 0 restarts a broken program as fast as the machine can. */
const CRASH_LOOP_DELAY_MS = 1_000;

/**
 * @param restart 1 for the first restart in a row; 0: not a restart, only a crash loop is throttled.
 * @param isCrashLoop more incarnations than `MAX_BRIEF_LIVES` ended at once.
 * @returns milliseconds before any spread.
 */
export function backoffDelay(restart: number, rules: BackoffRules, isCrashLoop: boolean): number {
  return Math.max(configuredDelay(restart, rules), isCrashLoop ? CRASH_LOOP_DELAY_MS : 0);
}

function configuredDelay(restart: number, rules: BackoffRules): number {
  // 0 · ∞ is not a number: a base of 0 stays 0 however often it was tried.
  if (rules.baseMs === 0 || restart === 0) return 0;
  return Math.min(rules.maxMs, rules.baseMs * rules.factor ** (restart - 1));
}
