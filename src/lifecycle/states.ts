/**
 * The two dimensions of an instance: what is so (monitor) and what is wanted (desired).
 */

/** Every monitor state. `ended` and `starting` are passed through and never rested in. */
export const MONITOR_STATES = [
  'idle',
  'waiting',
  'blocked',
  'starting',
  'healthcheck',
  'healthy',
  'unhealthy',
  'stopping',
  'ended',
  'backoff',
  'completed',
  'stopped',
  'failed',
] as const;
export type MonitorState = (typeof MONITOR_STATES)[number];

/** What users see; the README says what each one means. */
export type VisibleState = Exclude<MonitorState, 'ended'>;

/**
 * What is wanted. `start` is up at once, ahead of any wait for a retry, and becomes `up` when that is so.
 * `restart` is the same but for a running incarnation, which it replaces. `killed` is down without patience.
 * `resting` and `givenUp` are policy's own verdicts on an incarnation that ended by itself.
 */
export const DESIRED_STATES = ['start', 'up', 'restart', 'down', 'killed', 'resting', 'givenUp'] as const;
export type DesiredState = (typeof DESIRED_STATES)[number];

/** The states in which an incarnation may be alive. */
export type RunningState = 'healthcheck' | 'healthy' | 'unhealthy' | 'stopping';
