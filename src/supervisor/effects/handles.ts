/**
 * What cannot be written down of instances: timers, watches, and spawns without an answer, by the key of their instance.
 * The record says what each of them is for, and its number, which the facts that come of it carry.
 */

import type { Cancel } from '../ports/clock.ts';
import type { PendingSpawn } from '../ports/kernel.ts';

export class Handles {
  readonly #deadlines = new Map<string, Cancel>();
  readonly #watches = new Map<string, Cancel>();
  readonly #idleWatches = new Map<string, Cancel>();
  readonly #spawns = new Map<string, PendingSpawn>();

  holdDeadline(key: string, cancel: Cancel): void {
    this.#deadlines.set(key, cancel);
  }

  dropDeadline(key: string): void {
    this.#deadlines.get(key)?.();
    this.#deadlines.delete(key);
  }

  holdWatch(key: string, cancel: Cancel): void {
    this.#watches.set(key, cancel);
  }

  /** Beside the watch of its health; ends with it. */
  holdIdleWatch(key: string, cancel: Cancel): void {
    this.#idleWatches.set(key, cancel);
  }

  dropWatch(key: string): void {
    for (const watches of [this.#watches, this.#idleWatches]) {
      watches.get(key)?.();
      watches.delete(key);
    }
  }

  holdSpawn(key: string, spawn: PendingSpawn): void {
    this.#spawns.set(key, spawn);
  }

  spawn(key: string): PendingSpawn | undefined {
    return this.#spawns.get(key);
  }

  /** It has its answer. */
  forgetSpawn(key: string): void {
    this.#spawns.delete(key);
  }
}
