/** What a search goes through: neighbouring entries, from memory or from a block of a file. */

import type { JournalEntry, JournalRange } from '../supervisor/journal-port.ts';

export type Bounds = JournalRange;

export interface Batch {
  /** Oldest first. */
  readonly entries: readonly JournalEntry[];
  /** About how much had to be read for it. */
  readonly bytes: number;
}
