/**
 * The most recent bytes of one stream, with what is known of when and in which incarnation they were read. Its memory
 * grows with what is printed, so that a quiet process costs nothing.
 */

const USUAL_CAPACITY_BYTES = 65_536;
const SMALLEST_BYTES = 1_024;
/** A process that prints in tiny pieces is remembered in larger ones: a mark costs more than its bytes. */
const MOST_MARKS = 512;
/** Pieces read so close together are one. */
const SAME_MOMENT_MS = 20;

/** Where a piece came from. */
export interface PieceOrigin {
  readonly incarnation: number;
  /** Epoch milliseconds at which it was read. */
  readonly time: number;
  /** Grows with every piece of either stream of the instance. */
  readonly sequence: number;
}

export interface Piece extends PieceOrigin {
  readonly bytes: Buffer;
  /** Bytes of the stream before it, since the ring began. */
  readonly position: number;
}

interface Mark extends PieceOrigin {
  /** Sequence of the last piece that was joined to it. */
  lastSequence: number;
  length: number;
}

export class Ring {
  #capacity: number;
  #memory = Buffer.alloc(0);
  /** Index of the oldest byte, and how many there are. */
  #start = 0;
  #length = 0;
  #marks: Mark[] = [];
  #pushedBytes = 0;

  constructor(capacity: number = USUAL_CAPACITY_BYTES) {
    this.#capacity = capacity;
  }

  /** Bytes of memory that it takes at the moment. */
  get memoryBytes(): number {
    return this.#memory.length;
  }

  get capacity(): number {
    return this.#capacity;
  }

  /** Bytes of the stream so far, whether it still holds them or not. */
  get position(): number {
    return this.#pushedBytes;
  }

  /** Keeps what fits of what it holds. */
  resize(capacity: number): void {
    if (capacity === this.#capacity) return;
    const excess = this.#length - capacity;
    this.#forget(excess);
    this.#capacity = capacity;
    if (this.#memory.length > capacity) this.#move(capacity);
  }

  /** Copies the bytes. */
  push(bytes: Uint8Array, origin: PieceOrigin): void {
    const kept = bytes.length > this.#capacity ? bytes.subarray(bytes.length - this.#capacity) : bytes;
    this.#pushedBytes += bytes.length;
    if (kept.length === 0) return;
    this.#grow(this.#length + kept.length);
    this.#forget(this.#length + kept.length - this.#memory.length);
    this.#copyIn(kept);
    this.#mark(kept.length, origin);
  }

  /** Copies of what is left, oldest first. */
  pieces(): readonly Piece[] {
    const all = Buffer.allocUnsafe(this.#length);
    const first = this.#memory.copy(
      all,
      0,
      this.#start,
      Math.min(this.#start + this.#length, this.#memory.length),
    );
    this.#memory.copy(all, first, 0, this.#length - first);
    let offset = 0;
    const before = this.#pushedBytes - this.#length;
    return this.#marks.map(({ incarnation, time, sequence, length }) => {
      const bytes = all.subarray(offset, offset + length);
      const position = before + offset;
      offset += length;
      return { incarnation, time, sequence, bytes, position };
    });
  }

  #grow(wanted: number): void {
    if (wanted <= this.#memory.length || this.#memory.length === this.#capacity) return;
    let size = Math.max(SMALLEST_BYTES, this.#memory.length);
    while (size < wanted) size *= 2;
    this.#move(Math.min(size, this.#capacity));
  }

  #move(size: number): void {
    const grown = Buffer.allocUnsafeSlow(size);
    const first = this.#memory.copy(
      grown,
      0,
      this.#start,
      Math.min(this.#start + this.#length, this.#memory.length),
    );
    this.#memory.copy(grown, first, 0, this.#length - first);
    this.#memory = grown;
    this.#start = 0;
  }

  #copyIn(bytes: Uint8Array): void {
    const at = (this.#start + this.#length) % this.#memory.length;
    const fits = Math.min(bytes.length, this.#memory.length - at);
    this.#memory.set(bytes.subarray(0, fits), at);
    if (fits < bytes.length) this.#memory.set(bytes.subarray(fits), 0);
    this.#length += bytes.length;
  }

  /** Lets the oldest bytes go, and the marks that have none left. */
  #forget(count: number): void {
    if (count <= 0) return;
    this.#start = (this.#start + count) % this.#memory.length;
    this.#length -= count;
    let left = count;
    let gone = 0;
    for (const mark of this.#marks) {
      if (mark.length > left) {
        mark.length -= left;
        break;
      }
      left -= mark.length;
      gone += 1;
    }
    if (gone > 0) this.#marks.splice(0, gone);
  }

  #mark(length: number, origin: PieceOrigin): void {
    const last = this.#marks.at(-1);
    const belongsToLast =
      last !== undefined &&
      last.incarnation === origin.incarnation &&
      last.lastSequence === origin.sequence - 1 &&
      Math.abs(origin.time - last.time) < SAME_MOMENT_MS;
    if (belongsToLast) {
      last.length += length;
      last.lastSequence = origin.sequence;
      return;
    }
    this.#marks.push({ ...origin, lastSequence: origin.sequence, length });
    if (this.#marks.length > MOST_MARKS) this.#marks = joinPairs(this.#marks);
  }
}

/** Half as many marks: each two neighbours of the same incarnation become one. */
function joinPairs(marks: readonly Mark[]): Mark[] {
  const joined: Mark[] = [];
  let mayJoin = false;
  for (const mark of marks) {
    const last = joined.at(-1);
    mayJoin = !mayJoin && last?.incarnation === mark.incarnation;
    if (mayJoin && last !== undefined) {
      last.length += mark.length;
      last.lastSequence = mark.lastSequence;
    } else joined.push(mark);
  }
  return joined;
}
