/**
 * Gives back memory that the engine no longer needs. V8 collects garbage only when something is allocated. Without
 * this, what a start, a reload or a burst of clients used would remain with an engine that now sleeps.
 */

import type { Cancel, Clock } from '../supervisor/ports/clock.ts';
import type { NativeAddon } from './native.ts';

/** From a sign of work to the look whether the work is over. */
const LOOK_AFTER_MS = 10_000;
/** An engine that used more of this time than that is still at work. */
const BUSY_SHARE = 0.05;
/** A heap that grew by less since the last time is left alone: a collection holds the engine up for some 20 ms. */
const WORTH_BYTES = 2 * 2 ** 20;

export interface MemoryTrimPorts {
  readonly clock: Pick<Clock, 'after'>;
  /** That V8 holds for JavaScript. */
  readonly heapBytes: () => number;
  /** That the engine has used so far. */
  readonly cpuMs: () => number;
  readonly collect: () => void;
}

export class MemoryTrim {
  readonly #ports: MemoryTrimPorts;
  #heapBytes = 0;
  #look: Cancel | undefined;

  constructor(ports: MemoryTrimPorts) {
    this.#ports = ports;
  }

  /** The engine works. While it does not, there is no timer, and nothing wakes it. */
  noteWork(): void {
    if (this.#look !== undefined) return;
    const cpuMs = this.#ports.cpuMs();
    this.#look = this.#ports.clock.after(LOOK_AFTER_MS, () => {
      this.#look = undefined;
      if (this.#ports.cpuMs() - cpuMs > BUSY_SHARE * LOOK_AFTER_MS) this.noteWork();
      else this.#trim();
    });
  }

  close(): void {
    this.#look?.();
    this.#look = undefined;
  }

  #trim(): void {
    if (this.#ports.heapBytes() - this.#heapBytes < WORTH_BYTES) return;
    this.#ports.collect();
    this.#heapBytes = this.#ports.heapBytes();
  }
}

type CollectGarbage = (options: {
  readonly type: 'major';
  readonly execution: 'sync';
  readonly flavor: 'last-resort';
}) => void;

/** The real ones. */
export function memoryTrim(clock: Pick<Clock, 'after'>, addon: Pick<NativeAddon, 'trimMemory'>): MemoryTrim {
  return new MemoryTrim({
    clock,
    heapBytes: () => process.memoryUsage().heapTotal,
    cpuMs: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e3;
    },
    collect: () => {
      collectGarbage();
      addon.trimMemory();
    },
  });
}

/** Also what V8 would keep while memory is not short. Its `gc` exists only in a context made while a flag is set. */
export function collectGarbage(): void {
  // Loaded now: a start should not pay for it.
  const { setFlagsFromString } = process.getBuiltinModule('node:v8');
  const { runInNewContext } = process.getBuiltinModule('node:vm');
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as CollectGarbage;
  setFlagsFromString('--no-expose-gc');
  gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
