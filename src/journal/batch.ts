/** What a search goes through: neighbouring entries, from memory or from some blocks of a file. */

import type { JournalEntry, JournalRange } from '../supervisor/ports/journal.ts';

export type Bounds = JournalRange;

export interface Batch {
  /** Oldest first. Without those that are certainly not wanted. */
  readonly entries: readonly JournalEntry[];
  /** Ids of the first and the last one that were looked at. */
  readonly firstId: number;
  readonly lastId: number;
  /** About how much had to be read for it. */
  readonly bytes: number;
}
