/** What one writer of a shared stream has printed and the stream has not taken yet. */

import type { BlockPool } from './block-pool.ts';
import { ByteQueue } from './byte-queue.ts';

/** A line that is longer is not waited for, and may be cut by what others print. */
export const MAX_WHOLE_LINE_BYTES = 65_536;

export interface Lane {
  /** Bytes that wait. */
  readonly length: number;
  /** How much was taken or dropped so far … */
  readonly gone: number;
  /** … of this. */
  readonly position: number;
  /** @param bytes copied. */
  push(bytes: Uint8Array): void;
  /** Whole lines, of at most `max` bytes or else one. @returns how many bytes were taken; 0: there is only a part of a line. */
  takeLines(max: number, into: Buffer[]): number;
  /** Up to the end of the first line, or all there is of it. @returns whether the line is finished. */
  takePart(into: Buffer[]): boolean;
  /** Drops the oldest, by lines, until no more than this is left. @returns how many bytes. */
  dropTo(bytes: number): number;
  /** Nothing more comes: a part of a line is as good as a line. */
  end(): void;
}

/** As it was printed. */
export class RawLane implements Lane {
  readonly #queue: ByteQueue;
  #isEnded = false;
  #gone = 0;

  constructor(pool: BlockPool) {
    this.#queue = new ByteQueue(pool);
  }

  get length(): number {
    return this.#queue.length;
  }

  get gone(): number {
    return this.#gone;
  }

  get position(): number {
    return this.#gone + this.#queue.length;
  }

  push(bytes: Uint8Array): void {
    this.#queue.append(bytes);
  }

  takeLines(max: number, into: Buffer[]): number {
    const lines = this.#queue.wholeLinesWithin(max) || this.#queue.firstLineWithin(MAX_WHOLE_LINE_BYTES);
    if (lines > 0) return this.#take(lines, into);
    const mayCut = this.#isEnded || this.#queue.length >= MAX_WHOLE_LINE_BYTES;
    return mayCut ? this.#take(Math.min(this.#queue.length, MAX_WHOLE_LINE_BYTES), into) : 0;
  }

  takePart(into: Buffer[]): boolean {
    const line = this.#queue.firstLineWithin(MAX_WHOLE_LINE_BYTES);
    this.#take(line || Math.min(this.#queue.length, MAX_WHOLE_LINE_BYTES), into);
    return line > 0;
  }

  dropTo(bytes: number): number {
    const excess = this.#queue.length - bytes;
    if (excess <= 0) return 0;
    const endsLine = this.#queue.endsLine(excess);
    this.#drop(excess);
    const rest = endsLine ? 0 : this.#queue.firstLineWithin(MAX_WHOLE_LINE_BYTES);
    this.#drop(rest);
    return excess + rest;
  }

  end(): void {
    this.#isEnded = true;
  }

  /** A copy, because the blocks are used again. */
  #take(count: number, into: Buffer[]): number {
    into.push(Buffer.concat(this.#queue.peek(count)));
    this.#drop(count);
    return count;
  }

  #drop(count: number): void {
    this.#queue.drop(count);
    this.#gone += count;
  }
}
