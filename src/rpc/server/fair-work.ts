/**
 * Who of the clients has the next piece of work done. All they ask is done in small pieces, in slices between which
 * the event loop has its turn; the next piece is always that of the user, and of their client, for whom the least was
 * done lately. So nobody waits for what another asks, however much that is.
 */

import type { Clock } from '../../supervisor/ports/clock.ts';

/** Clients of one user for whom something large is put together at a time: what there is of it takes memory. */
const MOST_IN_THE_MIDDLE = 4;
const SLICE_MS = 2;
/** What was done for somebody counts half after so long. */
const HALF_LIFE_MS = 1_000;

export interface Worker {
  readonly uid: number;
  /** It has begun something that takes several pieces. */
  readonly isInTheMiddle: boolean;
  /** Does one small piece. @returns false where there is nothing left to do for now; `wake` tells when there is. */
  step(): boolean;
}

/** What was done for somebody, in milliseconds that fade. */
class Account {
  #ms = 0;
  #at = 0;

  spent(now: number): number {
    return this.#ms * 0.5 ** ((now - this.#at) / HALF_LIFE_MS);
  }

  add(ms: number, now: number): void {
    this.#ms = this.spent(now) + ms;
    this.#at = now;
  }
}

export class FairWork {
  readonly #clock: Pick<Clock, 'now' | 'soon'>;
  readonly #ready = new Map<Worker, Account>();
  readonly #clients = new WeakMap<Worker, Account>();
  readonly #users = new Map<number, Account>();
  #sliceEnds = Number.POSITIVE_INFINITY;
  #isSliceOpen = false;
  #isWorking = false;

  constructor(clock: Pick<Clock, 'now' | 'soon'>) {
    this.#clock = clock;
  }

  /** Begins at once where this turn of the event loop has time left. */
  wake(worker: Worker): void {
    const account = this.#clients.get(worker) ?? new Account();
    this.#clients.set(worker, account);
    this.#ready.set(worker, account);
    this.#work();
  }

  forget(worker: Worker): void {
    this.#ready.delete(worker);
    this.#clients.delete(worker);
  }

  /** What was done for somebody outside of `step`. */
  charge(worker: Worker, ms: number): void {
    const now = this.#clock.now();
    this.#clients.get(worker)?.add(ms, now);
    this.#userOf(worker).add(ms, now);
  }

  #work(): void {
    if (this.#isWorking) return;
    this.#openSlice();
    this.#isWorking = true;
    try {
      for (let now = this.#clock.now(); now < this.#sliceEnds; ) {
        const worker = this.#next(now);
        if (worker === undefined) return;
        const isReady = worker.step();
        if (!isReady) this.#ready.delete(worker);
        const after = this.#clock.now();
        this.#clients.get(worker)?.add(after - now, after);
        this.#userOf(worker).add(after - now, after);
        now = after;
      }
    } finally {
      this.#isWorking = false;
    }
  }

  /** One slice in each turn of the event loop, no matter who begins it. */
  #openSlice(): void {
    if (this.#isSliceOpen) return;
    this.#isSliceOpen = true;
    this.#sliceEnds = this.#clock.now() + SLICE_MS;
    this.#clock.soon(() => {
      this.#isSliceOpen = false;
      if (this.#ready.size > 0) this.#work();
      else this.#fade();
    });
  }

  #next(now: number): Worker | undefined {
    let best: Worker | undefined;
    let leastOfUser = Number.POSITIVE_INFINITY;
    let leastOfClient = Number.POSITIVE_INFINITY;
    const inTheMiddle = new Map<number, number>();
    for (const [worker, account] of this.#ready) {
      if (worker.isInTheMiddle) {
        const before = inTheMiddle.get(worker.uid) ?? 0;
        inTheMiddle.set(worker.uid, before + 1);
        if (before >= MOST_IN_THE_MIDDLE) continue;
      }
      const ofUser = this.#userOf(worker).spent(now);
      const ofClient = account.spent(now);
      if (ofUser > leastOfUser || (ofUser === leastOfUser && ofClient >= leastOfClient)) continue;
      best = worker;
      leastOfUser = ofUser;
      leastOfClient = ofClient;
    }
    return best;
  }

  #userOf({ uid }: Worker): Account {
    const known = this.#users.get(uid);
    if (known !== undefined) return known;
    const made = new Account();
    this.#users.set(uid, made);
    return made;
  }

  /** Users who have not been here for long leave nothing behind. */
  #fade(): void {
    if (this.#users.size < 64) return;
    const now = this.#clock.now();
    for (const [uid, account] of this.#users) if (account.spent(now) < 0.01) this.#users.delete(uid);
  }
}
