/** What a reload does to each instance: one table, the kind of change × what the reload finds. Pure. */

import type { Instance } from './instance.ts';
import type { RestartRules } from './rules.ts';
import type { DesiredState, MonitorState } from './states.ts';

/** Who wants what `Instance.desired` says. `policy`: the configuration, and what depends on what. */
export type WantedBy = 'user' | 'policy' | 'reload' | 'shutdown';

/**
 * What a change means to an instance. `restart`: a running program cannot take it over. `revive`: it was removed, and is
 * configured again while it still stops.
 */
export type ChangeKind = 'restart' | 'update' | 'revive';

/** `stopped by a person, always`: by policy, a change starts it all the same. */
export type Finding =
  | 'never started'
  | 'listening'
  | 'scheduled'
  | 'on its way'
  | 'running'
  | 'completed'
  | 'failed'
  | 'stopped'
  | 'stopped by a person'
  | 'stopped by a person, always';

export type ReloadMove = 'leave' | 'restart';

export type ReloadTable = Readonly<Record<ChangeKind, Readonly<Record<Finding, ReloadMove>>>>;

/** A change is a new chance for what has failed, and never undoes a stop by a person, except with `always`. */
export const RELOAD: ReloadTable = {
  restart: {
    'never started': 'leave',
    // Nothing runs that has to be replaced.
    listening: 'leave',
    // The next run has it.
    scheduled: 'leave',
    'on its way': 'restart',
    running: 'restart',
    completed: 'restart',
    failed: 'restart',
    stopped: 'restart',
    'stopped by a person': 'leave',
    'stopped by a person, always': 'restart',
  },
  update: {
    'never started': 'leave',
    listening: 'leave',
    scheduled: 'leave',
    'on its way': 'leave',
    running: 'leave',
    completed: 'leave',
    failed: 'restart',
    stopped: 'leave',
    'stopped by a person': 'leave',
    'stopped by a person, always': 'restart',
  },
  // No matter who stopped it: only what still stops can be revived.
  revive: {
    'never started': 'leave',
    listening: 'leave',
    scheduled: 'leave',
    'on its way': 'restart',
    running: 'restart',
    completed: 'restart',
    failed: 'restart',
    stopped: 'restart',
    'stopped by a person': 'restart',
    'stopped by a person, always': 'restart',
  },
};

const FINDINGS: Readonly<Record<MonitorState, Finding>> = {
  idle: 'never started',
  listening: 'listening',
  scheduled: 'scheduled',
  waiting: 'on its way',
  blocked: 'on its way',
  backoff: 'on its way',
  preparing: 'on its way',
  starting: 'on its way',
  healthcheck: 'running',
  running: 'running',
  poststart: 'running',
  healthy: 'running',
  unhealthy: 'running',
  stopping: 'running',
  cleaning: 'running',
  ended: 'running',
  completed: 'completed',
  stopped: 'stopped',
  failed: 'failed',
};

/** What is so and what is wanted of an instance, as far as a reload goes by it. */
export interface Found {
  readonly instance: Pick<Instance, 'monitor' | 'desired'>;
  readonly wantedBy: WantedBy;
  /** As the reload has it. */
  readonly policy: RestartRules['policy'];
  /** It has a schedule, before the reload and after it. */
  readonly keepsSchedule: boolean;
}

/** Anyone who asks later for something else decides: this is so only while the stop is what is wanted. */
export function isStoppedByUser({ instance, wantedBy }: Pick<Found, 'instance' | 'wantedBy'>): boolean {
  return wantedBy === 'user' && STOPPED.has(instance.desired);
}

/** `once`, `last`: a run of a schedule that is stopped. */
const STOPPED: ReadonlySet<DesiredState> = new Set(['down', 'killed', 'once', 'last']);

export function findingOf(found: Found): Finding {
  if (!isStoppedByUser(found)) return foundUnstopped(found);
  return found.policy === 'always' ? 'stopped by a person, always' : 'stopped by a person';
}

function foundUnstopped({ instance, keepsSchedule }: Found): Finding {
  const finding = FINDINGS[instance.monitor];
  const isRun = keepsSchedule && (finding === 'on its way' || finding === 'running');
  return isRun && instance.desired !== 'down' && instance.desired !== 'killed' ? 'scheduled' : finding;
}
