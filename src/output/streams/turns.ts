/** Who writes to a shared stream next: each writer gets its share in turn, and lines stay whole. */

import type { Cancel, Clock } from '../../supervisor/ports/clock.ts';
import { type Lane, MAX_WHOLE_LINE_BYTES } from '../memory/lane.ts';

/** One write takes at most about this much, so that a stuck one holds up no more. */
const MAX_BATCH_BYTES = 65_536;
/** What one writer may add to a batch if there are others. */
const SHARE_BYTES = 16_384;
/** Others wait this long for the end of a line that was begun. */
const HOLD_LINE_MS = 50;

export interface Turn {
  readonly lane: Lane;
  /** Before all others. */
  readonly isReserved: boolean;
  /** What is in this lane up to there comes first. */
  readonly after: { readonly lane: Lane; readonly until: number } | undefined;
  /** Waits for its turn. */
  isWaiting: boolean;
  isEnded: boolean;
  /** Since when there is only a part of a line. */
  partSince: number | undefined;
}

export class Turns<T extends Turn> {
  readonly #clock: Pick<Clock, 'now' | 'after'>;
  readonly #onHeld: () => void;
  /** Those that have something, in the order of their turns. */
  #reserved: T[] = [];
  #others: T[] = [];
  /** Whose line was begun and is not finished. */
  #line: { readonly entry: T; readonly since: number } | undefined;
  #cancelHold: Cancel | undefined;

  /** @param onHeld nobody waits any longer for the end of a line: take a batch. */
  constructor(clock: Pick<Clock, 'now' | 'after'>, onHeld: () => void) {
    this.#clock = clock;
    this.#onHeld = onHeld;
  }

  get isEmpty(): boolean {
    return this.#reserved.length === 0 && this.#others.length === 0;
  }

  /** Everybody who waits. */
  all(): readonly T[] {
    return [...this.#reserved, ...this.#others];
  }

  /** It has something to write. */
  add(entry: T): void {
    if (entry.isWaiting) return;
    entry.isWaiting = true;
    (entry.isReserved ? this.#reserved : this.#others).push(entry);
  }

  clear(): void {
    this.#cancelHold?.();
    this.#cancelHold = undefined;
    this.#line = undefined;
    for (const entry of this.all()) entry.isWaiting = false;
    this.#reserved = [];
    this.#others = [];
  }

  /** What is written next: the rest of a line that was begun, then the reserved, then of each writer its share. */
  takeBatch(): Buffer[] {
    const batch: Buffer[] = [];
    if (this.#line !== undefined && !this.#finishLine(batch)) return batch;
    this.#takeLines(this.#reserved, MAX_BATCH_BYTES, batch);
    const share = this.#others.length > 1 ? SHARE_BYTES : MAX_BATCH_BYTES;
    const part = this.#takeLines(this.#others, share, batch);
    if (part !== undefined) this.#beginLine(part, batch);
    return batch;
  }

  /** @returns false if others have to wait for the end of the line. */
  #finishLine(batch: Buffer[]): boolean {
    const { entry, since } = this.#line ?? {};
    if (entry === undefined || since === undefined) return true;
    if (entry.lane.length > 0) {
      const isFinished = entry.lane.takePart(batch);
      const isTooLong = sizeOf(batch) >= MAX_WHOLE_LINE_BYTES;
      this.#forgetIfEmpty(entry);
      if (!isFinished && !isTooLong && !this.#isHeldTooLong(since)) return false;
    } else if (!entry.isEnded && !this.#isHeldTooLong(since)) {
      if (!this.isEmpty) this.#holdLine(since);
      return false;
    }
    this.#line = undefined;
    return true;
  }

  #isHeldTooLong(since: number): boolean {
    return this.#clock.now() - since >= HOLD_LINE_MS;
  }

  #holdLine(since: number): void {
    if (this.#cancelHold !== undefined) return;
    const clock = this.#clock;
    this.#cancelHold = clock.after(since + HOLD_LINE_MS - clock.now(), () => {
      this.#cancelHold = undefined;
      this.#onHeld();
    });
  }

  /** @returns one that has had its turn and has only a part of a line, if that part should be written now. */
  #takeLines(turns: T[], share: number, batch: Buffer[]): T | undefined {
    let room = MAX_BATCH_BYTES - sizeOf(batch);
    let part: T | undefined;
    let sum = 0;
    for (let count = turns.length; count > 0 && room > 0; count--) {
      const entry = turns.shift();
      if (entry === undefined) break;
      if (!isBlocked(entry)) {
        const taken = entry.lane.takeLines(Math.min(share, room), batch);
        room -= taken;
        sum += taken;
        if (taken > 0) entry.partSince = undefined;
        else if (entry.lane.length > 0) {
          entry.partSince ??= this.#clock.now();
          part ??= entry;
        }
      }
      if (entry.lane.length > 0) turns.push(entry);
      else entry.isWaiting = false;
    }
    // Parts of lines were put aside, and that may be what somebody else waited for.
    if (batch.length === 0 && sum > 0 && turns.length > 0) return this.#takeLines(turns, share, batch);
    if (part === undefined || batch.length === 0) return part;
    return this.#isHeldTooLong(part.partSince ?? 0) ? part : undefined;
  }

  /** Nobody else has anything, or it has waited long enough: a prompt should be seen at once. */
  #beginLine(entry: T, batch: Buffer[]): void {
    const isFinished = entry.lane.takePart(batch);
    entry.partSince = undefined;
    if (!isFinished) this.#line = { entry, since: this.#clock.now() };
    this.#forgetIfEmpty(entry);
  }

  #forgetIfEmpty(entry: T): void {
    if (entry.lane.length > 0 || !entry.isWaiting) return;
    entry.isWaiting = false;
    this.#others = this.#others.filter((other) => other !== entry);
    this.#reserved = this.#reserved.filter((other) => other !== entry);
  }
}

function isBlocked({ after }: Turn): boolean {
  return after !== undefined && after.lane.gone < after.until;
}

function sizeOf(batch: readonly Buffer[]): number {
  return batch.reduce((sum, { length }) => sum + length, 0);
}
