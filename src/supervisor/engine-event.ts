/**
 * Names and fields of every event the engine tells: its log lines, the `events` subscription and the hooks'
 * standard input all carry these objects. Field names are public and in the wire's snake_case.
 */

import type { Level } from '../levels.ts';
import type { ExitStatus } from '../lifecycle/exit-outcome.ts';
import type { SignalTarget } from '../lifecycle/rules.ts';
import type { MonitorState } from '../lifecycle/states.ts';

/** What each kind of event says beside the fields that all share. */
export interface EventFields {
  engine_started: {
    version: string;
    pid: number;
    role: 'pid1' | 'subreaper';
    config: string;
    processes: number;
  };
  engine_listening: { socket: string };
  /** Where probes and metrics are answered by HTTP. */
  http_listening: { address: string };
  engine_notice: { message: string };
  engine_draining: { reason: string; exit_code: number };
  engine_stopped: { exit_code: number; duration_ms: number };
  engine_fault: { message: string; stack?: string };
  config_reloaded: {
    added: string[];
    removed: string[];
    restarted: string[];
    updated: string[];
    duration_ms: number;
  };
  config_rejected: { problems: string[] };
  config_warning: { message: string };
  state_changed: {
    from: MonitorState;
    to: MonitorState;
    reason?: string;
    retry_in_ms?: number;
    waiting_for?: string[];
    /** In `stopping`, where nobody asked for the stop. */
    trigger?: 'unhealthy' | 'start-timeout' | 'backgrounded';
  };
  /** A reload changed `instances` from or to 1: the first copy runs on under another name. */
  instance_renamed: { was: string };
  process_spawned: { command: string; user?: string };
  process_exited: { status: ExitStatus; uptime_ms: number; requested: boolean };
  spawn_failed: { step: string; errno: string; message: string };
  signal_sent: { signal: string; to: SignalTarget | 'process'; reason: string };
  /** Its leader ended, and these are still there; they are stopped now. */
  process_left_running: { left: string[]; message: string };
  probe_finished: {
    passed: boolean;
    outcome: string;
    duration_ms: number;
    /** How many have failed in a row, this one included; only of those that count. */
    failures?: number;
    /** So many in a row make it unhealthy; with `failures`. */
    retries?: number;
  };
  hook_finished: { hook: string; outcome: string; duration_ms: number };
  hook_dropped: { hook: string; reason: string };
  orphan_reaped: { status: ExitStatus };
  output_dropped: { stream: string; bytes: number; reason: string };
  output_failed: { stream: string; path: string; message: string };
  output_restored: { stream: string; path: string };
  journal_failed: { path: string; message: string };
  /** `lost`: so many lines are not in the files. */
  journal_restored: { path: string; lost: number };
  /** More came than the disk took. */
  journal_dropped: { path: string; lines: number };
  /** `more`: so many others within the last minute, for the same reason, were not told one by one. */
  client_rejected: { reason: string; uid?: number; more?: number };
  command_received: { method: string; uid: number; targets?: string[] };
}

export type EventName = keyof EventFields;

const NAMES: Readonly<Record<EventName, true>> = {
  engine_started: true,
  engine_listening: true,
  http_listening: true,
  engine_notice: true,
  engine_draining: true,
  engine_stopped: true,
  engine_fault: true,
  config_reloaded: true,
  config_rejected: true,
  config_warning: true,
  state_changed: true,
  instance_renamed: true,
  process_spawned: true,
  process_exited: true,
  spawn_failed: true,
  signal_sent: true,
  process_left_running: true,
  probe_finished: true,
  hook_finished: true,
  hook_dropped: true,
  orphan_reaped: true,
  output_dropped: true,
  output_failed: true,
  output_restored: true,
  journal_failed: true,
  journal_restored: true,
  journal_dropped: true,
  client_rejected: true,
  command_received: true,
};
/** For those who ask for events by name. */
export const EVENT_NAMES: readonly string[] = Object.keys(NAMES);

/** One event as it is told. `process`, `instance`, `incarnation` and `pid` are there where the event has one. */
export type EngineEvent<Name extends EventName = EventName> = {
  [Kind in Name]: {
    /** Grows with each event and each line in the journal. */
    readonly id: number;
    /** Epoch milliseconds. */
    readonly time: number;
    readonly level: Level;
    readonly event: Kind;
    readonly process?: string;
    readonly instance?: string;
    readonly incarnation?: number;
    readonly pid?: number;
    /** Id of the event that led to this one. */
    readonly caused_by?: number;
  } & Readonly<EventFields[Kind]>;
}[Name];
