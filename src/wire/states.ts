/** What people see of an instance in each state, one row each; the worst first. */

import type { Level } from '../levels.ts';
import type { VisibleState } from '../lifecycle/states.ts';

/** `good`: as it should be. `busy`: on its way. `bad`: somebody should look. `quiet`: at rest. */
export type StateTone = 'good' | 'busy' | 'bad' | 'quiet';

export interface StateRow {
  readonly tone: StateTone;
  /** Of the event that tells it. */
  readonly level: Extract<Level, 'info' | 'warn' | 'error'>;
  /** A sentence about the instance says why. */
  readonly tellsWhy: boolean;
  /** Told above the prompt. Passing states are not: what comes of them is told soon. */
  readonly isNews: boolean;
  /** Exit code of `status`. 0: as good as can be. 1: a program runs, or is just being started, and is not healthy. 3: none does. */
  readonly statusCode: 0 | 1 | 3;
  /** What is wrong with it, where it should be up and is not; faults come first, then what waits, then what starts. */
  readonly wrong?: { readonly words: string; readonly rank: 'fault' | 'waits' | 'starts' };
}

export const STATES: Readonly<Record<VisibleState, StateRow>> = {
  failed: {
    tone: 'bad',
    level: 'error',
    tellsWhy: true,
    isNews: true,
    statusCode: 3,
    wrong: { words: 'failed', rank: 'fault' },
  },
  blocked: {
    tone: 'bad',
    level: 'error',
    tellsWhy: true,
    isNews: true,
    statusCode: 3,
    wrong: { words: 'cannot start', rank: 'fault' },
  },
  backoff: {
    tone: 'bad',
    level: 'warn',
    tellsWhy: true,
    isNews: true,
    statusCode: 3,
    wrong: { words: 'waits for its next restart', rank: 'fault' },
  },
  unhealthy: {
    tone: 'bad',
    level: 'warn',
    tellsWhy: true,
    isNews: true,
    statusCode: 1,
    wrong: { words: 'is unhealthy', rank: 'fault' },
  },
  stopping: { tone: 'busy', level: 'info', tellsWhy: false, isNews: false, statusCode: 1 },
  cleaning: { tone: 'busy', level: 'info', tellsWhy: true, isNews: false, statusCode: 1 },
  waiting: {
    tone: 'busy',
    level: 'info',
    tellsWhy: true,
    isNews: false,
    statusCode: 3,
    wrong: { words: 'waits', rank: 'waits' },
  },
  preparing: {
    tone: 'busy',
    level: 'info',
    tellsWhy: true,
    isNews: false,
    statusCode: 1,
    wrong: { words: 'is preparing its start', rank: 'starts' },
  },
  starting: {
    tone: 'busy',
    level: 'info',
    tellsWhy: false,
    isNews: false,
    statusCode: 1,
    wrong: { words: 'is starting', rank: 'starts' },
  },
  healthcheck: {
    tone: 'busy',
    level: 'info',
    tellsWhy: false,
    isNews: false,
    statusCode: 1,
    wrong: { words: 'is not healthy yet', rank: 'starts' },
  },
  running: {
    tone: 'busy',
    level: 'info',
    tellsWhy: false,
    isNews: false,
    statusCode: 1,
    wrong: { words: 'has not finished', rank: 'starts' },
  },
  listening: { tone: 'good', level: 'info', tellsWhy: true, isNews: true, statusCode: 0 },
  scheduled: { tone: 'good', level: 'info', tellsWhy: true, isNews: false, statusCode: 0 },
  poststart: {
    tone: 'busy',
    level: 'info',
    tellsWhy: true,
    isNews: false,
    statusCode: 1,
    wrong: { words: 'has not finished its post_start', rank: 'starts' },
  },
  healthy: { tone: 'good', level: 'info', tellsWhy: false, isNews: true, statusCode: 0 },
  completed: { tone: 'good', level: 'info', tellsWhy: false, isNews: true, statusCode: 0 },
  stopped: { tone: 'quiet', level: 'info', tellsWhy: false, isNews: true, statusCode: 3 },
  idle: { tone: 'quiet', level: 'info', tellsWhy: false, isNews: false, statusCode: 3 },
};

const RUNS: ReadonlySet<VisibleState> = new Set(['preparing', 'starting', 'running', 'stopping', 'cleaning']);

/** Of a schedule, a run that is under way is as it should be: nobody waits for it. */
export function stateRowOf({
  state,
  schedule,
}: {
  readonly state: VisibleState;
  readonly schedule?: object;
}): StateRow {
  if (schedule === undefined || !RUNS.has(state)) return STATES[state];
  const { wrong: _, ...row } = STATES[state];
  return { ...row, statusCode: 0 };
}
