/**
 * Writes to something that may be slow, stuck or gone, without ever waiting for it: what does not fit the bound is
 * dropped, the oldest first and by lines where there are lines, and counted.
 */

import { BlockPool } from './block-pool.ts';
import { ByteQueue } from './byte-queue.ts';

/** Writes all of it or fails; calls back once. */
export type Sink = (bytes: Buffer, done: (error: Error | null) => void) => void;

/** One write at a time takes so much at most, so that a stuck one holds up no more than this. */
const MOST_AT_ONCE = 65_536;
/** Dropping goes on to the end of a line that is no longer than this. */
const LONGEST_LINE_BYTES = 32_768;

export class BoundedWriter {
  readonly #sink: Sink;
  readonly #capacity: number;
  readonly #onDropped: (bytes: number) => void;
  readonly #queue = new ByteQueue(new BlockPool());
  #dropped = 0;
  #isWriting = false;
  #isBroken = false;
  #idleWaiters: (() => void)[] = [];

  /** @param onDropped told how much was lost, once it flows again. */
  constructor(sink: Sink, capacity: number, onDropped: (bytes: number) => void) {
    this.#sink = sink;
    this.#capacity = capacity;
    this.#onDropped = onDropped;
  }

  /** @param bytes copied. */
  write(bytes: Uint8Array): void {
    if (this.#isBroken || bytes.length === 0) return;
    this.#queue.append(bytes);
    this.#dropExcess();
    this.#writeNext();
  }

  /** Resolves when nothing waits to be written. */
  idle(): Promise<void> {
    if (!this.#isWriting && this.#queue.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  #writeNext(): void {
    if (this.#isWriting) return;
    if (this.#queue.length === 0) {
      for (const resolve of this.#idleWaiters.splice(0)) resolve();
      return;
    }
    this.#isWriting = true;
    this.#sink(this.#takeBatch(), (error) => {
      this.#isWriting = false;
      if (error !== null) this.#break();
      else this.#reportDropped();
      this.#writeNext();
    });
  }

  /** A copy, so that the oldest of what waits can be dropped while it is being written. */
  #takeBatch(): Buffer {
    const count =
      this.#queue.length <= MOST_AT_ONCE
        ? this.#queue.length
        : this.#queue.wholeLinesWithin(MOST_AT_ONCE) || MOST_AT_ONCE;
    const batch = Buffer.concat(this.#queue.peek(count));
    this.#queue.drop(count);
    return batch;
  }

  #dropExcess(): void {
    const excess = this.#queue.length - this.#capacity;
    if (excess <= 0) return;
    const endsLine = this.#queue.endsLine(excess);
    this.#drop(excess);
    if (!endsLine) this.#drop(this.#queue.firstLineWithin(LONGEST_LINE_BYTES));
  }

  #drop(count: number): void {
    this.#queue.drop(count);
    this.#dropped += count;
  }

  /** The other end is gone for good (EPIPE): what is written from now on goes nowhere, and nobody is disturbed. */
  #break(): void {
    this.#isBroken = true;
    this.#queue.drop(this.#queue.length);
  }

  #reportDropped(): void {
    const bytes = this.#dropped;
    this.#dropped = 0;
    if (bytes > 0) this.#onDropped(bytes);
  }
}
