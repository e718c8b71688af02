/**
 * When to probe next and what the results mean (SPEC section 5), as a pure fold over the results of one watch.
 */

import type { HealthRules } from '../config/resolved-config.ts';
import type { HealthFact, Standing } from '../supervisor/ports/health.ts';

export interface Progress {
  readonly standing: Standing;
  /** Consecutive failures that count. */
  readonly failures: number;
}

export interface Judgement {
  readonly progress: Progress;
  /** Changes only. */
  readonly fact: HealthFact | undefined;
  /** False for a failure inside the start period. */
  readonly counts: boolean;
  /** Until the next probe, from the end of this one. */
  readonly delayMs: number;
}

export type Timing = Pick<HealthRules, 'intervalMs' | 'startPeriodMs' | 'startIntervalMs' | 'retries'>;

/**
 * So soon after its spawn a program is asked for the first time, where failures do not count yet: one that is quick
 * to start should not keep its dependents waiting for a whole start interval.
 */
const FIRST_LOOK_MS = 100;

/** @returns the delay before the watch's first probe. */
export function firstDelay(standing: Standing, rules: Timing): number {
  const isStarting = standing === 'unproven' && rules.startPeriodMs > 0;
  return isStarting ? Math.min(FIRST_LOOK_MS, rules.startIntervalMs) : rules.intervalMs;
}

/** @param ageMs how long the incarnation had run when the probe began, which decides whether a failure counts. */
export function judge(
  progress: Progress,
  result: { readonly passed: boolean; readonly outcome: string },
  ageMs: number,
  rules: Timing,
): Judgement {
  const { standing } = progress;
  if (result.passed) {
    const fact = standing === 'healthy' ? undefined : ({ kind: 'becameHealthy' } as const);
    const proven: Progress = { standing: 'healthy', failures: 0 };
    return { progress: proven, fact, counts: true, delayMs: rules.intervalMs };
  }
  if (standing === 'unproven' && ageMs < rules.startPeriodMs) {
    return { progress, fact: undefined, counts: false, delayMs: rules.startIntervalMs };
  }
  const failures = progress.failures + 1;
  const isNews = failures >= rules.retries && standing !== 'unhealthy';
  return {
    progress: { standing: isNews ? 'unhealthy' : standing, failures },
    fact: isNews ? { kind: 'becameUnhealthy', reason: reasonFor(result.outcome, failures) } : undefined,
    counts: true,
    delayMs: rules.intervalMs,
  };
}

function reasonFor(outcome: string, failures: number): string {
  return failures === 1
    ? `health check failed: ${outcome}`
    : `health check failed ${failures} times: ${outcome}`;
}
