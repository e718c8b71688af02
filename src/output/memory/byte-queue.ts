/**
 * Bytes on their way to a file, in order. They are gathered in blocks, so that many small writes of a process become
 * few large ones; what was read into a large block goes on in it, without being copied.
 */

import { type BlockPool, SMALL_BLOCK_BYTES } from './block-pool.ts';

const NEWLINE = 10;

interface Block {
  readonly memory: Buffer;
  /** What is filled and not yet taken: from here … */
  start: number;
  /** … to here. */
  end: number;
}

export class ByteQueue {
  readonly #pool: BlockPool;
  #blocks: Block[] = [];
  #length = 0;

  constructor(pool: BlockPool) {
    this.#pool = pool;
  }

  /** Bytes that wait. */
  get length(): number {
    return this.#length;
  }

  /** Copies the bytes to the end. */
  append(bytes: Uint8Array): void {
    let from = 0;
    while (from < bytes.length) {
      const block = this.#roomAtEnd(bytes.length - from);
      const count = Math.min(bytes.length - from, block.memory.length - block.end);
      block.memory.set(bytes.subarray(from, from + count), block.end);
      block.end += count;
      from += count;
    }
    this.#length += bytes.length;
  }

  /** Takes over a block of the pool that is filled with so many bytes. */
  adopt(memory: Buffer, count: number): void {
    this.#blocks.push({ memory, start: 0, end: count });
    this.#length += count;
  }

  /**
   * The first bytes, at most so many, without copying them. They stay in the queue until `drop` says how many are
   * done with; nothing else may be dropped meanwhile.
   */
  peek(most: number): Buffer[] {
    const pieces: Buffer[] = [];
    let left = most;
    for (const { memory, start, end } of this.#blocks) {
      if (left <= 0) break;
      const count = Math.min(left, end - start);
      pieces.push(memory.subarray(start, start + count));
      left -= count;
    }
    return pieces;
  }

  /** Forgets the first bytes. */
  drop(count: number): void {
    let left = Math.min(count, this.#length);
    this.#length -= left;
    let emptied = 0;
    for (const block of this.#blocks) {
      const size = block.end - block.start;
      if (left < size) {
        block.start += left;
        break;
      }
      left -= size;
      emptied += 1;
      this.#pool.give(block.memory);
    }
    if (emptied > 0) this.#blocks.splice(0, emptied);
  }

  /** @returns how many of the first `limit` bytes are whole lines; 0 where there is no newline among them. */
  wholeLinesWithin(limit: number): number {
    let offset = Math.min(limit, this.#length);
    for (const piece of this.peek(limit).reverse()) {
      offset -= piece.length;
      const index = piece.lastIndexOf(NEWLINE);
      if (index >= 0) return offset + index + 1;
    }
    return 0;
  }

  /** @returns the length of the first line with its newline, or 0 where none ends within the limit. */
  firstLineWithin(limit: number): number {
    let offset = 0;
    for (const piece of this.peek(limit)) {
      const index = piece.indexOf(NEWLINE);
      if (index >= 0) return offset + index + 1;
      offset += piece.length;
    }
    return 0;
  }

  /** True where the last of the first `count` bytes is a newline. */
  endsLine(count: number): boolean {
    const last = this.peek(count).at(-1);
    return last?.[last.length - 1] === NEWLINE;
  }

  #roomAtEnd(wanted: number): Block {
    const last = this.#blocks.at(-1);
    if (last !== undefined && last.end < last.memory.length) return last;
    const memory = this.#pool.take(
      last === undefined && wanted <= SMALL_BLOCK_BYTES / 2 ? 'small' : 'medium',
    );
    const block = { memory, start: 0, end: 0 };
    this.#blocks.push(block);
    return block;
  }
}
