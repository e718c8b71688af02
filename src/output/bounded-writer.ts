/**
 * Writes to something that may be slow, stuck or gone, without ever waiting for it: what does not fit the bound is
 * dropped, the oldest first, and counted.
 */

/** Writes all of it or fails; calls back once. */
export type Sink = (bytes: Buffer, done: (error: Error | null) => void) => void;

/** One write at a time takes so much at most, so that a stuck one holds up no more than this. */
const MOST_AT_ONCE = 65_536;

export class BoundedWriter {
  readonly #sink: Sink;
  readonly #capacity: number;
  readonly #onDropped: (bytes: number) => void;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
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

  /** @param bytes kept until written. */
  write(bytes: Buffer): void {
    if (this.#isBroken || bytes.length === 0) return;
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    while (this.#queuedBytes > this.#capacity && this.#queue.length > 1) {
      const oldest = this.#queue.shift();
      this.#queuedBytes -= oldest?.length ?? 0;
      this.#dropped += oldest?.length ?? 0;
    }
    this.#writeNext();
  }

  /** Resolves when nothing waits to be written. */
  idle(): Promise<void> {
    if (!this.#isWriting && this.#queue.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  #writeNext(): void {
    if (this.#isWriting) return;
    const batch = this.#takeBatch();
    if (batch === undefined) {
      for (const resolve of this.#idleWaiters.splice(0)) resolve();
      return;
    }
    this.#isWriting = true;
    this.#sink(batch, (error) => {
      this.#isWriting = false;
      if (error !== null) this.#break();
      else this.#reportDropped();
      this.#writeNext();
    });
  }

  #takeBatch(): Buffer | undefined {
    if (this.#queue.length <= 1) {
      const only = this.#queue.pop();
      this.#queuedBytes = 0;
      return only;
    }
    let count = 0;
    let bytes = 0;
    for (const chunk of this.#queue) {
      if (count > 0 && bytes + chunk.length > MOST_AT_ONCE) break;
      count += 1;
      bytes += chunk.length;
    }
    this.#queuedBytes -= bytes;
    return Buffer.concat(this.#queue.splice(0, count), bytes);
  }

  /** The other end is gone for good (EPIPE): what is written from now on goes nowhere, and nobody is disturbed. */
  #break(): void {
    this.#isBroken = true;
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  #reportDropped(): void {
    const bytes = this.#dropped;
    this.#dropped = 0;
    if (bytes > 0) this.#onDropped(bytes);
  }
}
