/** The engine's events as the board keeps them: bounded, filtered, read back from their end. Pure. */

import { eventStory } from '../../cli/event-words.ts';
import { plainLine } from '../../cli/plain-text.ts';
import type { WireEvent } from '../../rpc/contract/contract.ts';

/** The engine replays no more either. */
export const MAX_EVENTS = 1_000;

export interface SeenEvent {
  readonly time: number;
  readonly level: WireEvent['level'];
  /** As in the log and in `taskshell events --event`. */
  readonly kind: string;
  readonly text: string;
  /** The state that it tells of. */
  readonly state: string | undefined;
}

export interface EventLog {
  /** The engine was asked for them. */
  readonly isAsked: boolean;
  readonly all: readonly SeenEvent[];
  readonly filter: string;
  /** Those that pass the filter, the oldest first. */
  readonly shown: readonly SeenEvent[];
  /** Of these, so many stand below the last row; 0 follows. */
  readonly back: number;
}

export const NO_EVENTS: EventLog = { isAsked: false, all: [], filter: '', shown: [], back: 0 };

export function seenEvent(event: WireEvent): SeenEvent {
  const { time, level, event: kind } = event;
  const to = kind === 'state_changed' ? event.to : undefined;
  return {
    time,
    level,
    kind: plainLine(kind),
    text: eventStory(event),
    state: typeof to === 'string' ? to : undefined,
  };
}

/** Who reads further back is not moved by what comes at the end. */
export function addEvents(log: EventLog, events: readonly SeenEvent[]): EventLog {
  const all = [...log.all, ...events].slice(-MAX_EVENTS);
  const shown = passing(all, log.filter);
  const added = passing(events, log.filter).length;
  return { ...log, all, shown, back: log.back === 0 ? 0 : withinShown(log.back + added, shown) };
}

export function filterEvents(log: EventLog, filter: string): EventLog {
  return { ...log, filter, shown: passing(log.all, filter), back: 0 };
}

/** @param by lines; negative: towards the beginning */
export function scrollEvents(log: EventLog, by: number): EventLog {
  return { ...log, back: withinShown(log.back - by, log.shown) };
}

function withinShown(back: number, shown: readonly SeenEvent[]): number {
  return Math.min(Math.max(0, back), Math.max(0, shown.length - 1));
}

/** All words, each in the sentence, the kind or the level. */
function passing(events: readonly SeenEvent[], filter: string): readonly SeenEvent[] {
  const words = filter.toLowerCase().split(' ').filter(Boolean);
  if (words.length === 0) return events;
  return events.filter(({ text, kind, level }) => {
    const whole = `${text} ${kind} ${level}`.toLowerCase();
    return words.every((word) => whole.includes(word));
  });
}
