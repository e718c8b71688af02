/**
 * Every event of the engine, one row each: what it says beside what all events say (names of fields are public, in the
 * wire's snake_case), at which level, and its words. The log, the journal, the marks in the container's output, the
 * hooks, taskshell and taskboard read this table; programs go by an event's name and fields, never by its words.
 */

import type { HookEvent } from '../config/resolved-config.ts';
import { type AnyExitStatus, type ExitStatus, exitInWords } from '../exit-status.ts';
import { LEVELS, type Level } from '../levels.ts';
import type { SignalTarget } from '../lifecycle/rules.ts';
import type { MonitorState } from '../lifecycle/states.ts';
import { shortDuration } from '../units.ts';
import { STATES } from './states.ts';

/** What an event is about. A type: an interface is no record of JSON values. */
export type EventSubject = {
  readonly process?: string;
  readonly instance?: string;
  readonly incarnation?: number;
  readonly pid?: number;
};

/** One, one by what the event says, or those among which the code that emits it chooses. */
export type LevelRule<Fields> = Level | ((event: Fields) => Level) | readonly Level[];

export interface EventRow<Fields, Rule extends LevelRule<Fields>> {
  readonly level: Rule;
  /** For the log: a whole sentence. */
  readonly sentence: (event: Fields & EventSubject) => string;
  /**
   * For `why` and `timeline`: a few words about the subject, an instance. The event may be of another engine, with
   * fields missing. Absent: the event's name, its subject and its message or reason.
   */
  readonly short?: (subject: string, fields: { readonly [Field in keyof Fields]?: unknown } & Pid) => string;
  /** Which hook it calls for. */
  readonly hook?: HookEvent | ((event: Fields) => HookEvent | undefined);
  /** Between the lines of the instance that it is about. */
  readonly mark?: (event: Fields & EventSubject) => string | undefined;
}

type Pid = { readonly pid?: unknown };

/** A row: `row<Fields>()({…})`. Two calls, so that the rule of levels is inferred and the fields are not. */
function row<Fields extends object>() {
  return <const Rule extends LevelRule<Fields>>(given: EventRow<Fields, Rule>): EventRow<Fields, Rule> =>
    given;
}

export const EVENTS = {
  engine_started: row<{
    version: string;
    pid: number;
    role: 'pid1' | 'subreaper';
    config: string;
    processes: number;
  }>()({
    level: 'info',
    sentence: ({ version, role, config }) =>
      `taskmaster ${version} started as ${ROLES[role]}, configuration ${config}`,
    short: () => 'the engine started',
  }),
  engine_listening: row<{ socket: string }>()({
    level: 'info',
    sentence: ({ socket }) => `listening on ${socket}`,
  }),
  /** Where probes and metrics are answered by HTTP. */
  http_listening: row<{ address: string }>()({
    level: 'info',
    sentence: ({ address }) => `answering HTTP on ${address}`,
  }),
  engine_notice: row<{ message: string }>()({ level: LEVELS, sentence: ({ message }) => message }),
  engine_draining: row<{ reason: string; exit_code: number }>()({
    level: 'info',
    sentence: ({ reason, exit_code }) => `stopping everything: ${reason}; exit code ${exit_code}`,
    short: (_, { reason }) => `the engine stops: ${text(reason)}`,
    hook: 'shutdown',
  }),
  engine_stopped: row<{ exit_code: number; duration_ms: number }>()({
    level: 'info',
    sentence: ({ exit_code, duration_ms }) =>
      `stopped after ${shortDuration(duration_ms)}, exit code ${exit_code}`,
    short: (_, { exit_code: code }) => `the engine stopped, exit code ${text(code)}`,
  }),
  engine_fault: row<{ message: string; stack?: string }>()({
    level: 'fatal',
    sentence: ({ message }) => `internal fault: ${message}`,
  }),
  config_reloaded: row<{
    added: string[];
    removed: string[];
    restarted: string[];
    updated: string[];
    duration_ms: number;
  }>()({
    level: 'info',
    sentence: ({ added, removed, restarted, updated }) =>
      `configuration reloaded: ${changesInWords({ added, removed, restarted, updated })}`,
    short: () => 'the configuration was reloaded',
  }),
  rollout_started: row<{ instances: number; at_once: number; reason: string }>()({
    level: 'info',
    sentence: ({ instances, at_once, reason }) =>
      `a rolling restart begins: ${instances} instances, ${at_once} at a time (${reason})`,
    short: () => 'a rolling restart began',
  }),
  rollout_ended: row<{ instances: number }>()({
    level: 'info',
    sentence: ({ instances }) => `the rolling restart is done: ${instances} instances restarted`,
    short: () => 'a rolling restart is done',
  }),
  rollout_stopped: row<{ reason: string; left: string[] }>()({
    level: 'error',
    sentence: ({ reason, left }) =>
      `the rolling restart stopped: ${reason}; ${left.length === 0 ? 'it was the last one' : `not restarted: ${left.join(', ')}`}`,
    short: (_, { reason }) => `a rolling restart stopped: ${text(reason)}`,
  }),
  config_rejected: row<{ problems: string[] }>()({
    level: 'error',
    sentence: ({ problems }) => `configuration rejected, nothing was changed: ${problems.join('; ')}`,
    short: () => 'a new configuration was rejected',
  }),
  config_warning: row<{ message: string }>()({ level: 'warn', sentence: ({ message }) => message }),
  state_changed: row<{
    from: MonitorState;
    to: MonitorState;
    reason?: string;
    retry_in_ms?: number;
    waiting_for?: string[];
    /** In `stopping`, where nobody asked for the stop. */
    trigger?:
      | 'unhealthy'
      | 'watchdog'
      | 'start-timeout'
      | 'idle'
      | 'backgrounded'
      | 'poststart-failed'
      | 'overlap';
  }>()({
    level: ({ to }) => (to === 'ended' ? 'info' : STATES[to].level),
    sentence: ({ instance, from, to, reason }) =>
      `${instance}: ${from} → ${to}${reason ? ` (${reason})` : ''}`,
    short: (subject, { to }) => `${subject} ${text(to)}`,
    hook: ({ to, trigger }) => {
      if (to === 'failed' || to === 'unhealthy' || to === 'healthy' || to === 'stopped') return to;
      // A health check that restarts at once leaves no state `unhealthy` to see: the stop names what led to it.
      return trigger === 'unhealthy' || trigger === 'watchdog' ? 'unhealthy' : undefined;
    },
    mark: ({ to, reason }) => {
      if (to !== 'healthy' && to !== 'unhealthy') return undefined;
      return reason === undefined ? to : `${to}: ${reason}`;
    },
  }),
  /** A reload changed `instances` from or to 1: the first copy runs on under another name. */
  instance_renamed: row<{ was: string }>()({
    level: 'info',
    sentence: ({ was, instance }) => `${was} is now ${instance}`,
  }),
  process_spawned: row<{ command: string; user?: string }>()({
    level: 'info',
    sentence: ({ instance, pid, command, user }) =>
      `${instance} started as pid ${pid}${user ? ` by ${user}` : ''}: ${command}`,
    short: (subject, { pid }) => `${subject} started as pid ${text(pid)}`,
    hook: 'started',
    mark: ({ pid }) => `started as pid ${pid}`,
  }),
  /** A connection or datagram came to a socket of one that was `listening`. */
  process_activated: row<{ socket: string; address: string }>()({
    level: 'info',
    sentence: ({ instance, socket, address }) =>
      `${instance}: activated by its socket ${socket} (${address})`,
    short: (subject, { socket }) => `${subject} activated by its socket ${text(socket)}`,
    mark: ({ socket }) => `activated by the socket ${socket}`,
  }),
  process_exited: row<{ status: ExitStatus; uptime_ms: number; requested: boolean }>()({
    level: 'info',
    sentence: ({ instance, status, ...life }) => `${instance} ${ending(status)}${lifeInWords(life)}`,
    short: (subject, { status }) => `${subject} ${endingOf(status)}`,
    hook: 'exit',
    mark: ({ status, ...life }) => `${exitInWords(status)}${lifeInWords(life)}`,
  }),
  /** `info`: somebody wanted it stopped before its program was executed. */
  spawn_failed: row<{ step: string; errno: string; message: string }>()({
    level: ({ errno }) => (errno === 'ECANCELED' ? 'info' : 'error'),
    sentence: ({ message }) => message,
    mark: ({ message }) => message,
  }),
  /** A command before or after a program, among its stop signals, or to have it reload. */
  step_started: row<{ step: string; command: string }>()({
    level: 'info',
    sentence: ({ instance, pid, step, command }) => `${instance}: ${step} started as pid ${pid}: ${command}`,
    short: (subject, { step, command }) => `${text(step)} of ${subject} started: ${text(command)}`,
    mark: ({ pid, step }) => `${step} started as pid ${pid}`,
  }),
  step_finished: row<{
    step: string;
    program: string;
    succeeded: boolean;
    /** In words: `exited with code 3`, `timed out after 90s`. */
    outcome: string;
    status?: ExitStatus;
    duration_ms: number;
  }>()({
    level: ['info', 'warn', 'error'],
    sentence: ({ instance, step, program, outcome, duration_ms }) =>
      `${instance}: ${step} ${program} ${outcome} after ${shortDuration(duration_ms)}`,
    short: (subject, { step, program, outcome }) =>
      `${text(step)} of ${subject} (${text(program)}) ${text(outcome)}`,
    mark: ({ step, outcome }) => `${step} ${outcome}`,
  }),
  /** By its schedule, it is to run now; `missed`: late, after a suspend or a change of the clock. */
  run_due: row<{ at: string; missed?: number }>()({
    level: 'info',
    sentence: ({ instance, at, missed }) =>
      missed === undefined
        ? `${instance}: the run of ${at} is due`
        : `${instance}: runs now, because it missed the run of ${at}${moreMissed(missed)}`,
    short: (subject, { at, missed }) =>
      missed === undefined
        ? `${subject}: the run of ${text(at)} was due`
        : `${subject} ran late: it had missed the run of ${text(at)}`,
  }),
  run_skipped: row<{ because: 'running' | 'waiting' | 'queued' }>()({
    level: 'warn',
    sentence: ({ instance, because }) => `${instance}: skipped a run: ${SKIPPED[because]}`,
    short: (subject) => `a run of ${subject} was skipped`,
  }),
  /** And it waits for the next one (`missed = "skip"`). */
  run_missed: row<{ at: string; missed: number }>()({
    level: 'warn',
    sentence: ({ instance, at, missed }) => `${instance}: missed the run of ${at}${moreMissed(missed)}`,
    short: (subject, { at }) => `${subject} missed the run of ${text(at)}`,
  }),
  signal_sent: row<{ signal: string; to: SignalTarget | 'process'; reason: string }>()({
    level: ['debug', 'info', 'error'],
    sentence: ({ instance, signal, to, reason }) => `sent ${signal} to ${instance} (${to}): ${reason}`,
    short: (subject, { signal }) => `${text(signal)} sent to ${subject}`,
  }),
  /** Its leader ended, and these are still there; they are stopped now. */
  process_left_running: row<{ left: string[]; message: string }>()({
    level: ['info', 'warn'],
    sentence: ({ instance, left, message }) => `${instance}: ${message} (${left.join('; ')})`,
    short: (subject, { message, left }) => `${subject}: ${text(message)} (${listed(left).join('; ')})`,
  }),
  probe_finished: row<{
    passed: boolean;
    outcome: string;
    duration_ms: number;
    /** How many have failed in a row, this one included; only of those that count. */
    failures?: number;
    /** So many in a row make it unhealthy; with `failures`. */
    retries?: number;
  }>()({
    level: ['debug', 'info', 'warn'],
    sentence: ({ instance, passed, outcome, duration_ms }) =>
      `${instance}: health check ${passed ? 'passed' : 'failed'}: ${outcome} (${duration_ms} ms)`,
    short: (subject, { passed, outcome, failures }) =>
      passed === true
        ? `health check of ${subject} passed`
        : `health check of ${subject} failed: ${text(outcome)}${inARow(failures)}`,
  }),
  watchdog_expired: row<{ reason: string }>()({
    level: 'warn',
    sentence: ({ instance, reason }) => `${instance}: ${reason}`,
    short: (subject, { reason }) => `${subject}: ${text(reason)}`,
    mark: ({ reason }) => reason,
  }),
  /** What it says of itself by sd_notify(3) or by other means: that it reloads, stops, is ready again. */
  process_said: row<{ message: string; more?: number }>()({
    level: 'info',
    sentence: ({ instance, message, more }) =>
      `${instance}: ${message}${more === undefined ? '' : ` (${more} more in the last minute)`}`,
    short: (subject, { message }) => `${subject}: ${text(message)}`,
  }),
  /** Its STATUS of sd_notify(3), at most once a second; empty if it took it back. */
  process_status: row<{ status: string }>()({
    level: 'debug',
    sentence: ({ instance, status }) => `${instance} says: ${status}`,
    short: (subject, { status }) => `${subject} says: ${text(status)}`,
    hook: 'status',
  }),
  /** `more`: how many others were not reported one by one in the last minute. */
  notification_refused: row<{ reason: string; more?: number }>()({
    level: 'warn',
    sentence: ({ instance, reason, more }) =>
      `${instance}: a notification was refused: ${reason}${more === undefined ? '' : ` (${more} more in the last minute)`}`,
    short: (subject, { reason }) => `notification for ${subject} refused: ${text(reason)}`,
  }),
  /** Another process leads the incarnation: by MAINPID, or as the daemon that its starter has left. */
  main_process_changed: row<{ was: number; by: 'MAINPID' | 'pid file' | 'only descendant' }>()({
    level: 'info',
    sentence: ({ instance, pid, was, by }) =>
      `${instance}: pid ${pid} is its main process instead of ${was} (${by})`,
    short: (subject, { pid, by }) => `pid ${text(pid)} is the main process of ${subject} (${text(by)})`,
    mark: ({ pid, by }) => `pid ${pid} is the main process (${by})`,
  }),
  hook_finished: row<{ hook: string; outcome: string; duration_ms: number }>()({
    level: ['debug', 'warn'],
    sentence: ({ hook, outcome, duration_ms }) => `hook on_${hook} ${outcome} after ${duration_ms} ms`,
    short: (_, { hook, outcome }) => `hook on_${text(hook)} ${text(outcome)}`,
  }),
  hook_dropped: row<{ hook: string; reason: string }>()({
    level: 'warn',
    sentence: ({ hook, reason }) => `hook on_${hook} was not run: ${reason}`,
  }),
  orphan_reaped: row<{ status: ExitStatus }>()({
    level: 'debug',
    sentence: ({ pid, status }) => `reaped orphan ${pid}: ${ending(status)}`,
  }),
  output_dropped: row<{ stream: string; bytes: number; reason: string }>()({
    level: 'warn',
    sentence: ({ instance, stream, bytes, reason }) =>
      `dropped ${bytes} bytes of ${instance ?? 'the container'} ${stream}: ${reason}`,
  }),
  output_failed: row<{ stream: string; path: string; message: string }>()({
    level: 'error',
    sentence: ({ path, message }) => `cannot write to ${path}: ${message}`,
  }),
  output_restored: row<{ stream: string; path: string }>()({
    level: 'info',
    sentence: ({ path }) => `writing to ${path} again`,
  }),
  journal_failed: row<{ path: string; message: string }>()({
    level: 'error',
    sentence: ({ path, message }) => `cannot write the journal in ${path}: ${message}`,
  }),
  /** `lost`: so many lines are not in the files. */
  journal_restored: row<{ path: string; lost: number }>()({
    level: 'warn',
    sentence: ({ path, lost }) => `writing the journal in ${path} again; ${lost} lines were lost`,
  }),
  /** More came than the disk took. */
  journal_dropped: row<{ path: string; lines: number }>()({
    level: 'warn',
    sentence: ({ path, lines }) =>
      `${lines} lines are missing from the journal in ${path}: more came than could be written`,
  }),
  /** `more`: so many others within the last minute, for the same reason, were not told one by one. */
  client_rejected: row<{ reason: string; uid?: number; more?: number }>()({
    level: 'warn',
    sentence: ({ reason, uid, more }) => {
      const who = uid === undefined ? '' : ` (uid ${uid})`;
      return more === undefined
        ? `turned a client away: ${reason}${who}`
        : `turned ${more} more clients away in the last minute: ${reason}${who}`;
    },
  }),
  command_received: row<{ method: string; uid: number; targets?: string[] }>()({
    level: 'info',
    sentence: ({ method, uid, targets }) => `uid ${uid}: ${method} ${(targets ?? []).join(' ')}`.trimEnd(),
    short: (_, { method, targets, uid }) =>
      [text(method), ...listed(targets), `by uid ${text(uid)}`].join(' '),
  }),
} as const;

const SKIPPED = {
  running: 'the run before has not ended',
  waiting: 'the run before has not started',
  queued: 'another run is queued already',
} as const;

function moreMissed(missed: number): string {
  return missed > 1 ? ` and ${missed - 1} more` : '';
}

const ROLES = { pid1: 'PID 1', subreaper: 'child subreaper' } as const;

function ending(status: ExitStatus): string {
  return status.how === 'exited' ? exitInWords(status) : `was ${exitInWords(status)}`;
}

function lifeInWords({ uptime_ms, requested }: { uptime_ms: number; requested: boolean }): string {
  return ` after ${shortDuration(uptime_ms)}${requested ? ', as requested' : ''}`;
}

function changesInWords(changes: Readonly<Record<string, readonly string[]>>): string {
  const parts = Object.entries(changes).filter(([, names]) => names.length > 0);
  if (parts.length === 0) return 'nothing changed';
  return parts.map(([what, names]) => `${what} ${names.join(', ')}`).join('; ');
}

function endingOf(status: unknown): string {
  return typeof status === 'object' && status !== null ? exitInWords(status as AnyExitStatus) : 'ended';
}

function text(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value ?? '?');
}

function listed(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(text) : [];
}

function inARow(failures: unknown): string {
  return typeof failures === 'number' && failures > 1 ? ` (${ordinal(failures)} in a row)` : '';
}

function ordinal(number: number): string {
  const isTeen = number % 100 > 10 && number % 100 < 14;
  return `${number}${isTeen ? 'th' : (['th', 'st', 'nd', 'rd'][number % 10] ?? 'th')}`;
}
