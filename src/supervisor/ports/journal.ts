/**
 * What the supervisor's side and the control socket need of the journal: the engine's events, and where it is wanted
 * the lines that processes print, under one count of ids.
 */

import type { Level } from '../../levels.ts';
import type { EngineEvent } from '../../wire/engine-event.ts';

/** A line that a process printed, told in the manner of an event. A type: an interface is no record of JSON values. */
export type OutputEntry = {
  readonly id: number;
  /** Epoch milliseconds at which its end was read. */
  readonly time: number;
  /** What the line tells of itself; `info` where it tells nothing. */
  readonly level: Level;
  readonly event: 'output';
  readonly process: string;
  readonly instance: string;
  readonly incarnation: number;
  readonly stream: 'stdout' | 'stderr';
  /** Without its newline. */
  readonly text: string;
  /** The line was too long to be kept whole: its next part follows. */
  readonly is_part?: true;
  /** It was no UTF-8: what could not be read is U+FFFD. */
  readonly is_binary?: true;
};

export type JournalEntry = EngineEvent | OutputEntry;

export interface JournalRange {
  /** Ids beyond this one only, and below that one. */
  readonly afterId: number;
  readonly beforeId: number;
  /** Epoch milliseconds, both included. */
  readonly sinceMs: number;
  readonly untilMs: number;
}

export interface JournalQuery extends JournalRange {
  /** Pure and quick: it is asked for each entry in the range. */
  readonly isWanted: (entry: JournalEntry) => boolean;
  /** Texts that the JSON of every wanted entry contains; a block of a file without one of them is not even parsed. */
  readonly needles: readonly string[];
  /** Most entries of a page. */
  readonly limit: number;
  /** From the newest backwards; the page is in order all the same. */
  readonly fromTheEnd: boolean;
}

export interface JournalPage {
  /** Oldest first. May be empty where there is more to look through. */
  readonly entries: readonly JournalEntry[];
  /** Id from which to go on, towards newer ones or with `fromTheEnd` towards older ones; null: that was all. */
  readonly next: number | null;
}

export interface JournalPort {
  /** True where the journal keeps what processes print. */
  readonly keepsOutput: boolean;
  /** True where it may know what its memory no longer holds. */
  readonly hasFiles: boolean;
  /** Of the newest entry; 0 where there is none. */
  readonly lastId: number;
  /** One that is still in memory. */
  entry(id: number): JournalEntry | undefined;
  /**
   * The events in memory with an id beyond this one, oldest first, in slices that are small enough for one turn of the
   * event loop. Between two of them others may come and go.
   */
  events(afterId: number): Iterable<readonly EngineEvent[]>;
  /**
   * One page of what is wanted. A call looks through a bounded amount, in slices between which the event loop has its
   * turn. Rejects with the signal's reason when that aborts.
   */
  search(query: JournalQuery, signal: AbortSignal): Promise<JournalPage>;
}
