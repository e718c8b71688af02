/** What clients cause to be told, told once in a while: anyone who wants to fill the log must not be able to. */

import type { Cancel, Clock } from '../../supervisor/ports/clock.ts';

const WINDOW_MS = 60_000;
/** Pairs of a reason and a user; beyond them all users are one. */
const MOST_KINDS = 64;

type Report = (reason: string, uid: number | undefined, more?: number) => void;

interface Kind {
  readonly reason: string;
  readonly uid: number | undefined;
  untold: number;
  cancel: Cancel;
}

export class ReportLimiter {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #report: Report;
  readonly #windowMs: number;
  readonly #kinds = new Map<string, Kind>();

  constructor(clock: Pick<Clock, 'after'>, report: Report, windowMs = WINDOW_MS) {
    this.#clock = clock;
    this.#report = report;
    this.#windowMs = windowMs;
  }

  /** The first at once; those after it in the same minute are counted, and told together when it is over. */
  tell(reason: string, uid: number | undefined): void {
    const known = this.#kinds.get(keyOf(reason, uid)) ?? this.#kinds.get(keyOf(reason, undefined));
    if (known !== undefined && (known.uid === uid || this.#kinds.size >= MOST_KINDS)) {
      known.untold += 1;
      return;
    }
    const of = this.#kinds.size < MOST_KINDS ? uid : undefined;
    const kind: Kind = {
      reason,
      uid: of,
      untold: 0,
      cancel: this.#clock.after(this.#windowMs, () => this.#sumUp(kind)),
    };
    this.#kinds.set(keyOf(reason, of), kind);
    this.#report(reason, uid);
  }

  close(): void {
    for (const { cancel } of this.#kinds.values()) cancel();
    this.#kinds.clear();
  }

  #sumUp(kind: Kind): void {
    if (kind.untold === 0) {
      this.#kinds.delete(keyOf(kind.reason, kind.uid));
      return;
    }
    this.#report(kind.reason, kind.uid, kind.untold);
    kind.untold = 0;
    kind.cancel = this.#clock.after(this.#windowMs, () => this.#sumUp(kind));
  }
}

function keyOf(reason: string, uid: number | undefined): string {
  return `${uid ?? ''} ${reason}`;
}
