/** One event in a few words for people, as `why` and `timeline` tell it. Pure; unknown kinds are told all the same. */

import { type AnyExitStatus, exitInWords } from '../exit-status.ts';
import type { WireEvent } from '../rpc/contract.ts';
import { plainLine } from './plain-text.ts';

type Fields = Readonly<Record<string, unknown>>;

/** By the event's name; whatever a newer engine leaves out reads as nothing. */
const WORDS: Readonly<Record<string, (subject: string, fields: Fields) => string>> = {
  engine_started: () => 'the engine started',
  engine_draining: (_, { reason }) => `the engine stops: ${text(reason)}`,
  engine_stopped: (_, { exit_code: code }) => `the engine stopped, exit code ${text(code)}`,
  config_reloaded: () => 'the configuration was reloaded',
  config_rejected: () => 'a new configuration was rejected',
  state_changed: (subject, { to }) => `${subject} ${text(to)}`,
  process_spawned: (subject, { pid }) => `${subject} started as pid ${text(pid)}`,
  process_exited: (subject, { status }) => `${subject} ${ending(status)}`,
  process_left_running: (subject, { message, left }) =>
    `${subject}: ${text(message)} (${Array.isArray(left) ? left.map(text).join('; ') : ''})`,
  signal_sent: (subject, { signal }) => `${text(signal)} sent to ${subject}`,
  probe_finished: (subject, { passed, outcome, failures }) =>
    passed === true
      ? `health check of ${subject} passed`
      : `health check of ${subject} failed: ${text(outcome)}${inARow(failures)}`,
  hook_finished: (_, { hook, outcome }) => `hook on_${text(hook)} ${text(outcome)}`,
  command_received: (_, { method, targets, uid }) =>
    [text(method), ...(Array.isArray(targets) ? targets.map(text) : []), `by uid ${text(uid)}`].join(' '),
};

/** `db unhealthy`, `health check of db failed: timed out after 5s (3rd in a row)` */
export function eventWords(event: WireEvent): string {
  const words = Object.hasOwn(WORDS, event.event) ? WORDS[event.event] : undefined;
  const subject = event.instance ?? event.process ?? '';
  if (words !== undefined) return plainLine(words(subject, event));
  const { message, reason } = event as Fields;
  const told = message ?? reason;
  const name = [event.event, subject].filter((part) => part !== '').join(' ');
  return plainLine(told === undefined ? name : `${name}: ${text(told)}`);
}

/** The same with what a line of its own has room for: both states, the reason. */
export function eventStory(event: WireEvent): string {
  const { from, to, reason } = event as Fields;
  if (event.event !== 'state_changed') return eventWords(event);
  const why = reason === undefined ? '' : ` (${text(reason)})`;
  return plainLine(`${event.instance ?? ''}: ${text(from)} → ${text(to)}${why}`);
}

/**
 * `api stopped ← db unhealthy ← health check of db failed: timed out after 5s (3rd in a row)`
 * @param chain the newest first, each followed by what led to it.
 */
export function chainText(chain: readonly WireEvent[]): string {
  // That it was spawned says no more than the state that it was spawned into.
  const told = chain.filter(
    (event, index) =>
      !(event.event === 'process_spawned' && chain[index - 1]?.event === 'state_changed' && index > 0),
  );
  return told.map(eventWords).join(' ← ');
}

function text(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value ?? '?');
}

function ending(status: unknown): string {
  return typeof status === 'object' && status !== null ? exitInWords(status as AnyExitStatus) : 'ended';
}

function inARow(failures: unknown): string {
  return typeof failures === 'number' && failures > 1 ? ` (${ordinal(failures)} in a row)` : '';
}

function ordinal(number: number): string {
  const isTeen = number % 100 > 10 && number % 100 < 14;
  const ending = isTeen ? 'th' : (['th', 'st', 'nd', 'rd'][number % 10] ?? 'th');
  return `${number}${ending}`;
}
