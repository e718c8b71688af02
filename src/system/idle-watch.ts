/**
 * Says when nobody has used the sockets of a program for a while. What comes is noted by the kernel and costs no wake-up;
 * who is connected is looked up, every tenth of that time.
 */

import type { Cancel, Clock } from '../supervisor/ports/clock.ts';
import type { SharedTicks } from './shared-ticks.ts';
import type { Usage } from './socket-users.ts';
import type { SocketWatch } from './socket-watch.ts';

const LOOKS = 10;
const MIN_PAUSE_MS = 100;
const MAX_PAUSE_MS = 30_000;

export interface IdleWatchParts {
  readonly clock: Pick<Clock, 'now'>;
  readonly ticks: SharedTicks;
  readonly idleMs: number;
  /** Opens another watch on the sockets, which sees what waits there now. */
  readonly open: () => SocketWatch | number;
  readonly usage: () => Promise<Usage>;
  readonly onIdle: () => void;
  /** It cannot be said whether they are used; called once. */
  readonly onUnknown: (why: string) => void;
}

export function watchIdle(parts: IdleWatchParts): Cancel {
  const watch = new IdleWatch(parts);
  return () => watch.end();
}

class IdleWatch {
  readonly #parts: IdleWatchParts;
  readonly #cancelTicks: Cancel;
  #arrivals: SocketWatch | undefined;
  #usedAt: number;
  #isLooking = false;
  #isOver = false;
  #hasSaid = false;

  constructor(parts: IdleWatchParts) {
    this.#parts = parts;
    this.#usedAt = parts.clock.now();
    this.#hasArrivals();
    const pauseMs = Math.min(MAX_PAUSE_MS, Math.max(MIN_PAUSE_MS, parts.idleMs / LOOKS));
    this.#cancelTicks = parts.ticks.every(pauseMs, () => this.#look());
  }

  end(): void {
    this.#isOver = true;
    this.#cancelTicks();
    this.#arrivals?.close();
  }

  #look(): void {
    if (this.#isLooking) return;
    if (this.#hasArrivals()) {
      this.#noteUse();
      return;
    }
    this.#isLooking = true;
    void this.#parts.usage().then((usage) => {
      this.#isLooking = false;
      if (!this.#isOver) this.#judge(usage);
    });
  }

  #judge(usage: Usage): void {
    const { clock, idleMs, onIdle, onUnknown } = this.#parts;
    if (typeof usage === 'object' && !this.#hasSaid) {
      this.#hasSaid = true;
      onUnknown(usage.unknown);
    }
    // What came while the tables were read is not in them.
    if (usage !== 'unused' || this.#hasArrivals()) this.#noteUse();
    else if (clock.now() - this.#usedAt >= idleMs) {
      this.end();
      onIdle();
    }
  }

  #noteUse(): void {
    this.#usedAt = this.#parts.clock.now();
  }

  /** Something came since the last look, or waits still. */
  #hasArrivals(): boolean {
    let hasCome = false;
    while (this.#arrivals?.take() !== undefined) hasCome = true;
    // A new watch begins with what waits now.
    const next = this.#parts.open();
    if (typeof next === 'number') return true;
    this.#arrivals?.close();
    this.#arrivals = next;
    return hasCome || next.take() !== undefined;
  }
}
