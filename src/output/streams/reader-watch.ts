/** Notices when a reader takes nothing of a write under way, and when it reads again. No timer runs unless one is under way. */

import type { Cancel, Clock } from '../../supervisor/ports/clock.ts';

const MIN_LOOK_MS = 10;
const MAX_LOOK_MS = 1_000;
/** A stuck reader is looked at when there is something to drop, but not for every line. */
const STUCK_LOOK_MS = 50;

export interface ReaderWatchPorts {
  readonly clock: Pick<Clock, 'now' | 'after'>;
  /** Changes whenever the reader takes something. */
  readonly unread: () => number;
  readonly onStuck: () => void;
  readonly onMoving: () => void;
}

export class ReaderWatch {
  readonly #ports: ReaderWatchPorts;
  #stuckAfterMs: number;
  #isBusy = false;
  #isStuck = false;
  #unread = 0;
  #movedAt = 0;
  #lookedAt = 0;
  #cancelLook: Cancel | undefined;

  constructor(stuckAfterMs: number, ports: ReaderWatchPorts) {
    this.#stuckAfterMs = stuckAfterMs;
    this.#ports = ports;
  }

  get isStuck(): boolean {
    return this.#isStuck;
  }

  /** From now on; one that has not read for longer than this is stuck at the next look. */
  use(stuckAfterMs: number): void {
    this.#stuckAfterMs = stuckAfterMs;
    this.#cancelLook?.();
    this.#cancelLook = undefined;
    if (this.#isBusy && !this.#isStuck) this.#lookLater();
  }

  /** A stuck reader gets another chance. */
  forgive(): void {
    this.#movedAt = this.#ports.clock.now();
    this.#isStuck = false;
    this.use(this.#stuckAfterMs);
  }

  /** A write is under way. */
  begin(): void {
    this.#isBusy = true;
    this.#unread = this.#ports.unread();
    this.#movedAt = this.#ports.clock.now();
    if (this.#cancelLook === undefined) this.#lookLater();
  }

  /** The write is done: the reader has taken something. */
  end(): void {
    this.#isBusy = false;
    this.#move();
  }

  /** More waits for a stuck reader: it may read again by now. */
  lookAgain(): void {
    if (!this.#isStuck || this.#ports.clock.now() - this.#lookedAt < STUCK_LOOK_MS) return;
    this.#look();
    if (!this.#isStuck && this.#isBusy && this.#cancelLook === undefined) this.#lookLater();
  }

  #lookLater(): void {
    const lookMs = Math.min(Math.max(this.#stuckAfterMs / 4, MIN_LOOK_MS), MAX_LOOK_MS);
    this.#cancelLook = this.#ports.clock.after(lookMs, () => {
      this.#cancelLook = undefined;
      if (!this.#isBusy) return;
      this.#look();
      if (!this.#isStuck) this.#lookLater();
    });
  }

  #look(): void {
    const { clock, unread, onStuck } = this.#ports;
    this.#lookedAt = clock.now();
    const before = this.#unread;
    this.#unread = unread();
    if (this.#unread !== before) this.#move();
    else if (!this.#isStuck && this.#lookedAt - this.#movedAt >= this.#stuckAfterMs) {
      this.#isStuck = true;
      onStuck();
    }
  }

  #move(): void {
    this.#movedAt = this.#ports.clock.now();
    if (!this.#isStuck) return;
    this.#isStuck = false;
    this.#ports.onMoving();
  }
}
