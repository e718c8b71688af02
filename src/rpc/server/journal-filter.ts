/** Which entries of the journal, and which live events, a client asked for. */

import { isBelow, type Level } from '../../levels.ts';
import type { JournalEntry } from '../../supervisor/ports/journal.ts';
import type { EnginePort } from '../access/engine-port.ts';
import { NameMatcher } from '../access/name-pattern.ts';
import { withMembers } from '../access/select.ts';

/** Values are looked into so deep; no entry goes deeper. */
const DEEPEST = 3;

/** All where nothing is said. */
export interface EventFilter {
  readonly names?: readonly string[];
  readonly events?: readonly string[];
  readonly level?: Level;
  readonly incarnation?: number;
  /** Plain text, somewhere in one of its values. */
  readonly text?: string;
}

/** Kinds are those of events; lines that processes printed come beside them. */
export interface JournalFilter extends EventFilter {
  /** Lines that processes printed too. */
  readonly output?: boolean;
  /** Only lines of these streams. */
  readonly streams?: readonly ('stdout' | 'stderr')[];
}

/** @returns the filter for what the journal has: it tells of processes, and not of the groups that they are in. */
export function withoutGroups<Filter extends EventFilter>(
  filter: Filter,
  engine: Pick<EnginePort, 'names'>,
): Filter {
  const { names } = filter;
  return names === undefined ? filter : { ...filter, names: withMembers(names, engine.names()) };
}

export type Wants<Entry> = (entry: Entry) => boolean;

/** The filter made ready, once for all entries. Throws `bad-arguments` for too many patterns. */
export function wantedEvents(filter: EventFilter): Wants<JournalEntry> {
  const { names, events, level, incarnation, text } = filter;
  const matcher = names === undefined ? undefined : new NameMatcher(names);
  const kinds = events === undefined ? undefined : new Set<string>(events);
  return (entry) => {
    if (level !== undefined && isBelow(entry.level, level)) return false;
    if (kinds !== undefined && !kinds.has(entry.event)) return false;
    if (
      incarnation !== undefined &&
      incarnation !== ('incarnation' in entry ? entry.incarnation : undefined)
    ) {
      return false;
    }
    if (matcher !== undefined && !matcher.means(entry)) return false;
    return text === undefined || contains(entry, text, DEEPEST);
  };
}

/** As `wantedEvents`, with the lines that processes printed beside them. */
export function wantedEntries(filter: JournalFilter): Wants<JournalEntry> {
  const { output, streams, events: _, ...ofOutput } = filter;
  const wantsEvent = wantedEvents(filter);
  const wantsOutput = wantedEvents(ofOutput);
  return (entry) => {
    if (entry.event !== 'output') return streams === undefined && wantsEvent(entry);
    if (streams === undefined ? output !== true : !streams.includes(entry.stream)) return false;
    return wantsOutput(entry);
  };
}

/** Texts that the JSON of every entry contains which passes. */
export function needlesOf({ text, events, streams, output }: JournalFilter): readonly string[] {
  const needles: string[] = [];
  // As JSON writes it, without the quotation marks: what contains the one contains the other.
  if (text !== undefined && text !== '') needles.push(JSON.stringify(text).slice(1, -1));
  const [event, ...others] = streams === undefined ? (output === true ? [] : (events ?? [])) : ['output'];
  if (event !== undefined && others.length === 0) needles.push(`"event":${JSON.stringify(event)}`);
  return needles;
}

function contains(value: unknown, text: string, depth: number): boolean {
  if (typeof value === 'string') return value.includes(text);
  if (typeof value === 'number') return String(value).includes(text);
  if (typeof value !== 'object' || value === null || depth === 0) return false;
  return Object.values(value).some((child) => contains(child, text, depth - 1));
}
