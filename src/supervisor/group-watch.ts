/**
 * Waits for what a dead leader left of its process group. The kernel tells nobody when a group becomes empty, but
 * whatever was in it becomes the engine's child and is collected by it: then is the time to look.
 */

import type { InstanceRecord } from './instance-record.ts';
import type { Cancel, Clock, Kernel } from './ports.ts';

/** For members whose parent lives outside the group and collects them itself: nobody tells us of those. */
const LOOK_ANYWAY_MS = 200;

export class GroupWatch {
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
    if (this.#awaited.size > 0) {
      this.#cancelTimer = this.#clock.after(LOOK_ANYWAY_MS, () => this.#lookAgain());
    }
  }

  #look(): void {
    for (const record of [...this.#awaited]) {
      if (record.pid !== undefined && this.#kernel.groupIsAlive(record.pid)) continue;
      this.#awaited.delete(record);
      this.#onVanished(record);
    }
  }
}
