/** A lane of the container's stream of which each line is formatted when its turn comes; what waits is as it was printed. */

import type { BlockPool } from '../memory/block-pool.ts';
import { ByteQueue } from '../memory/byte-queue.ts';
import { type Lane, MAX_WHOLE_LINE_BYTES } from '../memory/lane.ts';
import type { LineBatch } from './line-batch.ts';
import type { LineFormat } from './line-format.ts';
import { LineSplitter } from './line-splitter.ts';

/** Docker's json-file driver cuts at the same length. */
const MAX_LINE_BYTES = 16_384;
/** A byte may become a line of JSON: so few at a time keep a batch small. */
const MAX_PIECE_BYTES = 4_096;
const MAX_BATCH_BYTES = 65_536;
/** Beyond these, later ones share the last. */
const MAX_TIMES = 1_024;
const MAX_MARKS = 1_024;

/** Something that belongs to a place in what was printed. */
interface At<T> {
  readonly at: number;
  readonly what: T;
}

export interface LineLanePorts {
  readonly pool: BlockPool;
  readonly format: LineFormat;
  /** Empty between two calls. */
  readonly batch: LineBatch;
  readonly wallTime: () => number;
}

export class LineLane implements Lane {
  readonly #ports: LineLanePorts;
  readonly #queue: ByteQueue;
  readonly #splitter: LineSplitter;
  /** When what begins there was printed. */
  #times: At<number>[] = [];
  /** Lines of the engine that belong between those of the process. */
  #marks: At<string>[] = [];
  /** Formatted before what is in the queue. */
  readonly #ready: Buffer[] = [];
  #time = 0;
  #gone = 0;
  #isEnded = false;

  constructor(ports: LineLanePorts) {
    this.#ports = ports;
    this.#queue = new ByteQueue(ports.pool);
    this.#splitter = new LineSplitter(MAX_LINE_BYTES, (line, isPart) =>
      ports.format(line, isPart, ports.batch),
    );
  }

  /** What is to be written, so marks and a last line without its end count as well. */
  get length(): number {
    const hasRest = this.#isEnded && this.#splitter.isWithinLine;
    return this.#queue.length + this.#marks.length + this.#ready.length + (hasRest ? 1 : 0);
  }

  get gone(): number {
    return this.#gone;
  }

  get position(): number {
    return this.#gone + this.#queue.length + this.#marks.length;
  }

  /** When the line that is being formatted was printed. */
  get time(): number {
    return this.#time;
  }

  push(bytes: Uint8Array): void {
    const time = this.#ports.wallTime();
    if (this.#times.length < MAX_TIMES && this.#times.at(-1)?.what !== time)
      this.#times.push({ at: this.position, what: time });
    this.#queue.append(bytes);
  }

  /** A line behind all that was printed so far. */
  mark(text: string): void {
    this.#marks.push({ at: this.position, what: text });
    if (this.#marks.length > MAX_MARKS) this.#takeMark();
  }

  takeLines(max: number, into: Buffer[]): number {
    const before = this.#gone;
    const alreadyInto = into.length;
    into.push(...this.#ready.splice(0));
    let room = MAX_BATCH_BYTES;
    const flush = (): void =>
      this.#ports.batch.flush((bytes) => {
        into.push(Buffer.from(bytes));
        room -= bytes.length;
      });
    while (this.#gone - before < max && room > 0 && this.#takePiece()) flush();
    if (this.#isEnded && this.#queue.length === 0) this.#splitter.flush();
    flush();
    return Math.max(this.#gone - before, into.length > alreadyInto ? 1 : 0);
  }

  /** Parts of lines are put aside and never written. */
  takePart(into: Buffer[]): boolean {
    this.takeLines(MAX_WHOLE_LINE_BYTES, into);
    return true;
  }

  dropTo(bytes: number): number {
    const excess = this.#queue.length - bytes;
    if (excess <= 0) return 0;
    // What was put aside of a line is its own line then.
    this.#splitter.flush();
    this.#ports.batch.flush((line) => this.#ready.push(Buffer.from(line)));
    const endsLine = this.#queue.endsLine(excess);
    this.#drop(excess);
    const rest = endsLine ? 0 : this.#queue.firstLineWithin(MAX_WHOLE_LINE_BYTES);
    this.#drop(rest);
    while (bytes === 0 && this.#takeMark() !== undefined);
    return excess + rest;
  }

  end(): void {
    this.#isEnded = true;
  }

  /** A mark has its place, too. */
  #takeMark(): string | undefined {
    const mark = this.#marks.shift();
    if (mark !== undefined) this.#gone += 1;
    return mark?.what;
  }

  /** Formats one piece: up to the next mark, and of one time. @returns false if there is nothing. */
  #takePiece(): boolean {
    const [mark] = this.#marks;
    if (mark !== undefined && mark.at <= this.#gone) {
      this.#ports.batch.text(this.#takeMark() ?? '');
      return true;
    }
    if (this.#queue.length === 0) return false;
    const until = Math.min(mark?.at ?? Number.POSITIVE_INFINITY, this.#useTime());
    const [piece = Buffer.alloc(0)] = this.#queue.peek(Math.min(MAX_PIECE_BYTES, until - this.#gone));
    this.#splitter.push(piece);
    this.#drop(piece.length);
    return true;
  }

  /** @returns where the time changes. */
  #useTime(): number {
    while ((this.#times[1]?.at ?? Number.POSITIVE_INFINITY) <= this.#gone) this.#times.shift();
    this.#time = this.#times[0]?.what ?? this.#time;
    return this.#times[1]?.at ?? Number.POSITIVE_INFINITY;
  }

  #drop(count: number): void {
    this.#queue.drop(count);
    this.#gone += count;
  }
}
