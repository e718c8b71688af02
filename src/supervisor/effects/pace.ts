/** Lets a few through in each span of time, and counts the others: what a program sends as fast as it can is one line. */

import type { Clock } from '../ports/clock.ts';

export class Pace {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #most: number;
  readonly #everyMs: number;
  #since = Number.NEGATIVE_INFINITY;
  #count = 0;
  #leftOut = 0;

  constructor(clock: Pick<Clock, 'now'>, most: number, everyMs: number) {
    this.#clock = clock;
    this.#most = most;
    this.#everyMs = everyMs;
  }

  /** @returns how many were left out before this one; undefined if this one is left out. */
  next(): { readonly more?: number } | undefined {
    const now = this.#clock.now();
    if (now - this.#since >= this.#everyMs) {
      this.#since = now;
      this.#count = 0;
    }
    if (this.#count === this.#most) {
      this.#leftOut += 1;
      return undefined;
    }
    this.#count += 1;
    const more = this.#leftOut;
    this.#leftOut = 0;
    return more === 0 ? {} : { more };
  }
}
