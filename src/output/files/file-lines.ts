/**
 * Several writers of one file: lines stay whole. What one has of a line is put aside until its end comes, or for a while.
 * A writer that is alone is not looked at: its bytes go to the file as they were read.
 */

import type { Cancel, Clock } from '../../supervisor/ports/clock.ts';
import type { BlockPool } from '../memory/block-pool.ts';
import { ByteQueue } from '../memory/byte-queue.ts';
import type { FileWriter, KeepBlock } from '../sinks/output-file.ts';

const NEWLINE = 10;
/** Of a line that is longer, what is there is written, and may be cut by what others print. */
const MAX_WHOLE_LINE_BYTES = 65_536;
/** As is what is put aside for longer than this. */
const HOLD_LINE_MS = 1_000;

export interface FileLinesPorts {
  readonly clock: Pick<Clock, 'after'>;
  readonly pool: BlockPool;
  /** As of the file: false to pause, until `onDrain` calls back. */
  readonly write: (bytes: Uint8Array, keep?: KeepBlock) => boolean;
  readonly onDrain: (resume: () => void) => void;
}

interface LineWriter {
  /** What is put aside. */
  readonly aside: ByteQueue;
  readonly resume: () => void;
  isPaused: boolean;
}

export class FileLines {
  readonly #ports: FileLinesPorts;
  readonly #writers = new Set<LineWriter>();
  /** Who has written a line to the file of which the end is yet to come. */
  #unfinished: LineWriter | undefined;
  #cancelHold: Cancel | undefined;

  constructor(ports: FileLinesPorts) {
    this.#ports = ports;
  }

  writerFor(resume: () => void): FileWriter {
    const writer: LineWriter = { aside: new ByteQueue(this.#ports.pool), resume, isPaused: false };
    this.#writers.add(writer);
    return {
      write: (bytes, keep) => this.#take(writer, bytes, keep),
      end: () => this.#end(writer),
    };
  }

  /** Writes all that was put aside: its line may never end. */
  flush(): void {
    this.#unfinished = undefined;
    for (const writer of this.#writers) this.#write(writer, writer.aside.length);
    this.#cancelHold?.();
    this.#cancelHold = undefined;
  }

  #take(writer: LineWriter, bytes: Uint8Array, keep: KeepBlock | undefined): boolean {
    if (bytes.length === 0) return true;
    if (this.#writers.size === 1 && writer.aside.length === 0) {
      this.#unfinished = bytes[bytes.length - 1] === NEWLINE ? undefined : writer;
      return this.#toFile(writer, bytes, keep);
    }
    writer.aside.append(bytes);
    const mayGoOn = this.#pass(writer);
    if (mayGoOn && writer.aside.length >= MAX_WHOLE_LINE_BYTES) writer.isPaused = true;
    return mayGoOn && !writer.isPaused;
  }

  #end(writer: LineWriter): void {
    if (!this.#writers.has(writer)) return;
    if (this.#unfinished !== undefined && this.#unfinished !== writer) this.#finishLine();
    const isAlone = this.#writers.size === 1;
    const isWhole = writer.aside.length === 0 || writer.aside.endsLine(writer.aside.length);
    const leavesPart = this.#unfinished === writer || !isWhole;
    this.#write(writer, writer.aside.length);
    this.#writers.delete(writer);
    // The next line of somebody else would be its continuation.
    if (leavesPart && !isAlone) this.#finishLine();
    this.#unfinished = undefined;
    this.#passAll();
  }

  #finishLine(): void {
    this.#ports.write(Buffer.from('\n'));
    this.#unfinished = undefined;
  }

  /** Writes whole lines of what is put aside, if no other line is unfinished. @returns false to pause. */
  #pass(writer: LineWriter): boolean {
    const isOther = this.#unfinished !== undefined && this.#unfinished !== writer;
    if (isOther) {
      this.#holdLater();
      return true;
    }
    const { aside } = writer;
    const isTooLong = aside.length >= MAX_WHOLE_LINE_BYTES && aside.wholeLinesWithin(aside.length) === 0;
    const isAlone = this.#writers.size === 1;
    const count = isTooLong || isAlone ? aside.length : aside.wholeLinesWithin(aside.length);
    const wasUnfinished = this.#unfinished === writer;
    if (count > 0) this.#unfinished = aside.endsLine(count) ? undefined : writer;
    const mayGoOn = this.#write(writer, count);
    if (aside.length > 0) this.#holdLater();
    if (wasUnfinished && this.#unfinished === undefined) this.#passAll();
    return mayGoOn;
  }

  #passAll(): void {
    for (const writer of this.#writers) if (writer.aside.length > 0) this.#pass(writer);
  }

  #holdLater(): void {
    this.#cancelHold ??= this.#ports.clock.after(HOLD_LINE_MS, () => {
      this.#cancelHold = undefined;
      this.#giveUpWaiting();
    });
  }

  /** Waited long enough: parts of lines are written as they are, after whole lines. */
  #giveUpWaiting(): void {
    this.#unfinished = undefined;
    this.#passAll();
    this.flush();
  }

  #write(writer: LineWriter, count: number): boolean {
    let mayGoOn = true;
    for (const piece of writer.aside.peek(count)) mayGoOn = this.#toFile(writer, piece, undefined);
    writer.aside.drop(count);
    if (writer.isPaused && writer.aside.length < MAX_WHOLE_LINE_BYTES) {
      writer.isPaused = false;
      if (mayGoOn) writer.resume();
    }
    return mayGoOn;
  }

  #toFile(writer: LineWriter, bytes: Uint8Array, keep: KeepBlock | undefined): boolean {
    const mayGoOn = this.#ports.write(bytes, keep);
    if (!mayGoOn) this.#ports.onDrain(writer.resume);
    return mayGoOn;
  }
}
