/** One page of a query: goes through batches until the page is full, or enough was looked through for one call. */

import type { JournalEntry, JournalPage, JournalQuery } from '../supervisor/ports/journal.ts';
import type { Batch } from './batch.ts';

/** A client that wants to go on asks again; in between others have their turn. */
const MOST_BYTES_A_CALL = 32 * 2 ** 20;
/** A page travels as one line. */
const MOST_BYTES_A_PAGE = 2 ** 20;

/**
 * @param batches in the direction of the query; in each the oldest entry comes first.
 * @param pause waited for after each batch: others want their turn.
 */
export async function search(
  query: JournalQuery,
  batches: AsyncIterable<Batch>,
  signal: AbortSignal,
  pause: () => Promise<void>,
): Promise<JournalPage> {
  const { fromTheEnd, limit } = query;
  const found: JournalEntry[] = [];
  const page = (next: number | null): JournalPage => ({
    entries: fromTheEnd ? found.reverse() : found,
    next,
  });
  let bytesRead = 0;
  let bytesFound = 0;
  for await (const { entries, firstId, lastId, bytes } of batches) {
    signal.throwIfAborted();
    for (const entry of fromTheEnd ? entries.toReversed() : entries) {
      if (!isInRange(entry, query) || !query.isWanted(entry)) continue;
      // Told only where there is one more: the last page says that it is the last.
      const last = found.at(-1);
      if (last !== undefined && (found.length >= limit || bytesFound > MOST_BYTES_A_PAGE))
        return page(last.id);
      found.push(entry);
      bytesFound += sizeOnTheWire(entry);
    }
    bytesRead += bytes;
    if (bytesRead > MOST_BYTES_A_CALL) return page(fromTheEnd ? firstId : lastId);
    await pause();
  }
  return page(null);
}

function isInRange({ id, time }: JournalEntry, query: JournalQuery): boolean {
  return id > query.afterId && id < query.beforeId && time >= query.sinceMs && time <= query.untilMs;
}

function sizeOnTheWire(entry: JournalEntry): number {
  return 200 + (entry.event === 'output' ? entry.text.length : 200);
}
