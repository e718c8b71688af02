/**
 * Programs are started in slices: each start keeps the engine from everything else for half a millisecond or more, and
 * after a `restart` of hundreds, or the death of what they all depend on, hundreds start at once. Not `inSlices`: that
 * divides one long work, which waits for itself. Here many callers share what a turn has, in the order of their calls; the
 * first starts at once, and each can be taken back.
 */

import type { Cancel, Clock } from '../ports/clock.ts';

/** Of one turn of the event loop. More than the slices in which starts are asked for, so that those do not wait. */
const SLICE_MS = 12;

export class SpawnTurns {
  readonly #clock: Pick<Clock, 'now' | 'soon'>;
  readonly #waiting = new Set<() => void>();
  /** In the present turn of the event loop. */
  #spentMs = 0;
  #nextTurn: Cancel | undefined;

  constructor(clock: Pick<Clock, 'now' | 'soon'>) {
    this.#clock = clock;
  }

  /**
   * Starts it now, or in one of the next turns of the event loop, in the order of the calls.
   * @returns takes it back, if it waits
   */
  run(start: () => void): Cancel | undefined {
    this.#nextTurn ??= this.#clock.soon(() => this.#workOff());
    if (this.#waiting.size === 0 && this.#spentMs < SLICE_MS) {
      this.#timed(start);
      return undefined;
    }
    this.#waiting.add(start);
    return () => this.#waiting.delete(start);
  }

  #workOff(): void {
    this.#nextTurn = undefined;
    this.#spentMs = 0;
    if (this.#waiting.size === 0) return;
    this.#nextTurn = this.#clock.soon(() => this.#workOff());
    for (const start of this.#waiting) {
      if (this.#spentMs >= SLICE_MS) break;
      this.#waiting.delete(start);
      this.#timed(start);
    }
  }

  #timed(start: () => void): void {
    const before = this.#clock.now();
    start();
    this.#spentMs += this.#clock.now() - before;
  }
}
