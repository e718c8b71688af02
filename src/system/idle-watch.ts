/**
 * Says when nobody has used the sockets of a program for a while. What comes is noted by the kernel and costs no wake-up;
 * who is connected is looked up, every tenth of that time.
 */

import type { Cancel, Clock } from '../supervisor/ports/clock.ts';
import type { Usage } from './socket-users.ts';
import type { SocketWatch } from './socket-watch.ts';

const LOOKS = 10;
const MIN_PAUSE_MS = 100;
const MAX_PAUSE_MS = 30_000;

export interface IdleWatchParts {
  readonly clock: Pick<Clock, 'after' | 'now'>;
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
  readonly #pauseMs: number;
  #arrivals: SocketWatch | undefined;
  #usedAt: number;
  #isOver = false;
  #hasSaid = false;
  #cancel: Cancel | undefined;

  constructor(parts: IdleWatchParts) {
    this.#parts = parts;
    this.#pauseMs = Math.min(MAX_PAUSE_MS, Math.max(MIN_PAUSE_MS, parts.idleMs / LOOKS));
    this.#usedAt = parts.clock.now();
    this.#hasArrivals();
    this.#lookLater();
  }

  end(): void {
    this.#isOver = true;
    this.#cancel?.();
    this.#arrivals?.close();
  }

  #lookLater(): void {
    const { clock, idleMs } = this.#parts;
    const leftMs = this.#usedAt + idleMs - clock.now();
    this.#cancel = clock.after(Math.max(Math.min(this.#pauseMs, leftMs), MIN_PAUSE_MS), () => this.#look());
  }

  #look(): void {
    if (this.#hasArrivals()) {
      this.#noteUse();
      return;
    }
    void this.#parts.usage().then((usage) => {
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
    else if (clock.now() - this.#usedAt < idleMs) this.#lookLater();
    else {
      this.end();
      onIdle();
    }
  }

  #noteUse(): void {
    this.#usedAt = this.#parts.clock.now();
    this.#lookLater();
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
