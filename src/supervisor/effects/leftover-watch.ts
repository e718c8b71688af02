/**
 * Waits for what a dead leader, or a step that has ended, left behind. The kernel reports to nobody when the last of a
 * family has gone. But a process that loses its parent becomes the engine's child and is collected by it: then is the
 * time to look.
 */

import type { Cancel, Clock } from '../ports/clock.ts';
import type { Kernel } from '../ports/kernel.ts';

/** For those whose parent is outside the family and collects them itself: nobody tells us of those. */
const LOOK_ANYWAY_MS = 200;

/** One whose family is waited for. */
interface Awaited {
  readonly family: number | undefined;
}

export class LeftoverWatch<Of extends Awaited> {
  readonly #clock: Clock;
  readonly #kernel: Kernel;
  readonly #onVanished: (of: Of) => void;
  readonly #awaited = new Set<Of>();
  #cancelTimer: Cancel | undefined;

  constructor(ports: { clock: Clock; kernel: Kernel }, onVanished: (of: Of) => void) {
    this.#clock = ports.clock;
    this.#kernel = ports.kernel;
    this.#onVanished = onVanished;
    ports.kernel.onChildCollected(() => this.#look());
  }

  await(of: Of): void {
    this.#awaited.add(of);
    this.#cancelTimer ??= this.#clock.after(LOOK_ANYWAY_MS, () => this.#lookAgain());
  }

  release(of: Of): void {
    this.#awaited.delete(of);
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
    for (const of of [...this.#awaited]) {
      if (of.family !== undefined && this.#kernel.leftovers(of.family).length > 0) continue;
      this.#awaited.delete(of);
      this.#onVanished(of);
    }
  }
}
