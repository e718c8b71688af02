/** Passages between states, and what each of them owns: its deadline, its activity and its running step. */

import type { Activity, Effect, StepStage } from './effects.ts';
import type { Instance } from './instance.ts';
import type { Rules } from './rules.ts';
import { isAtWork, type MonitorState } from './states.ts';

export interface Step {
  readonly next: Instance;
  readonly effects: readonly Effect[];
}

const ACTIVITIES: Readonly<Record<MonitorState, Activity | undefined>> = {
  idle: undefined,
  listening: 'awaitConnection',
  scheduled: undefined,
  waiting: 'awaitDependencies',
  blocked: 'awaitDependencies',
  preparing: undefined,
  starting: undefined,
  healthcheck: 'watchReadiness',
  running: undefined,
  poststart: undefined,
  healthy: 'watchLiveness',
  unhealthy: 'watchLiveness',
  stopping: undefined,
  cleaning: undefined,
  ended: undefined,
  backoff: undefined,
  completed: undefined,
  stopped: undefined,
  failed: undefined,
};

/** In these its command to read its configuration again may run, and goes on from one to the other. */
const RELOADS: ReadonlySet<MonitorState> = new Set(['running', 'healthy', 'unhealthy']);

/** The states whose steps are counted by `stepIndex`. */
const STAGES = { preparing: 'preStart', poststart: 'postStart', cleaning: 'postExit' } as const;
type StepState = keyof typeof STAGES;

/** A run is under way: only in these can another one be queued. */
const RUNS: ReadonlySet<MonitorState> = new Set([
  'preparing',
  'starting',
  'running',
  'stopping',
  'cleaning',
  'ended',
]);

/** What belongs to a life is forgotten with it. */
const NO_LIFE = { isIntroduced: false, isReloadDue: false } as const;

/** Leaves a state, with its deadline, its activity and its step, and enters another; what both share goes on. */
export function enter(instance: Instance, monitor: MonitorState, andThen: readonly Effect[] = []): Step {
  const before = ACTIVITIES[instance.monitor];
  const after = ACTIVITIES[monitor];
  const effects: Effect[] = [{ kind: 'disarmDeadline' }];
  if (before !== undefined && before !== after) effects.push({ kind: 'endActivity' });
  const keepsStep = RELOADS.has(instance.monitor) && RELOADS.has(monitor);
  const left = keepsStep ? { next: instance, effects: [] } : endStep(instance, 'cancelled');
  if (after !== undefined && after !== before) effects.push({ kind: 'beginActivity', activity: after });
  const isRunDue = instance.isRunDue && RUNS.has(monitor);
  const next = { ...left.next, ...(isAtWork(monitor) ? {} : NO_LIFE), isRunDue, monitor, stepIndex: 0 };
  return { next, effects: [...effects, ...left.effects, ...andThen] };
}

/** Nothing happens to a step that is being ended already, unless patience is over. */
export function endStep(instance: Instance, why: 'timed-out' | 'cancelled', now = false): Step {
  const isDue = instance.step === 'running' || (now && instance.step === 'ending');
  if (!isDue) return { next: instance, effects: [] };
  return {
    next: { ...instance, step: now ? 'killed' : 'ending' },
    effects: [{ kind: 'endStep', why, now }],
  };
}

export function runStep(instance: Instance, stage: StepStage, index: number): Step {
  return { next: { ...instance, step: 'running' }, effects: [{ kind: 'runStep', stage, index }] };
}

/** The first of the steps that the state has. */
export function enterSteps(instance: Instance, monitor: StepState): Step {
  const entered = enter(instance, monitor);
  const begun = runStep(entered.next, STAGES[monitor], 0);
  return { next: begun.next, effects: [...entered.effects, ...begun.effects] };
}

/** @returns undefined after the last one, or if there is no time for more; a reload may have changed how many there are. */
export function nextStep(instance: Instance, state: StepState, rules: Rules): Step | undefined {
  const stage = STAGES[state];
  const index = instance.stepIndex + 1;
  if (index >= rules.steps[stage] || instance.desired === 'killed') return undefined;
  return runStep({ ...instance, stepIndex: index }, stage, index);
}

export function enterHealthy(instance: Instance, rules: Rules): Step {
  if (isToBeIntroduced(instance, rules) && instance.step === 'none') return enterSteps(instance, 'poststart');
  return reloadIfDue(enter(instance, 'healthy', resetDeadline(instance, rules)), rules);
}

function resetDeadline(instance: Instance, rules: Rules): readonly Effect[] {
  if (instance.restarts === 0) return [];
  return [{ kind: 'armDeadline', afterMs: rules.restart.backoff.resetMs, from: 'now', spread: 0 }];
}

function isToBeIntroduced({ isIntroduced }: Instance, { steps }: Rules): boolean {
  return steps.postStart > 0 && !isIntroduced;
}

/** Once its start is over, and no step runs. */
export function reloadIfDue({ next, effects }: Step, rules: Rules): Step {
  const isFree = RELOADS.has(next.monitor) && next.step === 'none' && !isToBeIntroduced(next, rules);
  if (!next.isReloadDue || !isFree) return { next, effects };
  const begun = runStep({ ...next, isReloadDue: false }, 'reload', 0);
  return { next: begun.next, effects: [...effects, ...begun.effects] };
}
