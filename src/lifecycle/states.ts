/**
 * The two dimensions of an instance: what is so (monitor) and what is wanted (desired).
 */

/** Every monitor state. `ended` is passed through and never rested in; so is `starting`, nearly always. */
export const MONITOR_STATES = [
  'idle',
  'listening',
  'scheduled',
  'waiting',
  'blocked',
  'preparing',
  'starting',
  'healthcheck',
  'running',
  'poststart',
  'healthy',
  'unhealthy',
  'stopping',
  'cleaning',
  'ended',
  'backoff',
  'completed',
  'stopped',
  'failed',
] as const;
export type MonitorState = (typeof MONITOR_STATES)[number];

/** What users see; the README says what each one means. */
export type VisibleState = Exclude<MonitorState, 'ended'>;
export const VISIBLE_STATES: readonly VisibleState[] = MONITOR_STATES.filter((state) => state !== 'ended');

/**
 * What is wanted. `start` is up at once, ahead of any wait for a retry, and becomes `up` when that is so.
 * `restart` is the same but for a running incarnation, which it replaces. `killed` is down without patience.
 * `run` is a run of its schedule now. `once` is the same while the schedule is stopped, and `last` from the start of that
 * run to its end: it stays stopped after it.
 * `resting` and `givenUp` are policy's own verdicts on an incarnation that ended by itself.
 */
export const DESIRED_STATES = [
  'start',
  'up',
  'restart',
  'run',
  'once',
  'last',
  'down',
  'killed',
  'resting',
  'givenUp',
] as const;
export type DesiredState = (typeof DESIRED_STATES)[number];

/** What people and programs ask of an instance. */
export type Action = 'start' | 'stop' | 'restart' | 'run';

interface Arrival {
  /** Whether a start or restart has arrived in this state; `stuck`: no, and it cannot by itself. */
  readonly up: 'arrived' | 'on the way' | 'stuck';
  /** Whether a stop has. */
  readonly down: 'arrived' | 'on the way';
  /** Of one that is wanted up: a further start would change nothing. */
  readonly isStarted: boolean;
}

/** Where each state stands on the way to what an action wants. */
const ARRIVALS: Readonly<Record<MonitorState, Arrival>> = {
  idle: { up: 'stuck', down: 'arrived', isStarted: false },
  // Its sockets are ready. A start starts the program all the same.
  listening: { up: 'arrived', down: 'on the way', isStarted: false },
  // Its schedule counts; that no run is under way is how it should be.
  scheduled: { up: 'arrived', down: 'on the way', isStarted: true },
  waiting: { up: 'on the way', down: 'on the way', isStarted: true },
  blocked: { up: 'stuck', down: 'on the way', isStarted: false },
  preparing: { up: 'on the way', down: 'on the way', isStarted: true },
  starting: { up: 'on the way', down: 'on the way', isStarted: true },
  healthcheck: { up: 'on the way', down: 'on the way', isStarted: true },
  running: { up: 'on the way', down: 'on the way', isStarted: true },
  poststart: { up: 'on the way', down: 'on the way', isStarted: true },
  healthy: { up: 'arrived', down: 'on the way', isStarted: true },
  unhealthy: { up: 'stuck', down: 'on the way', isStarted: true },
  stopping: { up: 'on the way', down: 'on the way', isStarted: false },
  cleaning: { up: 'on the way', down: 'on the way', isStarted: false },
  ended: { up: 'on the way', down: 'on the way', isStarted: false },
  backoff: { up: 'on the way', down: 'on the way', isStarted: false },
  completed: { up: 'arrived', down: 'arrived', isStarted: false },
  stopped: { up: 'stuck', down: 'arrived', isStarted: false },
  failed: { up: 'stuck', down: 'arrived', isStarted: false },
};

/** Where a run that was asked for has ended: its schedule goes on, or stays stopped. */
const RUN_ENDS: ReadonlySet<MonitorState> = new Set(['scheduled', 'stopped']);
/** Another one is not begun beside it. */
const RUN_GOES_ON: ReadonlySet<MonitorState> = new Set([
  'waiting',
  'blocked',
  'preparing',
  'starting',
  'running',
]);

/** Its program runs, and is not being stopped. */
export function isAtWork(state: MonitorState): boolean {
  return AT_WORK.has(state);
}

const AT_WORK: ReadonlySet<MonitorState> = new Set([
  'healthcheck',
  'running',
  'poststart',
  'healthy',
  'unhealthy',
]);

/** It is where the action wants it. */
export function hasArrived(action: Action, state: MonitorState): boolean {
  if (action === 'run') return RUN_ENDS.has(state);
  return ARRIVALS[state][action === 'stop' ? 'down' : 'up'] === 'arrived';
}

/** It has arrived, or cannot by itself. */
export function isDecided(action: Action, state: MonitorState): boolean {
  if (action === 'run') return RUN_ENDS.has(state) || ARRIVALS[state].up === 'stuck';
  return ARRIVALS[state][action === 'stop' ? 'down' : 'up'] !== 'on the way';
}

/** Nothing lives and nothing is under way. */
export function isResting(state: MonitorState): boolean {
  return hasArrived('stop', state);
}

/** @param wantsUp whether it is wanted up. */
export function wasAlready(action: Action, state: MonitorState, wantsUp: boolean): boolean {
  if (action === 'run') return RUN_GOES_ON.has(state);
  if (action === 'start') return wantsUp && ARRIVALS[state].isStarted;
  return action === 'stop' && hasArrived('stop', state);
}
