/**
 * The two dimensions of an instance: what is so (monitor) and what is wanted (desired).
 */

/** Every monitor state. `ended` is passed through within one event and never rested in. */
export const MONITOR_STATES = [
  'idle',
  'waiting',
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

/** What users see; see the README for each one's meaning. */
export type VisibleState = Exclude<MonitorState, 'ended'>;

/**
 * What is wanted. `up`, `down` and `restart` come from people, configuration and dependencies; `killed` is down
 * without patience; `resting` and `givenUp` are policy's own verdicts on an incarnation that ended by itself.
 */
export const DESIRED_STATES = ['up', 'down', 'killed', 'restart', 'resting', 'givenUp'] as const;
export type DesiredState = (typeof DESIRED_STATES)[number];
