/** Expects a sign of life in each period; one timer a period, however often the signs come. */

import type { Cancel, Clock } from '../ports/clock.ts';

/** A timer that is so late has stood still itself: the whole container was paused, or the machine asleep. */
const HELD_UP_MS = 500;

export class Watchdog {
  readonly #clock: Clock;
  #periodMs: number | undefined;
  #lastSign = 0;
  #cancel: Cancel | undefined;
  #run: { readonly catchUp: () => void; readonly onExpired: (afterMs: number) => void } | undefined;

  /** @param periodMs undefined: none, until it is set. */
  constructor(periodMs: number | undefined, clock: Clock) {
    this.#periodMs = periodMs;
    this.#clock = clock;
  }

  get periodMs(): number | undefined {
    return this.#periodMs;
  }

  /** @param catchUp called before a verdict: a sign may have come and not been read. */
  start(catchUp: () => void, onExpired: (afterMs: number) => void): void {
    this.#run = { catchUp, onExpired };
    this.feed();
    this.#arm();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#run = undefined;
  }

  feed(): void {
    this.#lastSign = this.#clock.now();
    // Expired before, and nobody has stopped it.
    if (this.#run !== undefined && this.#cancel === undefined) this.#arm();
  }

  /** @param periodMs 0: none any more. */
  setPeriod(periodMs: number): void {
    this.#periodMs = periodMs || undefined;
    this.#lastSign = this.#clock.now();
    if (this.#run !== undefined) this.#arm();
  }

  #arm(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#periodMs === undefined) return;
    const due = this.#lastSign + this.#periodMs;
    this.#cancel = this.#clock.after(Math.max(0, due - this.#clock.now()), () => this.#judge(due));
  }

  #judge(due: number): void {
    this.#cancel = undefined;
    const now = this.#clock.now();
    if (now - due > HELD_UP_MS) this.#lastSign = now;
    else this.#run?.catchUp();
    const periodMs = this.#periodMs;
    if (this.#run === undefined || this.#cancel !== undefined || periodMs === undefined) return;
    if (this.#clock.now() - this.#lastSign < periodMs) this.#arm();
    else this.#run.onExpired(periodMs);
  }
}
