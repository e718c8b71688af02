/** The third table of the machine: what the meeting of what is so and what is wanted leads to, see `transitions.ts`. */

import type { DesiredState, MonitorState } from './states.ts';

/** What the meeting of what is so and what is wanted leads to. */
export type Reconciliation =
  | 'stay'
  /** The wish is fulfilled or under way: it is plain `up` from now on. */
  | 'settle up'
  /** On the way to a new incarnation: wait for what it depends on, or first for a connection if one is to start it. */
  | 'begin'
  /** The same, and no connection is waited for. */
  | 'begin now'
  /** A run of a schedule that is stopped: after it, it is stopped again. */
  | 'begin last'
  | 'settle last'
  | 'settle down'
  /** The stop sequence, from its first signal. */
  | 'halt'
  /** KILL now, unless that was done. */
  | 'kill'
  /** The spawn is given up, and its answer awaited, unless that was done. */
  | 'abort'
  /** The running step is ended, and its end awaited, unless that was done. */
  | 'end step'
  /** The same without patience. */
  | 'kill step'
  /** Unhealthy: as `on_unhealthy` says. */
  | 'remedy'
  /** It ended by itself: policy decides between a retry, rest, and giving up. */
  | 'judge'
  | 'enter stopped'
  | 'enter completed'
  | 'enter failed'
  | 'never';

export type ReconcileTable = Readonly<Record<MonitorState, Readonly<Record<DesiredState, Reconciliation>>>>;

/** On the way to a new incarnation, with nothing alive. */
const AWAITING = {
  start: 'settle up',
  up: 'stay',
  restart: 'settle up',
  run: 'settle up',
  once: 'never',
  last: 'stay',
  down: 'enter stopped',
  killed: 'enter stopped',
  resting: 'never',
  givenUp: 'never',
} as const;

const SERVING = {
  start: 'settle up',
  up: 'stay',
  restart: 'halt',
  run: 'never',
  once: 'never',
  last: 'never',
  down: 'halt',
  killed: 'kill',
  resting: 'never',
  givenUp: 'never',
} as const;

/** What runs once may have a schedule. */
const RUNNING = { ...SERVING, run: 'settle up', once: 'settle last', last: 'stay' } as const;

/** Its end is under way: what is wanted next comes after it. */
const ENDING = {
  start: 'stay',
  up: 'stay',
  restart: 'stay',
  run: 'stay',
  once: 'stay',
  last: 'stay',
  down: 'stay',
  resting: 'never',
  givenUp: 'never',
} as const;

export const RECONCILE: ReconcileTable = {
  idle: {
    start: 'begin',
    up: 'never',
    restart: 'begin',
    run: 'never',
    once: 'begin last',
    last: 'never',
    down: 'stay',
    killed: 'stay',
    resting: 'never',
    givenUp: 'never',
  },
  // Asked for twice, it is wanted now.
  listening: { ...AWAITING, start: 'begin now', restart: 'begin now', run: 'never', last: 'never' },
  scheduled: { ...AWAITING, run: 'begin now', last: 'never' },
  waiting: AWAITING,
  blocked: AWAITING,
  preparing: {
    start: 'stay',
    up: 'stay',
    restart: 'end step',
    run: 'stay',
    once: 'stay',
    last: 'stay',
    down: 'end step',
    killed: 'kill step',
    resting: 'never',
    givenUp: 'never',
  },
  // An answer that comes all the same is dealt with: what has just been spawned is stopped.
  starting: {
    start: 'stay',
    up: 'stay',
    restart: 'abort',
    run: 'stay',
    once: 'stay',
    last: 'stay',
    down: 'abort',
    killed: 'abort',
    resting: 'never',
    givenUp: 'never',
  },
  healthcheck: SERVING,
  running: RUNNING,
  poststart: SERVING,
  healthy: SERVING,
  unhealthy: { ...SERVING, up: 'remedy' },
  stopping: { ...ENDING, killed: 'kill' },
  // Only what is killed is not waited for.
  cleaning: { ...ENDING, killed: 'kill step' },
  ended: {
    start: 'begin',
    up: 'judge',
    restart: 'begin now',
    run: 'begin now',
    once: 'begin last',
    last: 'settle down',
    down: 'enter stopped',
    killed: 'enter stopped',
    resting: 'enter completed',
    givenUp: 'enter failed',
  },
  backoff: {
    start: 'begin',
    up: 'stay',
    restart: 'begin',
    run: 'begin now',
    once: 'never',
    last: 'never',
    down: 'enter stopped',
    killed: 'enter stopped',
    resting: 'never',
    givenUp: 'never',
  },
  completed: {
    start: 'begin now',
    up: 'never',
    restart: 'begin now',
    run: 'never',
    once: 'never',
    last: 'never',
    down: 'enter stopped',
    killed: 'enter stopped',
    resting: 'stay',
    givenUp: 'never',
  },
  stopped: {
    start: 'begin',
    up: 'never',
    restart: 'begin',
    run: 'never',
    once: 'begin last',
    last: 'never',
    down: 'stay',
    killed: 'stay',
    resting: 'never',
    givenUp: 'never',
  },
  failed: {
    start: 'begin',
    up: 'never',
    restart: 'begin',
    run: 'never',
    once: 'never',
    last: 'never',
    down: 'enter stopped',
    killed: 'enter stopped',
    resting: 'never',
    givenUp: 'stay',
  },
};
