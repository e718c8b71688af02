/**
 * Calls at a time of the wall clock, whatever that does meanwhile: a timer of CLOCK_REALTIME that the kernel also fires when
 * the clock is set and when the machine wakes (timerfd_create(2), TFD_TIMER_CANCEL_ON_SET). While it waits nothing runs.
 */

import { closeSync, readSync } from 'node:fs';
import type { WallAlarm } from '../supervisor/ports/clock.ts';
import type { NativeAddon } from './native.ts';

/** Without a descriptor for it the clock is looked at: this often, and so a change is noticed this late. */
const LOOK_MS = 30_000;

export class SystemWallAlarm implements WallAlarm {
  readonly #addon: Pick<NativeAddon, 'openWallTimer' | 'setWallTimer' | 'watchReadable'>;
  readonly #ring: () => void;
  #fd = -1;
  #stopWatch: (() => void) | undefined;
  #timeout: NodeJS.Timeout | undefined;

  /** @param ring called at the time that was set, and after any jump of the clock. */
  constructor(
    addon: Pick<NativeAddon, 'openWallTimer' | 'setWallTimer' | 'watchReadable'>,
    ring: () => void,
  ) {
    this.#addon = addon;
    this.#ring = ring;
  }

  set(at: number): void {
    clearTimeout(this.#timeout);
    if (this.#fd < 0) this.#open();
    // Canceled: the clock was set since it was armed; it is armed all the same.
    const isArmed = this.#fd >= 0 && [0, ECANCELED].includes(this.#addon.setWallTimer(this.#fd, at));
    if (!isArmed) this.#timeout = setTimeout(this.#ring, Math.min(Math.max(1, at - Date.now()), LOOK_MS));
  }

  stop(): void {
    clearTimeout(this.#timeout);
    this.#stopWatch?.();
    this.#stopWatch = undefined;
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }

  #open(): void {
    const fd = this.#addon.openWallTimer();
    if (fd < 0) return;
    this.#stopWatch = this.#addon.watchReadable(fd, () => this.#expire()) ?? undefined;
    if (this.#stopWatch === undefined) closeSync(fd);
    else this.#fd = fd;
  }

  #expire(): void {
    try {
      readSync(this.#fd, new Uint8Array(8));
    } catch {
      // The clock was set (ECANCELED): it rings for that as well.
    }
    this.#ring();
  }
}

/** errno(3). */
const ECANCELED = 125;
