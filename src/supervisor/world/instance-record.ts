/** All that is known of one instance. */

import { instanceName } from '../../config/instance-names.ts';
import type { ProcessConfig } from '../../config/resolved-config.ts';
import { MAX_ACTIVATIONS, MAX_BRIEF_LIVES } from '../../lifecycle/backoff.ts';
import type { Activity, StepStage } from '../../lifecycle/effects.ts';
import { type Instance, NEW_INSTANCE } from '../../lifecycle/instance.ts';
import { isStoppedByUser, type WantedBy } from '../../lifecycle/reload.ts';
import type { Rules } from '../../lifecycle/rules.ts';
import { type DesiredState, isResting, type MonitorState } from '../../lifecycle/states.ts';
import type { SignalName } from '../../signals.ts';
import type { EventSubject } from '../../wire/events.ts';
import type { LastExit, LeftProcess, RunReport } from '../../wire/snapshot.ts';
import type { Life } from './world-event.ts';

/** State changes that are kept for `why`. */
const MAX_HISTORY = 20;

export interface StateChange {
  /** Epoch milliseconds. */
  readonly time: number;
  readonly from: MonitorState;
  readonly to: MonitorState;
  readonly reason: string | null;
}

/** Of one turn. */
export interface Change {
  /** If its state is another one. */
  readonly from:
    | { readonly state: MonitorState; readonly incarnation: number; readonly wasAlive: boolean }
    | undefined;
  /** Id of the event that this came of. */
  readonly cause: number | undefined;
}

/** When something happens, by both clocks. */
export interface Moment {
  /** Monotonic milliseconds. */
  readonly now: number;
  /** Epoch milliseconds. */
  readonly wall: number;
}

/** Who wants what `machine.desired` says. */
export interface Wanted {
  readonly by: WantedBy;
  /** As the end of a sentence: `requested by uid 0`, `the engine stops`. */
  readonly cause: string;
}

/** One incarnation that is on its way out, by the key of its instance. */
export interface Predecessor {
  readonly key: string;
  readonly incarnation: number;
}

/** What a fact is about: an incarnation, and maybe a deadline of it or work that it began, by their numbers. */
export interface About {
  readonly incarnation: number;
  readonly deadline?: number;
  readonly activity?: number;
}

/** One of the commands around a life. */
export interface RunningStep {
  /** As in the configuration: `pre_start[1]`. */
  readonly name: string;
  readonly stage: StepStage;
  /** Among the rows of the stage. */
  readonly index: number;
  /** Undefined until its program is executed. */
  readonly life: Life | undefined;
  readonly program: string;
  /** Its place among those of its key, counted from 1, and how many there are. */
  readonly number: number;
  readonly count: number;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  readonly timeoutMs: number;
}

/** Plain data: what cannot be written down is in `effects/handles`. A step makes a new one, `InstanceRecords` takes it over. */
export interface InstanceRecord {
  /** Stays what it is, whatever the instance is called. */
  readonly key: string;
  /** `web`, or `web:2`. A reload that changes `instances` from or to 1 renames the first copy. */
  readonly name: string;
  /** Counted from 1. */
  readonly ordinal: number;
  readonly process: ProcessConfig;
  readonly rules: Rules;
  readonly machine: Instance;
  /** The leader of the incarnation; kept until all that it has started is gone. */
  readonly pid: number | undefined;
  /** When that started, as the kernel counts (`Kernel.startTimeOf`); with the pid it names the process for good. */
  readonly startTime: number | undefined;
  /** The kernel's name for the incarnation, and for what the last one left running. */
  readonly family: number | undefined;
  /**
   * What its spawn is about to do, while the kernel has not executed its program yet; that is longer than a moment only
   * where something hangs.
   */
  readonly spawning: string | undefined;
  /** The step that runs, if one does. */
  readonly step: RunningStep | undefined;
  /**
   * What its state began with, once a reload has changed it: the state works through the steps of that to its end, because
   * an index into another list means another command.
   */
  readonly begunWith: ProcessConfig | undefined;
  /** What the leader left behind when it ended. */
  readonly left: readonly LeftProcess[];
  /** Monotonic milliseconds. */
  readonly spawnedAt: number;
  /** Epoch milliseconds. */
  readonly spawnedWall: number;
  /** When its incarnation began, with its first step; monotonic. */
  readonly begunAt: number;
  readonly enteredAt: number;
  /** Epoch milliseconds. */
  readonly enteredWall: number;
  readonly deadline: { readonly number: number; readonly at: number; readonly afterMs: number } | undefined;
  readonly activity: { readonly number: number; readonly kind: Activity } | undefined;
  /** How many deadlines and activities it has had: the number of the last. */
  readonly begun: number;
  /** Which of the steps after its start failed, and how. */
  readonly stepFailure: string | undefined;
  /** What the health check last said against it. */
  readonly healthReason: string | undefined;
  /** What it says of itself (STATUS of sd_notify(3)). */
  readonly statusText: string | undefined;
  /** Name of the socket to which something came that started the present incarnation, or starts it. */
  readonly activatedBy: string | undefined;
  /** Automatic restarts since the engine started. */
  readonly totalRestarts: number;
  readonly lastExit: LastExit | null;
  /** Of what has a schedule: when its next run comes, in epoch milliseconds; and its last runs, oldest first. */
  readonly nextRunAt: number | undefined;
  readonly runs: readonly RunReport[];
  /** Why it is in its state, one sentence. */
  readonly reason: string | null;
  readonly wanted: Wanted;
  /** Conditions that do not hold yet: `db to be healthy`. */
  readonly waitingFor: readonly string[];
  /** Those of them that cannot hold any more, each with the reason. */
  readonly blockedBy: readonly string[];
  /**
   * Id of the event that told its present state, or the end of its leader: what happens to it by itself later on (a
   * deadline, an age) is the doing of that.
   */
  readonly lastEvent: number | undefined;
  /** The last signal that this incarnation was sent, and the id of the event that told it. */
  readonly lastSignal: { readonly signal: SignalName; readonly event: number } | undefined;
  /** Incarnations that a reload ends, and that this one must not run beside: they may hold its port or its files. */
  readonly predecessors: readonly Predecessor[];
  /** Has been healthy or completed once. */
  readonly hasBeenReady: boolean;
  /** When its ending for good was decided, for the first failure's exit code; monotonic. */
  readonly restedAt: number | undefined;
  readonly history: readonly StateChange[];
  /** What the present turn has changed of it, as long as that is not reported. */
  readonly change: Change | undefined;
}

/** A record that is being written; `core` and `instance-records.ts` alone have those. */
export type Draft = { -readonly [Field in keyof InstanceRecord]: InstanceRecord[Field] };

export function newRecord(process: ProcessConfig, ordinal: number, { now, wall }: Moment): Draft {
  return {
    key: `${process.name}/${ordinal}`,
    name: instanceName(process, ordinal),
    ordinal,
    process,
    rules: rulesOf(process),
    machine: NEW_INSTANCE,
    pid: undefined,
    startTime: undefined,
    family: undefined,
    spawning: undefined,
    step: undefined,
    begunWith: undefined,
    stepFailure: undefined,
    left: [],
    spawnedAt: 0,
    spawnedWall: 0,
    begunAt: 0,
    enteredAt: now,
    enteredWall: wall,
    deadline: undefined,
    activity: undefined,
    begun: 0,
    healthReason: undefined,
    statusText: undefined,
    activatedBy: undefined,
    totalRestarts: 0,
    lastExit: null,
    nextRunAt: undefined,
    runs: [],
    reason: null,
    wanted: { by: 'policy', cause: '' },
    waitingFor: [],
    blockedBy: [],
    predecessors: [],
    lastEvent: undefined,
    lastSignal: undefined,
    hasBeenReady: false,
    restedAt: undefined,
    history: [],
    change: undefined,
  };
}

export function rulesOf(process: ProcessConfig): Rules {
  return {
    restart: process.restart,
    steps: countsOf(process.steps),
    stop: process.stop,
    kill: process.kill,
    onUnhealthy: process.health.onUnhealthy,
    onWatchdog: process.onWatchdog ?? 'restart',
    isOneShot: process.type === 'oneshot',
    isForking: process.readiness?.kind === 'forked',
    isActivated: process.activation !== undefined,
    maxActivations: MAX_ACTIVATIONS,
    schedule: scheduleRulesOf(process),
    startTimeoutMs: process.startTimeoutMs,
    maxBriefLives: MAX_BRIEF_LIVES,
  };
}

/** The list that a state works through. */
const LISTS = {
  preparing: 'preStart',
  poststart: 'postStart',
  cleaning: 'postExit',
  stopping: 'stop',
} as const;

/** Takes over a changed configuration; the list that its state works through stays what it was. */
export function configured(record: InstanceRecord, process: ProcessConfig): Partial<InstanceRecord> {
  const { monitor } = record.machine;
  const rules = rulesOf(process);
  if (!isAmongLists(monitor)) return { process, rules };
  const begunWith = record.begunWith ?? record.process;
  const list = LISTS[monitor];
  if (list === 'stop') return { process, begunWith, rules: { ...rules, stop: record.rules.stop } };
  const steps = { ...rules.steps, [list]: record.rules.steps[list] };
  return { process, begunWith, rules: { ...rules, steps } };
}

function isAmongLists(monitor: MonitorState): monitor is keyof typeof LISTS {
  return Object.hasOwn(LISTS, monitor);
}

/** The lists that the present state goes by. */
export function listsOf({ begunWith, process }: InstanceRecord): Pick<ProcessConfig, 'steps' | 'stop'> {
  return begunWith ?? process;
}

export function scheduleRulesOf({ schedule }: ProcessConfig): Rules['schedule'] {
  return schedule && { overlap: schedule.overlap, runsOnStart: schedule.runOnStart };
}

const NO_STEPS: Rules['steps'] = { preStart: 0, postStart: 0, postExit: 0 };

function countsOf(steps: ProcessConfig['steps']): Rules['steps'] {
  if (steps === undefined) return NO_STEPS;
  const { preStart, postStart, postExit } = steps;
  return { preStart: preStart.length, postStart: postStart.length, postExit: postExit.length };
}

/** How events name the instance. */
export function subjectOf(record: InstanceRecord): EventSubject {
  return {
    process: record.process.name,
    instance: record.name,
    incarnation: record.machine.incarnation,
    ...(record.pid === undefined ? {} : { pid: record.pid }),
  };
}

/** Its runs come when they are due; not so where it is stopped, whether or not a run was asked for. */
export function followsSchedule({ rules, machine }: InstanceRecord): boolean {
  return rules.schedule !== undefined && FOLLOWS.has(machine.desired);
}

const FOLLOWS: ReadonlySet<DesiredState> = new Set(['start', 'up', 'restart', 'run']);

/** The history with one more change. */
export function historyWith({ history }: InstanceRecord, change: StateChange): readonly StateChange[] {
  return [...history, change].slice(-MAX_HISTORY);
}

/** A leader, what it left behind, or a step is there. */
export function isAlive({ machine }: InstanceRecord): boolean {
  return machine.leader !== 'none' || machine.step !== 'none';
}

/** Whether that is still so which the fact is about: one about what is over is dropped. */
export function isPresent({ machine, deadline, activity }: InstanceRecord, about: About): boolean {
  return (
    about.incarnation === machine.incarnation &&
    (about.deadline === undefined || about.deadline === deadline?.number) &&
    (about.activity === undefined || about.activity === activity?.number)
  );
}

/** A person stopped it, and nobody has asked for anything else since. */
export function wasStoppedByUser({ machine, wanted }: InstanceRecord): boolean {
  return isStoppedByUser({ instance: machine, wantedBy: wanted.by });
}

/** Nothing lives and nothing is under way. */
export function isAtRest(record: InstanceRecord): boolean {
  return isResting(record.machine.monitor);
}

/** Ended for good by itself: no stop by anyone, and policy does not try again. */
export function hasEndedForGood(record: InstanceRecord): boolean {
  return record.machine.monitor === 'completed' || record.machine.monitor === 'failed';
}

/** For others, to start. One that begins to wait looks at them by itself. */
export function isWaiting({ activity }: InstanceRecord): boolean {
  return activity?.kind === 'awaitDependencies';
}

/** Wanted up, and cannot start: what it depends on has ended for good. */
export function isBlocked(record: InstanceRecord): boolean {
  return record.machine.monitor === 'blocked';
}
