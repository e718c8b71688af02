/** One sentence for each event, for people; programs go by the event's name and fields. */

import { type ExitStatus, exitInWords } from '../exit-status.ts';
import type { EngineEvent, EventName } from '../supervisor/engine-event.ts';
import { shortDuration } from '../units.ts';

type Sentences = { readonly [Name in EventName]: (event: EngineEvent<Name>) => string };

/** A new event without a sentence breaks the build. */
const SENTENCES: Sentences = {
  engine_started: ({ version, role, config }) =>
    `taskmaster ${version} started as ${ROLES[role]}, configuration ${config}`,
  engine_listening: ({ socket }) => `listening on ${socket}`,
  http_listening: ({ address }) => `answering HTTP on ${address}`,
  engine_notice: ({ message }) => message,
  engine_draining: ({ reason, exit_code }) => `stopping everything: ${reason}; exit code ${exit_code}`,
  engine_stopped: ({ exit_code, duration_ms }) =>
    `stopped after ${shortDuration(duration_ms)}, exit code ${exit_code}`,
  engine_fault: ({ message }) => `internal fault: ${message}`,
  config_reloaded: ({ added, removed, restarted, updated }) =>
    `configuration reloaded: ${inWords({ added, removed, restarted, updated })}`,
  config_rejected: ({ problems }) => `configuration rejected, nothing was changed: ${problems.join('; ')}`,
  config_warning: ({ message }) => message,
  state_changed: ({ instance, from, to, reason }) =>
    `${instance}: ${from} → ${to}${reason ? ` (${reason})` : ''}`,
  instance_renamed: ({ was, instance }) => `${was} is now ${instance}`,
  process_spawned: ({ instance, pid, command, user }) =>
    `${instance} started as pid ${pid}${user ? ` by ${user}` : ''}: ${command}`,
  process_exited: ({ instance, status, uptime_ms, requested }) =>
    `${instance} ${ending(status)} after ${shortDuration(uptime_ms)}${requested ? ', as requested' : ''}`,
  spawn_failed: ({ message }) => message,
  process_left_running: ({ instance, left, message }) => `${instance}: ${message} (${left.join('; ')})`,
  signal_sent: ({ instance, signal, to, reason }) => `sent ${signal} to ${instance} (${to}): ${reason}`,
  probe_finished: ({ instance, passed, outcome, duration_ms }) =>
    `${instance}: health check ${passed ? 'passed' : 'failed'}: ${outcome} (${duration_ms} ms)`,
  hook_finished: ({ hook, outcome, duration_ms }) => `hook on_${hook} ${outcome} after ${duration_ms} ms`,
  hook_dropped: ({ hook, reason }) => `hook on_${hook} was not run: ${reason}`,
  orphan_reaped: ({ pid, status }) => `reaped orphan ${pid}: ${ending(status)}`,
  output_dropped: ({ instance, stream, bytes, reason }) =>
    `dropped ${bytes} bytes of ${instance ?? 'the container'} ${stream}: ${reason}`,
  output_failed: ({ path, message }) => `cannot write to ${path}: ${message}`,
  output_restored: ({ path }) => `writing to ${path} again`,
  journal_failed: ({ path, message }) => `cannot write the journal in ${path}: ${message}`,
  journal_restored: ({ path, lost }) => `writing the journal in ${path} again; ${lost} lines were lost`,
  journal_dropped: ({ path, lines }) =>
    `${lines} lines are missing from the journal in ${path}: more came than could be written`,
  client_rejected: ({ reason, uid, more }) => {
    const who = uid === undefined ? '' : ` (uid ${uid})`;
    return more === undefined
      ? `turned a client away: ${reason}${who}`
      : `turned ${more} more clients away in the last minute: ${reason}${who}`;
  },
  command_received: ({ method, uid, targets }) =>
    `uid ${uid}: ${method} ${(targets ?? []).join(' ')}`.trimEnd(),
};

const ROLES = { pid1: 'PID 1', subreaper: 'child subreaper' } as const;

export function sentenceFor(event: EngineEvent): string {
  // The table is typed by name; the compiler cannot see that name and event belong together.
  return (SENTENCES[event.event] as (event: EngineEvent) => string)(event);
}

function ending(status: ExitStatus): string {
  return status.how === 'exited' ? exitInWords(status) : `was ${exitInWords(status)}`;
}

function inWords(changes: Readonly<Record<string, readonly string[]>>): string {
  const parts = Object.entries(changes).filter(([, names]) => names.length > 0);
  if (parts.length === 0) return 'nothing changed';
  return parts.map(([what, names]) => `${what} ${names.join(', ')}`).join('; ');
}
