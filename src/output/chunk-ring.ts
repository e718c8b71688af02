/** The most recent output of one instance, both streams in the order of reading; bounded in bytes. */

export type OutputStream = 'stdout' | 'stderr';

export interface OutputChunk {
  readonly stream: OutputStream;
  readonly incarnation: number;
  readonly bytes: Buffer;
  /** Epoch milliseconds at which it was read. */
  readonly time: number;
}

/** What a process prints in small pieces is kept in pieces of about this size: a chunk costs more than its bytes. */
const SMALL_BYTES = 1_024;

export class ChunkRing {
  readonly #capacity: number;
  #chunks: OutputChunk[] = [];
  #bytes = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** @param chunk its bytes are kept, not copied. */
  push(chunk: OutputChunk): void {
    const kept =
      chunk.bytes.length > this.#capacity
        ? { ...chunk, bytes: chunk.bytes.subarray(chunk.bytes.length - this.#capacity) }
        : chunk;
    const last = this.#chunks.at(-1);
    const joins =
      last !== undefined &&
      last.stream === kept.stream &&
      last.incarnation === kept.incarnation &&
      last.bytes.length + kept.bytes.length <= SMALL_BYTES;
    if (joins)
      this.#chunks[this.#chunks.length - 1] = { ...last, bytes: Buffer.concat([last.bytes, kept.bytes]) };
    else this.#chunks.push(kept);
    this.#bytes += kept.bytes.length;
    this.#trim();
  }

  /** Oldest first. */
  chunks(): readonly OutputChunk[] {
    return this.#chunks;
  }

  #trim(): void {
    let gone = 0;
    while (this.#bytes > this.#capacity) {
      const oldest = this.#chunks[gone];
      if (oldest === undefined) break;
      const excess = this.#bytes - this.#capacity;
      if (oldest.bytes.length <= excess) {
        gone += 1;
        this.#bytes -= oldest.bytes.length;
      } else {
        // A copy: a slice would keep the whole of the old memory alive.
        this.#chunks[gone] = { ...oldest, bytes: Buffer.from(oldest.bytes.subarray(excess)) };
        this.#bytes -= excess;
      }
    }
    if (gone > 0) this.#chunks.splice(0, gone);
  }
}
