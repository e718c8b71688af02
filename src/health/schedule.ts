/**
 * When to probe next and what the results mean (SPEC section 5), as a pure fold over the results of one watch.
 */

import type { HealthRules } from '../config/resolved-config.ts';
import type { HealthFact } from '../supervisor/ports.ts';

export type Phase = 'readiness' | 'liveness';

export interface Progress {
  readonly phase: Phase;
  /** Consecutive failures that count. */
  readonly failures: number;
  readonly isHealthy: boolean;
}

export interface Judgement {
  readonly progress: Progress;
  /** Changes only. */
  readonly fact: HealthFact | undefined;
  /** Until the next probe, from the end of this one. */
  readonly delayMs: number;
}

/** A liveness watch begins after the first success, one interval from it. */
export function begin(
  phase: Phase,
  rules: HealthRules,
): { readonly progress: Progress; readonly delayMs: number } {
  const isHealthy = phase === 'liveness';
  return { progress: { phase, failures: 0, isHealthy }, delayMs: isHealthy ? rules.intervalMs : 0 };
}

/** @param ageMs how long the incarnation has run when the probe ended. */
export function judge(
  progress: Progress,
  result: { readonly passed: boolean; readonly outcome: string },
  ageMs: number,
  rules: HealthRules,
): Judgement {
  if (result.passed) {
    const fact = progress.isHealthy ? undefined : ({ kind: 'becameHealthy' } as const);
    return { progress: { ...progress, failures: 0, isHealthy: true }, fact, delayMs: rules.intervalMs };
  }
  const isStarting = progress.phase === 'readiness' && ageMs < rules.startPeriodMs;
  if (isStarting) return { progress, fact: undefined, delayMs: rules.startIntervalMs };
  const failures = progress.failures + 1;
  const isOut = failures >= rules.retries;
  // Told once: from here on only a success is news. Before a first success "not healthy" is no verdict yet.
  const isNews = isOut && failures === rules.retries;
  const fact = isNews
    ? ({ kind: 'becameUnhealthy', reason: reasonFor(result.outcome, failures) } as const)
    : undefined;
  return {
    progress: { ...progress, failures, isHealthy: progress.isHealthy && !isOut },
    fact,
    delayMs: rules.intervalMs,
  };
}

function reasonFor(outcome: string, failures: number): string {
  return failures === 1
    ? `health check failed: ${outcome}`
    : `health check failed ${failures} times: ${outcome}`;
}
