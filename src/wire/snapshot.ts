/**
 * What the outside may see of the supervisor: plain data, made for the wire, in the wire's snake_case. The RPC
 * contract's result schemas describe these very shapes.
 */

import type { ExitStatus } from '../exit-status.ts';
import type { VisibleState } from '../lifecycle/states.ts';
import type { EngineEvent } from './engine-event.ts';

export interface InstanceSnapshot {
  /** `web`, or `web:2`. */
  readonly name: string;
  readonly process: string;
  readonly description?: string;
  /** Those that the process is in; only if it is in any. */
  readonly groups?: readonly string[];
  readonly state: VisibleState;
  readonly desired: 'up' | 'down' | 'restart';
  /** Epoch milliseconds at which it entered the state, and how long ago that was by the monotonic clock. */
  readonly since: number;
  readonly state_age_ms: number;
  /** `none` where nothing runs. */
  readonly health: 'none' | 'starting' | 'healthy' | 'unhealthy';
  readonly pid: number | null;
  readonly incarnation: number;
  readonly uptime_ms: number | null;
  /** Automatic restarts since the engine started, and those in a row since the counter last returned to 0. */
  readonly restarts: number;
  readonly consecutive_restarts: number;
  readonly last_exit: LastExit | null;
  /** There where it has one. */
  readonly schedule?: ScheduleSnapshot;
  /** Why it is in this state, one sentence. */
  readonly reason: string | null;
  /** The command that runs before or after its program, among its stop signals, or to reload it. */
  readonly step?: StepSnapshot;
  /** What it says of itself, by sd_notify(3); there if it said something. */
  readonly status_text?: string;
  /** Its sockets, of which one starts its program; there while it is `listening`. */
  readonly listening_on?: readonly ListeningSocket[];
  /** Name of the socket to which something came that started it; there if it was started so. */
  readonly activated_by?: string;
  /** Names of what it waits for, each with the condition: `db to be healthy`. */
  readonly waiting_for: readonly string[];
  readonly retry_in_ms: number | null;
  /** What the engine does by itself, and when, if nothing happens before: in a stop sequence, and in back-off. */
  readonly deadline?: Deadline;
  /** Epoch milliseconds of its spawn; there while it runs. */
  readonly started_at?: number;
  /** Processes that it left running: those that are waited for, and those that may stay. There while any is. */
  readonly left_running?: readonly LeftProcess[];
  /** There while it runs, where somebody asked for it. */
  readonly usage?: InstanceUsage;
  /** There once something was. */
  readonly dropped_output?: readonly DroppedOutput[];
}

export interface StepSnapshot {
  /** As in the configuration: `pre_start[1]`. */
  readonly name: string;
  readonly program: string;
  /** Its place among those of its key, counted from 1. */
  readonly number: number;
  readonly of: number;
  readonly age_ms: number;
  readonly timeout_ms: number;
}

export interface ListeningSocket {
  readonly socket: string;
  readonly address: string;
}

export interface LeftProcess {
  readonly pid: number;
  readonly command: string;
}

export interface Deadline {
  /** `start`, or the signal that is sent then. */
  readonly action: string;
  readonly in_ms: number;
  /** What it was at first. */
  readonly of_ms: number;
}

/** Bytes of a stream that nobody got, since the engine started. */
export interface DroppedOutput {
  readonly stream: string;
  readonly bytes: number;
  readonly reason: string;
}

/** What the output of all processes together costs. */
export interface OutputSnapshot {
  /** Memory for recent output and for what waits to be written, and the most it can become by the configuration. */
  readonly memory_bytes: number;
  readonly memory_limit_bytes: number;
  /** Of every stream, the container's included, since the engine started. */
  readonly dropped_bytes: number;
}

/** What an incarnation and all that it has started use (`GroupUsage` of ports.ts). */
export interface InstanceUsage {
  readonly cpu_seconds: number;
  /** Resident; shared pages count for each process. */
  readonly memory_bytes: number;
  readonly anonymous_bytes: number;
  readonly processes: number;
}

export interface LastExit {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly status: ExitStatus | { readonly how: 'not-started'; readonly message: string };
  /** True where taskmaster had asked it to stop. */
  readonly requested: boolean;
  /** There where it was stopped because its health check failed: the signal alone would not tell. */
  readonly unhealthy?: true;
  /** There where it was stopped because its start took longer than `start_timeout`. */
  readonly start_timeout?: true;
  /** There where it was stopped because its watchdog expired. */
  readonly watchdog?: true;
  readonly uptime_ms: number;
}

/** Of what has a schedule. */
export interface ScheduleSnapshot {
  /** A cron expression, or a period. */
  readonly expression?: string;
  readonly every_ms?: number;
  /** There where one is configured. */
  readonly timezone?: string;
  /** Epoch milliseconds, and how long that is from now; null while it is stopped. */
  readonly next_run_at: number | null;
  readonly next_run_in_ms: number | null;
  /** Null before the first has ended. */
  readonly last_run: RunReport | null;
}

/** One run, from its first step to its end. */
export interface RunReport {
  /** Epoch milliseconds. */
  readonly started_at: number;
  readonly duration_ms: number;
  readonly failed: boolean;
  /** `exited with code 0`. */
  readonly outcome: string;
}

export interface EngineSnapshot {
  readonly version: string;
  readonly pid: number;
  readonly role: 'pid1' | 'subreaper';
  readonly config: string;
  readonly socket: string;
  readonly uptime_ms: number;
  readonly draining: boolean;
  readonly orphans_reaped: number;
  readonly output: OutputSnapshot;
  readonly instances: readonly InstanceSnapshot[];
  /** Where somebody asked for usage. */
  readonly container?: ContainerSnapshot;
}

/** `ContainerUsage` of ports.ts. */
export interface ContainerSnapshot {
  readonly load: number;
  readonly processors: number;
  readonly memory_bytes: number | null;
  readonly memory_limit_bytes: number | null;
}

export type ReloadAction = 'add' | 'remove' | 'restart' | 'update' | 'unchanged';

export interface ReloadPlanEntry {
  readonly process: string;
  readonly action: ReloadAction;
  /** Keys that differ, as in the file: `healthcheck.retries`. */
  readonly changed: readonly string[];
  /** There where the number of instances differs: those that come, and those that go. */
  readonly instances?: { readonly added: readonly string[]; readonly removed: readonly string[] };
  /** Those of them, or that it would restart, that somebody has stopped. */
  readonly stays_stopped?: readonly string[];
}

export interface ReloadReport {
  /** False for a plan. */
  readonly applied: boolean;
  readonly plan: readonly ReloadPlanEntry[];
  /** `[engine]` keys that differ but need a restart of the engine. */
  readonly needs_engine_restart: readonly string[];
  readonly warnings: readonly string[];
}

/** How a program was asked to read its configuration again. */
export interface ProgramReload {
  readonly name: string;
  readonly how: 'command' | 'signal';
  /** Of a command. */
  readonly program?: string;
  readonly signal?: string;
  /** Of a command that was waited for. */
  readonly succeeded?: boolean;
  readonly outcome?: string;
}

export interface HealthVerdict {
  readonly ok: boolean;
  readonly reason: string;
}

export interface ProbeReport {
  /** Epoch milliseconds. */
  readonly started_at: number;
  readonly duration_ms: number;
  readonly passed: boolean;
  readonly outcome: string;
  /** What it printed, the last of it. */
  readonly output: string;
}

export interface WhyReport {
  readonly instance: InstanceSnapshot;
  /** What told its present state, then what led to that, and so on. */
  readonly chain: readonly EngineEvent[];
  /** Recent state changes with their reasons, oldest first. */
  readonly history: readonly {
    readonly time: number;
    readonly from: string;
    readonly to: string;
    readonly reason: string | null;
  }[];
  /** Recent runs by its schedule, oldest first; there where it has one. */
  readonly runs?: readonly RunReport[];
  /** Recent runs of its health check, oldest first. */
  readonly probes: readonly ProbeReport[];
  /** Last lines of each stream, decoded for display. */
  readonly last_output: readonly string[];
  /** What happens next and when, one sentence. */
  readonly next: string;
}
