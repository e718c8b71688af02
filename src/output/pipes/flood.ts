/**
 * Reading a pipe that is written to without pause. A wake-up for each few bytes costs the process, and the engine, more
 * than the bytes themselves. So while it lasts, the pipe is left alone for a moment, then emptied at once; where it
 * runs full meanwhile it is made larger, and small again when it is quiet.
 */

import type { Cancel } from '../../supervisor/ports/clock.ts';
import type { KeepBlock } from '../sinks/output-file.ts';
import { type Floods, USUAL_PIPE_BYTES } from './floods.ts';

const GIVE_BACK_AFTER_MS = 5_000;

/** So many reads, or so many bytes, in so short a time are a flood. */
const WINDOW_MS = 10;
const READS_IN_WINDOW = 32;
const BYTES_IN_WINDOW = 262_144;

/** The longer the better, as long as the pipe does not run full; a follower is told so much later. */
const SHORTEST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 4;
/** Others want their turn as well. */
const MOST_AT_ONCE_BYTES = 1_048_576;

export interface FloodTaker {
  /** @param bytes valid during the call only, unless `keep` is called. @returns false to be left alone until `resume`. */
  readonly onData: (bytes: Buffer, keep: KeepBlock) => boolean;
}

/** One pipe, which somebody else watches (and owns) as long as there is no flood. */
export class Flood {
  readonly #all: Floods;
  readonly #fd: number;
  readonly #taker: FloodTaker;
  readonly #onCalm: () => void;
  #windowFrom = 0;
  #reads = 0;
  #bytes = 0;
  #isOn = false;
  #pipeBytes = 0;
  #pauseMs = SHORTEST_PAUSE_MS;
  #cancelPause: Cancel = () => {};
  #cancelGivingBack: Cancel = () => {};

  /** @param onCalm the flood is over: watch the pipe again. */
  constructor(all: Floods, fd: number, taker: FloodTaker, onCalm: () => void) {
    this.#all = all;
    this.#fd = fd;
    this.#taker = taker;
    this.#onCalm = onCalm;
  }

  /** Told of each read. @returns true where the flood begins with it: leave the pipe alone until `onCalm`. */
  begins(bytesRead: number): boolean {
    const now = this.#all.ports.clock.now();
    if (now - this.#windowFrom > WINDOW_MS) {
      this.#windowFrom = now;
      this.#reads = 0;
      this.#bytes = 0;
    }
    this.#reads += 1;
    this.#bytes += bytesRead;
    if (this.#all.isHurried || (this.#reads < READS_IN_WINDOW && this.#bytes < BYTES_IN_WINDOW)) return false;
    this.#cancelGivingBack();
    this.#isOn = true;
    this.#all.begin(this);
    if (this.#pipeBytes === 0) this.#pipeBytes = this.#all.ports.resizePipe(this.#fd, USUAL_PIPE_BYTES);
    this.#pause(0, true);
    return true;
  }

  /** There is room again. @returns false where there is no flood. */
  resume(): boolean {
    if (!this.#isOn) return false;
    this.#after(0);
    return true;
  }

  /** Hands on all that the pipe holds, now, also to one who asked for a pause. */
  catchUp(): void {
    if (!this.#isOn) return;
    for (let read = 0; read < MOST_AT_ONCE_BYTES; ) {
      const bytes = this.#all.read(this.#fd);
      if (bytes.length === 0) break;
      read += bytes.length;
      this.#taker.onData(bytes, this.#all.keep);
    }
    this.calm();
  }

  calm(): void {
    this.#end();
    if (this.#isLarge) this.#giveBackLater();
    this.#onCalm();
  }

  /** The descriptor is about to be closed. */
  close(): void {
    this.#end();
    this.#cancelGivingBack();
    if (this.#isLarge) this.#all.forgetLarge();
    this.#pipeBytes = 0;
  }

  get #isLarge(): boolean {
    return this.#pipeBytes > USUAL_PIPE_BYTES;
  }

  #end(): void {
    this.#isOn = false;
    this.#cancelPause();
    this.#all.end(this);
  }

  /** @param wasPause there was one before: where there is nothing then, the flood is over. */
  #drain(wasPause: boolean): void {
    let drained = 0;
    while (drained < MOST_AT_ONCE_BYTES) {
      const bytes = this.#all.read(this.#fd);
      if (bytes.length === 0 && drained === 0 && wasPause) {
        this.calm();
        return;
      }
      drained += bytes.length;
      const isWhole = bytes.length === bytes.buffer.byteLength;
      const mayGoOn = bytes.length === 0 || this.#taker.onData(bytes, this.#all.keep);
      // It may have been closed, or calmed, by what the taker did.
      if (!this.#isOn || !mayGoOn) return;
      if (!isWhole) break;
    }
    this.#pause(drained, wasPause);
  }

  #pause(drained: number, wasPause: boolean): void {
    const ranFull = drained >= this.#pipeBytes / 2;
    if (ranFull && !this.#isLarge) this.#pipeBytes = this.#all.enlarge(this.#fd, this.#pipeBytes);
    if (ranFull) this.#pauseMs = SHORTEST_PAUSE_MS;
    else if (wasPause && drained < this.#pipeBytes / 4)
      this.#pauseMs = Math.min(this.#pauseMs + 1, LONGEST_PAUSE_MS);
    // Where it ran full there is more by now.
    this.#after(ranFull ? 0 : this.#pauseMs);
  }

  #after(delayMs: number): void {
    this.#cancelPause();
    this.#cancelPause = this.#all.ports.clock.after(delayMs, () => this.#drain(delayMs > 0));
  }

  #giveBackLater(): void {
    this.#cancelGivingBack();
    this.#cancelGivingBack = this.#all.ports.clock.after(GIVE_BACK_AFTER_MS, () => {
      this.#pipeBytes = this.#all.shrink(this.#fd, this.#pipeBytes);
    });
  }
}
