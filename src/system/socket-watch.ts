/** Sees what comes to sockets that programs share with the engine, and leaves them as they are. */

import { closeSync } from 'node:fs';
import type { NativeAddon } from './native.ts';

export type WatchingAddon = Pick<NativeAddon, 'openSocketWatch' | 'readSocketWatch' | 'watchReadable'>;

export class SocketWatch {
  readonly #addon: WatchingAddon;
  readonly #fd: number;
  #stop: (() => void) | undefined;
  #isClosed = false;

  private constructor(addon: WatchingAddon, fd: number) {
    this.#addon = addon;
    this.#fd = fd;
  }

  /** @returns the errno's number if there is none to be had. */
  static open(addon: WatchingAddon, fds: readonly number[]): SocketWatch | number {
    const fd = addon.openSocketWatch(fds);
    return fd < 0 ? -fd : new SocketWatch(addon, fd);
  }

  /** @returns the index of a socket to which something has come since the last time, and is still there. */
  take(): number | undefined {
    const index = this.#addon.readSocketWatch(this.#fd);
    return index < 0 ? undefined : index;
  }

  /** Called whenever something comes; without this, nothing that comes wakes the engine. */
  onArrival(callback: (index: number) => void): void {
    this.#stop =
      this.#addon.watchReadable(this.#fd, () => {
        const index = this.take();
        if (index !== undefined && !this.#isClosed) callback(index);
      }) ?? undefined;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stop?.();
    // Nothing hangs in it: it has no disk and no peer.
    closeSync(this.#fd);
  }
}
