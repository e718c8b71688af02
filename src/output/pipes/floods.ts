/** What all floods of an engine share: the block they read into, and how many pipes may be large. */

import { readSync } from 'node:fs';
import type { Clock } from '../../supervisor/ports/clock.ts';
import type { BlockPool } from '../memory/block-pool.ts';
import type { KeepBlock } from '../sinks/output-file.ts';

/** What a pipe holds unless it is asked to hold more (pipe(7)). */
export const USUAL_PIPE_BYTES = 65_536;
/** In this order, until the kernel agrees: an unprivileged user has a budget for all pipes together. */
const LARGE_PIPE_BYTES = [1_048_576, 262_144] as const;
/** So many at a time: others of the same user need pipes too, in other containers as well. */
const MOST_LARGE_PIPES = 16;

/** One of them, as far as the others are concerned. */
interface RunningFlood {
  /** Ends it: the pipe is watched again. */
  calm(): void;
}

export interface FloodPorts {
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly pool: BlockPool;
  /** @returns the size the pipe has then, whether the kernel agreed or not. */
  readonly resizePipe: (fd: number, bytes: number) => number;
}

export class Floods {
  readonly ports: FloodPorts;
  readonly #running = new Set<RunningFlood>();
  #block: Buffer | undefined;
  #largePipes = 0;
  #isHurried = false;

  constructor(ports: FloodPorts) {
    this.ports = ports;
  }

  /** From now on there is no pausing: the engine wants all that is in the pipes. */
  hurry(): void {
    this.#isHurried = true;
    for (const flood of this.#running) flood.calm();
  }

  get isHurried(): boolean {
    return this.#isHurried;
  }

  begin(flood: RunningFlood): void {
    this.#running.add(flood);
  }

  end(flood: RunningFlood): void {
    this.#running.delete(flood);
    if (this.#running.size > 0 || this.#block === undefined) return;
    this.ports.pool.give(this.#block);
    this.#block = undefined;
  }

  /** @returns what there is; empty where there is nothing now, or nothing any more. */
  read(fd: number): Buffer {
    this.#block ??= this.ports.pool.take('large');
    try {
      return this.#block.subarray(0, readSync(fd, this.#block));
    } catch {
      // EAGAIN; any other error is met again by anyone who waits for the pipe.
      return this.#block.subarray(0, 0);
    }
  }

  readonly keep: KeepBlock = () => {
    const block = this.#block ?? this.ports.pool.take('large');
    this.#block = undefined;
    return block;
  };

  /** @returns its size then. */
  enlarge(fd: number, present: number): number {
    if (this.#largePipes >= MOST_LARGE_PIPES) return present;
    for (const wanted of LARGE_PIPE_BYTES) {
      if (this.ports.resizePipe(fd, wanted) < wanted) continue;
      this.#largePipes += 1;
      return wanted;
    }
    return present;
  }

  /** @returns its size then. */
  shrink(fd: number, present: number): number {
    if (this.ports.resizePipe(fd, USUAL_PIPE_BYTES) > USUAL_PIPE_BYTES) return present;
    this.#largePipes -= 1;
    return USUAL_PIPE_BYTES;
  }

  /** A large pipe is gone. */
  forgetLarge(): void {
    this.#largePipes -= 1;
  }
}
