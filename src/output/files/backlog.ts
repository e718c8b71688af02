/** What waits to be written to a file: bounded, and what was dropped of it is counted until it is reported. */

import type { BlockPool } from '../memory/block-pool.ts';
import { ByteQueue } from '../memory/byte-queue.ts';
import type { KeepBlock } from '../sinks/output-file.ts';

const MAX_BYTES = 1_048_576;
const MAX_BYTES_WHEN_CROWDED = 65_536;
/** A block that is half full: below that, copying costs less than the memory that would stay empty. */
const WORTH_KEEPING_BYTES = 131_072;

export class Backlog {
  readonly queue: ByteQueue;
  readonly #pool: BlockPool;
  #droppedBytes = 0;

  constructor(pool: BlockPool) {
    this.#pool = pool;
    this.queue = new ByteQueue(pool);
  }

  /** Copies the bytes, or takes their block. @returns true if it has taken the block. */
  add(bytes: Uint8Array, keep?: KeepBlock): boolean {
    if (keep !== undefined && bytes.length >= WORTH_KEEPING_BYTES && !this.#pool.isCrowded) {
      this.queue.adopt(keep(), bytes.length);
      return true;
    }
    this.queue.append(bytes);
    return false;
  }

  /** Writers should pause. */
  get isFull(): boolean {
    return this.queue.length >= this.#bound;
  }

  /** Writers may continue. */
  get hasRoom(): boolean {
    return this.queue.length <= this.#bound / 2;
  }

  /** Never under a write: its bytes are still in the queue. */
  dropExcess(): void {
    this.#drop(this.queue.length - this.#bound);
  }

  /** As `dropExcess`. */
  dropAll(): void {
    this.#drop(this.queue.length);
  }

  /** @returns the bytes dropped since this was asked last. */
  takeDropped(): number {
    const bytes = this.#droppedBytes;
    this.#droppedBytes = 0;
    return bytes;
  }

  get #bound(): number {
    return this.#pool.isCrowded ? MAX_BYTES_WHEN_CROWDED : MAX_BYTES;
  }

  #drop(bytes: number): void {
    if (bytes <= 0) return;
    this.queue.drop(bytes);
    this.#droppedBytes += bytes;
  }
}
