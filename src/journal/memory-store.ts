/** The most recent entries of the journal, bounded in bytes. */

import type { JournalEntry } from '../supervisor/ports/journal.ts';
import type { EngineEvent } from '../wire/engine-event.ts';
import type { Batch, Bounds } from './batch.ts';
import { countOf, entriesOf, firstIdOf, isBlock, type JournalItem, lastIdOf } from './output-block.ts';

/** So many are handed out at once; then the event loop has its turn. */
const SLICE_ENTRIES = 1_000;
/** What an entry takes beside its texts, about. */
const ENTRY_BYTES = 160;
const NESTED_BYTES = 48;
/** The array is cut when so many in front are gone, and they are the greater part. */
const WORTH_A_CUT = 1_024;

export class MemoryStore {
  #maxBytes: number;
  #items: (JournalItem | undefined)[] = [];
  #head = 0;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Of the oldest entry that is left. Infinity where there is none. */
  get firstId(): number {
    const oldest = this.#items[this.#head];
    return oldest === undefined ? Number.POSITIVE_INFINITY : firstIdOf(oldest);
  }

  get bytes(): number {
    return this.#bytes;
  }

  useLimit(maxBytes: number): void {
    this.#maxBytes = maxBytes;
    this.#shrink();
  }

  /** @param item its ids are above all before it. */
  push(item: JournalItem): void {
    this.#items.push(item);
    this.#bytes += sizeOf(item);
    this.#shrink();
  }

  find(id: number): JournalEntry | undefined {
    const item = this.#items[this.#beyond(id - 1)];
    return item === undefined ? undefined : entriesOf(item).find((entry) => entry.id === id);
  }

  /** Those beyond an id, oldest first, in slices. */
  *events(afterId: number): Generator<readonly EngineEvent[]> {
    for (let last = afterId; ; ) {
      const from = this.#beyond(last);
      const slice = this.#items.slice(from, from + SLICE_ENTRIES).filter((item) => item !== undefined);
      const end = slice.at(-1);
      if (end === undefined) return;
      last = lastIdOf(end);
      yield slice.filter(isEvent);
    }
  }

  /** In slices, each looked up again: between two of them entries come and go. */
  *forward({ afterId, beforeId }: Bounds): Generator<Batch> {
    for (let last = afterId; ; ) {
      const from = this.#beyond(last);
      let to = from;
      for (let count = 0; count < SLICE_ENTRIES && to < this.#items.length; to++)
        count += countAt(this.#items[to]);
      const batch = this.#batch(from, to, last, beforeId);
      if (batch === undefined) return;
      last = batch.lastId;
      yield batch;
    }
  }

  *backward({ afterId, beforeId }: Bounds): Generator<Batch> {
    for (let first = beforeId; ; ) {
      // A block may lie on both sides.
      const at = this.#beyond(first - 1);
      const straddling = this.#items[at];
      const to = straddling !== undefined && firstIdOf(straddling) < first ? at + 1 : at;
      let from = to;
      for (let count = 0; count < SLICE_ENTRIES && from > this.#head; ) count += countAt(this.#items[--from]);
      const batch = this.#batch(from, to, afterId, first);
      if (batch === undefined) return;
      first = batch.firstId;
      yield batch;
    }
  }

  #batch(from: number, to: number, afterId: number, beforeId: number): Batch | undefined {
    const items = this.#items.slice(from, to).filter((item) => item !== undefined);
    const entries = items.flatMap(entriesOf).filter(({ id }) => id > afterId && id < beforeId);
    const [first] = entries;
    const last = entries.at(-1);
    if (first === undefined || last === undefined) return undefined;
    return { entries, firstId: first.id, lastId: last.id, bytes: entries.length * ENTRY_BYTES };
  }

  /** Index of the first item that has an id beyond this one. */
  #beyond(id: number): number {
    let low = this.#head;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const item = this.#items[middle];
      if (item !== undefined && lastIdOf(item) > id) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #shrink(): void {
    while (this.#bytes > this.#maxBytes && this.#head < this.#items.length) {
      const oldest = this.#items[this.#head];
      if (oldest !== undefined) this.#bytes -= sizeOf(oldest);
      this.#items[this.#head] = undefined;
      this.#head += 1;
    }
    if (this.#head < WORTH_A_CUT || this.#head * 2 < this.#items.length) return;
    this.#items = this.#items.slice(this.#head);
    this.#head = 0;
  }
}

function isEvent(item: JournalItem): item is EngineEvent {
  return !isBlock(item) && item.event !== 'output';
}

function countAt(item: JournalItem | undefined): number {
  return item === undefined ? 1 : countOf(item);
}

/** About what it takes; the same whenever it is asked. */
export function sizeOf(item: JournalItem): number {
  if (isBlock(item)) return ENTRY_BYTES + item.bytes.length;
  let size = ENTRY_BYTES;
  for (const value of Object.values(item) as unknown[]) {
    if (typeof value === 'string') size += value.length;
    else if (Array.isArray(value)) {
      for (const part of value) size += NESTED_BYTES + (typeof part === 'string' ? part.length : 0);
    } else if (typeof value === 'object') size += NESTED_BYTES;
  }
  return size;
}
