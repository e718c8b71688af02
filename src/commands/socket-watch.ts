/**
 * Watches over the control socket's file: removed, renamed, replaced, or gone with its folder, it is made again.
 * It sleeps until inotify(7) reports a change. What others do in the same folder does not wake it.
 */

import { closeSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Cancel, Clock } from '../supervisor/ports/clock.ts';
import type { NativeAddon } from '../system/native.ts';

/** Who removes a file often removes the folder right behind it. */
const SETTLE_MS = 100;
/** Between attempts that fail: the place may come back without our hearing of it. */
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;
/** Anyone who takes it away again and again waits, and does not fill the log: so often in a minute is often. */
const OFTEN = 10;
const MINUTE_MS = 60_000;
const OFTEN_SETTLE_MS = 5_000;
/** Where inotify is not to be had (all of the user's watches are taken). */
const POLL_MS = 5_000;

export interface SocketWatchPorts {
  readonly clock: Pick<Clock, 'after' | 'now'>;
  readonly addon: Pick<NativeAddon, 'openPlaceWatch' | 'watchReadable'>;
  readonly path: string;
  readonly isInPlace: () => Promise<boolean>;
  /** Rejects where it cannot be made now. */
  readonly makeAnew: () => Promise<void>;
  readonly onLost: () => void;
  readonly onRestored: () => void;
  /** Told once for each time it is lost. */
  readonly onFailed: (error: Error) => void;
}

export class SocketWatch {
  readonly #ports: SocketWatchPorts;
  #endWatch: (() => void) | undefined;
  #cancel: Cancel | undefined;
  #isLost = false;
  #retryMs = FIRST_RETRY_MS;
  /** When it was lost lately. */
  #losses: readonly number[] = [];
  #hasFailed = false;
  #isChecking = false;
  #isClosed = false;

  constructor(ports: SocketWatchPorts) {
    this.#ports = ports;
    this.#watch();
  }

  close(): void {
    this.#isClosed = true;
    this.#endWatch?.();
    this.#cancel?.();
  }

  #watch(): void {
    this.#endWatch?.();
    const { addon, path } = this.#ports;
    const fd = addon.openPlaceWatch(path, dirname(path));
    if (fd < 0) {
      this.#checkIn(POLL_MS);
      return;
    }
    const stop = addon.watchReadable(fd, () => {
      drain(fd);
      this.#checkSoon();
    });
    this.#endWatch = () => {
      stop?.();
      closeSync(fd);
      this.#endWatch = undefined;
    };
  }

  #checkSoon(): void {
    this.#checkIn(this.#losses.length < OFTEN ? SETTLE_MS : OFTEN_SETTLE_MS);
  }

  #checkIn(delayMs: number): void {
    if (this.#isClosed) return;
    this.#cancel?.();
    this.#cancel = this.#ports.clock.after(delayMs, () => void this.#check());
  }

  async #check(): Promise<void> {
    if (this.#isChecking || this.#isClosed) return;
    this.#isChecking = true;
    try {
      if (!(await this.#ports.isInPlace())) await this.#restore();
      if (this.#endWatch === undefined && !this.#isLost) this.#watch();
    } finally {
      this.#isChecking = false;
    }
  }

  async #restore(): Promise<void> {
    if (!this.#isLost) {
      const now = this.#ports.clock.now();
      this.#losses = [...this.#losses.filter((at) => at > now - MINUTE_MS), now];
      this.#ports.onLost();
    }
    this.#isLost = true;
    try {
      await this.#ports.makeAnew();
    } catch (error) {
      if (!this.#hasFailed) this.#ports.onFailed(error as Error);
      this.#hasFailed = true;
      this.#checkIn(this.#retryMs);
      this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
      return;
    }
    if (this.#isClosed) return;
    this.#isLost = false;
    this.#hasFailed = false;
    this.#retryMs = FIRST_RETRY_MS;
    this.#ports.onRestored();
    // The folder may be another one by now.
    this.#watch();
  }
}

/** What exactly has happened is looked at: events are only read, so that there are none. */
function drain(fd: number): void {
  const events = Buffer.allocUnsafe(4_096);
  try {
    while (readSync(fd, events) > 0);
  } catch {
    // EAGAIN: no more of them.
  }
}
