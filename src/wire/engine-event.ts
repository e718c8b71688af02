/** One event as it is told: in the log, by the `events` subscription, on the hooks' standard input, in the journal. */

import type { HookEvent } from '../config/resolved-config.ts';
import type { Level } from '../levels.ts';
import { EVENTS, type EventRow, type EventSubject, type LevelRule } from './events.ts';

type Rows = typeof EVENTS;
export type EventName = keyof Rows;

/** What each kind of event says beside the fields that all share. */
export type EventFields = {
  [Name in EventName]: Rows[Name] extends EventRow<infer Fields, infer _> ? Fields : never;
};
/** Those whose level is chosen by the code that emits them, and the levels that each may have. */
export type FreeEventName = {
  [Name in EventName]: Rows[Name]['level'] extends readonly Level[] ? Name : never;
}[EventName];
export type EventLevel<Name extends FreeEventName> = Extract<Rows[Name]['level'], readonly Level[]>[number];

/** For those who ask for events by name. */
export const EVENT_NAMES: readonly string[] = Object.keys(EVENTS);

/** `process`, `instance`, `incarnation` and `pid` are there where the event has one. */
export type EngineEvent<Name extends EventName = EventName> = {
  [Kind in Name]: {
    /** Grows with each event and each line in the journal. */
    readonly id: number;
    /** Epoch milliseconds. */
    readonly time: number;
    readonly level: Level;
    readonly event: Kind;
    /** Id of the event that led to this one. */
    readonly caused_by?: number;
  } & EventSubject &
    Readonly<EventFields[Kind]>;
}[Name];

/** A row for any event: the compiler cannot see that an event and the row of its name belong together. */
type AnyRow = EventRow<object, LevelRule<object>>;

function rowOf(event: Pick<EngineEvent, 'event'>): AnyRow {
  return EVENTS[event.event] as AnyRow;
}

/** Of one whose row decides. */
export function levelOf<Name extends Exclude<EventName, FreeEventName>>(
  event: Name,
  fields: EventFields[Name],
): Level {
  const { level } = rowOf({ event });
  return (typeof level === 'function' ? level(fields) : level) as Level;
}

/** For people, in the log. */
export function sentenceFor(event: EngineEvent): string {
  return rowOf(event).sentence(event);
}

/** Between the lines of the instance that it is about; undefined for an event that has no mark. */
export function markText(event: EngineEvent): string | undefined {
  return rowOf(event).mark?.(event);
}

/** Which hook the event calls for, if any. */
export function hookOf(event: EngineEvent): HookEvent | undefined {
  const { hook } = rowOf(event);
  return typeof hook === 'function' ? hook(event) : hook;
}
