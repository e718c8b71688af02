/** Watching whether an incarnation is healthy; see `health`. */

import type { EnvironmentPlan, ProcessConfig } from '../../config/resolved-config.ts';
import type { Cancel } from './clock.ts';
import type { IncarnationId } from './incarnation.ts';

export interface ProbeSubject extends IncarnationId {
  readonly pid: number;
  readonly process: ProcessConfig;
  /** The environment additions that the incarnation was given (instance number and the like). */
  readonly environment: EnvironmentPlan;
}

/** `causedBy`: id of the event that reported the probe's run, if there was one. */
export type HealthFact =
  | { readonly kind: 'becameHealthy'; readonly causedBy?: number }
  | { readonly kind: 'becameUnhealthy'; readonly reason: string; readonly causedBy?: number };

/** One run of a probe, kept for `why`. */
export interface ProbeRun {
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly durationMs: number;
  readonly passed: boolean;
  /** In words: `exited with code 22`, `timed out after 5s`, `connection refused`. */
  readonly outcome: string;
  /** At most 4 KiB of what it printed. */
  readonly output: string;
}

/** What was last reported of an incarnation's health. */
export type Standing = 'unproven' | 'healthy' | 'unhealthy';

/** Of a watch. */
export interface WatchPast {
  readonly ageMs: number;
  /** As `history` gives them. */
  readonly runs: readonly ProbeRun[];
}

export interface HealthMonitor {
  /**
   * Watches an incarnation of which the last word is `standing`, and reports changes of it only: an unproven one
   * is asked at once and soon again, any other one interval later. Nothing is reported after the cancel; a running
   * probe is killed by it.
   */
  watch(standing: Standing, subject: ProbeSubject, report: (fact: HealthFact) => void): Cancel;
  /** Goes on with a watch that another engine has begun. */
  adopt(
    past: WatchPast,
    standing: Standing,
    subject: ProbeSubject,
    report: (fact: HealthFact) => void,
  ): Cancel;
  /** The last 5 runs of the instance's probe, oldest first. */
  history(instance: string): readonly ProbeRun[];
  /** A reload gave the instance another name. */
  rename(from: string, to: string): void;
  forget(instance: string): void;
}
