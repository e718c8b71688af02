/** Which entries of the journal, and which live events, a client asked for. */

import type { EventLevel } from '../supervisor/engine-event.ts';
import type { JournalEntry } from '../supervisor/journal-port.ts';
import { meansInstance } from './name-pattern.ts';

const LEVELS: readonly EventLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
/** Values are looked into so deep; no entry goes deeper. */
const DEEPEST = 3;

/** All where nothing is said. */
export interface EventFilter {
  readonly names?: readonly string[];
  readonly events?: readonly string[];
  readonly level?: EventLevel;
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

export function passesFilter(entry: JournalEntry, filter: EventFilter): boolean {
  const { names, events, level, incarnation, text } = filter;
  if (level !== undefined && LEVELS.indexOf(entry.level) < LEVELS.indexOf(level)) return false;
  if (events !== undefined && !events.includes(entry.event)) return false;
  if (incarnation !== undefined && incarnation !== ('incarnation' in entry ? entry.incarnation : undefined)) {
    return false;
  }
  if (names !== undefined && !meansInstance(names, entry)) return false;
  return text === undefined || contains(entry, text, DEEPEST);
}

export function passesJournalFilter(entry: JournalEntry, filter: JournalFilter): boolean {
  const { output, streams, events: _, ...ofOutput } = filter;
  if (entry.event !== 'output') return streams === undefined && passesFilter(entry, filter);
  if (streams === undefined ? output !== true : !streams.includes(entry.stream)) return false;
  return passesFilter(entry, ofOutput);
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
