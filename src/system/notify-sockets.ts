/**
 * The sockets of sd_notify(3), one for each incarnation: what a program floods is its own, and what comes to the socket
 * of one that is over is nobody's. Their names are abstract, so they need no writable directory and no permission, and
 * work for any user and after chroot(2); only from another network namespace they are out of reach.
 */

import type { Clock } from '../supervisor/ports/clock.ts';
import type { HeldChannel, NotifyChannel, NotifyMessage } from '../supervisor/ports/self-reports.ts';
import type { NativeAddon } from './native.ts';
import type { Reaper } from './reaper.ts';

/** Messages of one program that are read in this time. A program that sends more waits, because its socket is full. */
const MAX_MESSAGES = 32;
const WINDOW_MS = 50;
/** Descriptors that were sent and hang while they are closed, of one instance. */
const MAX_CLOSING = 512;

export interface NotifySocketParts {
  readonly addon: Pick<
    NativeAddon,
    'openNotifySocket' | 'receiveNotification' | 'watchReadable' | 'fileLater'
  >;
  readonly reaper: Pick<Reaper, 'beforeSweep'>;
  readonly clock: Pick<Clock, 'after' | 'now'>;
  /** `ENFILE` for 23. */
  readonly errnoName: (errno: number) => string;
}

export class NotifySockets {
  readonly #parts: NotifySocketParts;
  readonly #open = new Set<NotifySocket>();
  readonly #closing = new Map<string, number>();
  #cancelSweep: (() => void) | undefined;

  constructor(parts: NotifySocketParts) {
    this.#parts = parts;
  }

  /** @returns a text that says why there is none. */
  open(key: string): NotifyChannel | string {
    const { addon, errnoName } = this.#parts;
    if ((this.#closing.get(key) ?? 0) > MAX_CLOSING)
      return 'cannot open a notify socket: descriptors that the program sent before cannot be closed';
    const opened = addon.openNotifySocket();
    if (typeof opened === 'number') return `cannot open a notify socket: ${errnoName(opened)}`;
    return this.adopt(key, { fd: opened.fd, address: `@${opened.name}` });
  }

  adopt(key: string, held: HeldChannel): NotifyChannel {
    const { reaper } = this.#parts;
    const socket = new NotifySocket(held, this.#parts, {
      closeLater: (fd) => this.#closeLater(key, fd),
      mayTakeMore: () => (this.#closing.get(key) ?? 0) < MAX_CLOSING,
      onClosed: () => this.#forget(socket),
    });
    this.#open.add(socket);
    // The dead are in /proc until they are collected: who sends and exits at once is still known then.
    this.#cancelSweep ??= reaper.beforeSweep(() => {
      for (const one of this.#open) one.catchUp();
    });
    return socket;
  }

  #forget(socket: NotifySocket): void {
    this.#open.delete(socket);
    if (this.#open.size > 0) return;
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
  }

  /** In a thread: a close may take as long as the one who sent the descriptor likes. */
  #closeLater(key: string, fd: number): void {
    this.#closing.set(key, (this.#closing.get(key) ?? 0) + 1);
    this.#parts.addon.fileLater({ work: 'close', fd, lane: `notify ${key}` }, () => {
      const left = (this.#closing.get(key) ?? 1) - 1;
      if (left > 0) this.#closing.set(key, left);
      else this.#closing.delete(key);
    });
  }
}

interface Owner {
  readonly closeLater: (fd: number) => void;
  readonly mayTakeMore: () => boolean;
  readonly onClosed: () => void;
}

class NotifySocket implements NotifyChannel {
  readonly held: HeldChannel;
  readonly #parts: NotifySocketParts;
  readonly #owner: Owner;
  #take: ((message: NotifyMessage) => void) | undefined;
  #stopWatch: (() => void) | undefined;
  #cancelPause: (() => void) | undefined;
  #windowStart = Number.NEGATIVE_INFINITY;
  #inWindow = 0;
  #isReading = false;
  #isClosed = false;

  constructor(held: HeldChannel, parts: NotifySocketParts, owner: Owner) {
    this.held = held;
    this.#parts = parts;
    this.#owner = owner;
  }

  get address(): string {
    return this.held.address;
  }

  listen(take: (message: NotifyMessage) => void): void {
    this.#take = take;
    this.#watch();
  }

  catchUp(): void {
    if (this.#take === undefined || this.#isReading || this.#isClosed) return;
    this.#isReading = true;
    const now = this.#parts.clock.now();
    if (now - this.#windowStart >= WINDOW_MS) {
      this.#windowStart = now;
      this.#inWindow = 0;
    }
    try {
      while (this.#inWindow < MAX_MESSAGES && !this.#isClosed && this.#takeOne(this.#take))
        this.#inWindow += 1;
    } finally {
      this.#isReading = false;
    }
    if (this.#inWindow === MAX_MESSAGES) this.#pause();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelPause?.();
    this.#stopWatch?.();
    this.#stopWatch = undefined;
    this.#owner.closeLater(this.held.fd);
    this.#owner.onClosed();
  }

  /** @returns false if nothing waits. */
  #takeOne(take: (message: NotifyMessage) => void): boolean {
    if (!this.#owner.mayTakeMore()) return true;
    const received = this.#parts.addon.receiveNotification(this.held.fd);
    if (received === null) return false;
    const { pid, uid, text, isCut, fds } = received;
    try {
      take({ pid, uid, text: text.toString('utf8'), isCut });
    } finally {
      // Of BARRIER=1 its sender sees the end now: all that was sent before is done.
      for (const fd of fds) this.#owner.closeLater(fd);
    }
    return true;
  }

  #watch(): void {
    this.#stopWatch = this.#parts.addon.watchReadable(this.held.fd, () => this.catchUp()) ?? undefined;
  }

  #pause(): void {
    if (this.#isClosed || this.#cancelPause !== undefined) return;
    this.#stopWatch?.();
    this.#stopWatch = undefined;
    this.#cancelPause = this.#parts.clock.after(WINDOW_MS, () => {
      this.#cancelPause = undefined;
      this.#watch();
    });
  }
}
