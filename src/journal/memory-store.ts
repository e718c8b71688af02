/** The most recent entries of the journal, bounded in bytes. */

import type { JournalEntry } from '../supervisor/journal-port.ts';
import type { Batch, Bounds } from './batch.ts';

/** So many are handed out at once; then the event loop has its turn. */
const SLICE_ENTRIES = 1_000;
/** What an entry takes beside its texts, about. */
const ENTRY_BYTES = 160;
const NESTED_BYTES = 48;
/** The array is cut when so many in front are gone, and they are the greater part. */
const WORTH_A_CUT = 1_024;

export class MemoryStore {
  #maxBytes: number;
  #entries: (JournalEntry | undefined)[] = [];
  #head = 0;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Of the oldest entry that is left. Infinity where there is none. */
  get firstId(): number {
    return this.#entries[this.#head]?.id ?? Number.POSITIVE_INFINITY;
  }

  get bytes(): number {
    return this.#bytes;
  }

  useLimit(maxBytes: number): void {
    this.#maxBytes = maxBytes;
    this.#shrink();
  }

  /** @param entry its id is above all before it. */
  push(entry: JournalEntry): void {
    this.#entries.push(entry);
    this.#bytes += sizeOf(entry);
    this.#shrink();
  }

  find(id: number): JournalEntry | undefined {
    const entry = this.#entries[this.#after(id - 1)];
    return entry?.id === id ? entry : undefined;
  }

  /** Those beyond an id, oldest first. */
  after(id: number): readonly JournalEntry[] {
    return this.#entries.slice(this.#after(id)).filter((entry) => entry !== undefined);
  }

  /** In slices, each looked up anew: between two of them entries come and go. */
  *forward({ afterId, beforeId }: Bounds): Generator<Batch> {
    for (let last = afterId; ; ) {
      const from = this.#after(last);
      const to = Math.min(from + SLICE_ENTRIES, this.#after(beforeId - 1));
      const batch = this.#batch(from, to);
      if (batch === undefined) return;
      last = batch.lastId;
      yield batch;
    }
  }

  *backward({ afterId, beforeId }: Bounds): Generator<Batch> {
    for (let first = beforeId; ; ) {
      const to = this.#after(first - 1);
      const from = Math.max(to - SLICE_ENTRIES, this.#after(afterId));
      const batch = this.#batch(from, to);
      if (batch === undefined) return;
      first = batch.firstId;
      yield batch;
    }
  }

  #batch(from: number, to: number): Batch | undefined {
    const entries = this.#entries.slice(from, Math.max(from, to)).filter((entry) => entry !== undefined);
    const [first] = entries;
    const last = entries.at(-1);
    if (first === undefined || last === undefined) return undefined;
    return { entries, firstId: first.id, lastId: last.id, bytes: entries.length * ENTRY_BYTES };
  }

  /** Index of the first entry with an id beyond this one. */
  #after(id: number): number {
    let low = this.#head;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.id ?? 0) > id) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #shrink(): void {
    while (this.#bytes > this.#maxBytes && this.#head < this.#entries.length) {
      const oldest = this.#entries[this.#head];
      if (oldest !== undefined) this.#bytes -= sizeOf(oldest);
      this.#entries[this.#head] = undefined;
      this.#head += 1;
    }
    if (this.#head < WORTH_A_CUT || this.#head * 2 < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#head);
    this.#head = 0;
  }
}

/** About what an entry takes; the same whenever it is asked. */
function sizeOf(entry: JournalEntry): number {
  let size = ENTRY_BYTES;
  for (const value of Object.values(entry) as unknown[]) {
    if (typeof value === 'string') size += value.length;
    else if (Array.isArray(value)) {
      for (const item of value) size += NESTED_BYTES + (typeof item === 'string' ? item.length : 0);
    } else if (typeof value === 'object') size += NESTED_BYTES;
  }
  return size;
}
