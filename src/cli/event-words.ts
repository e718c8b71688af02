/** One event in a few words for people, as `why` and `timeline` tell it. Pure; unknown kinds are told all the same. */

import type { WireEvent } from '../rpc/contract/contract.ts';
import { EVENTS, type EventRow } from '../wire/events.ts';
import { plainLine } from './plain-text.ts';

type Fields = Readonly<Record<string, unknown>>;
type AnyRow = Pick<EventRow<Record<string, unknown>, []>, 'short'>;

/** `db unhealthy`, `health check of db failed: timed out after 5s (3rd in a row)` */
export function eventWords(event: WireEvent): string {
  const rows: Readonly<Record<string, AnyRow>> = EVENTS;
  const short = Object.hasOwn(EVENTS, event.event) ? rows[event.event]?.short : undefined;
  const subject = event.instance ?? event.process ?? '';
  if (short !== undefined) return plainLine(short(subject, event));
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
