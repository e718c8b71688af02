/**
 * Waits for what a dead leader left behind. The kernel tells nobody when the last of a family has gone, but whoever
 * loses its parent becomes the engine's child and is collected by it: then is the time to look.
 */

import type { Cancel, Clock } from '../ports/clock.ts';
import type { Kernel } from '../ports/kernel.ts';
import type { InstanceRecord } from '../world/instance-record.ts';

/** For those whose parent is outside the family and collects them itself: nobody tells us of those. */
const LOOK_ANYWAY_MS = 200;

export class LeftoverWatch {
  readonly #clock: Clock;
  readonly #kernel: Kernel;
  readonly #onVanished: (record: InstanceRecord) => void;
  readonly #awaited = new Set<InstanceRecord>();
  #cancelTimer: Cancel | undefined;

  constructor(ports: { clock: Clock; kernel: Kernel }, onVanished: (record: InstanceRecord) => void) {
    this.#clock = ports.clock;
    this.#kernel = ports.kernel;
    this.#onVanished = onVanished;
    ports.kernel.onChildCollected(() => this.#look());
  }

  await(record: InstanceRecord): void {
    this.#awaited.add(record);
    this.#cancelTimer ??= this.#clock.after(LOOK_ANYWAY_MS, () => this.#lookAgain());
  }

  release(record: InstanceRecord): void {
    this.#awaited.delete(record);
  }

  #lookAgain(): void {
    this.#cancelTimer = undefined;
    this.#look();
    // Started since the signal was sent, by those that had not ended yet.
    for (const { family } of this.#awaited) if (family !== undefined) this.#kernel.signalNewcomers(family);
    if (this.#awaited.size > 0) {
      this.#cancelTimer = this.#clock.after(LOOK_ANYWAY_MS, () => this.#lookAgain());
    }
  }

  #look(): void {
    for (const record of [...this.#awaited]) {
      if (record.family !== undefined && this.#kernel.leftovers(record.family).length > 0) continue;
      this.#awaited.delete(record);
      this.#onVanished(record);
    }
  }
}
