/**
 * What waits to be sent to one client. Replies are never dropped; notifications are, oldest first, once the
 * client reads too slowly, and it is told how many.
 */

import type { Cancel, Clock } from '../../supervisor/ports/clock.ts';
import type { Connection } from '../protocol/connection.ts';
import { frame } from '../protocol/framing.ts';
import type { BudgetShare } from './byte-budget.ts';

/** A reply goes to the socket in pieces of so many bytes: each that is taken shows that the client reads. */
const PIECE_BYTES = 64 * 1024;

/** A notification before it is encoded: a client that is too slow should not cost the encoding of what it loses. */
export interface PendingNotification {
  readonly subscription: number;
  /** About as many bytes as it will take. */
  readonly size: number;
  /** Bytes of process output in it, for the count of what was lost. */
  readonly outputBytes: number;
  encode(): string;
}

export interface OutboxLimits {
  /** Bytes of notifications that may wait. */
  readonly notificationBytes: number;
  /** The same where the user, or all together, have as many waiting as may be. */
  readonly leastNotificationBytes: number;
  /** Bytes of replies from which on no more requests are read. */
  readonly congestedBytes: number;
  /** How long a client may take nothing at all while replies wait for it. */
  readonly stallMs: number;
}

interface Sequenced<Item> {
  readonly sequence: number;
  readonly item: Item;
}

interface Loss {
  notifications: number;
  bytes: number;
}

/** A queue that gives up its front without moving the rest. */
class Fifo<Item> {
  #items: Item[] = [];
  #head = 0;

  push(item: Item): void {
    this.#items.push(item);
  }

  peek(): Item | undefined {
    return this.#items[this.#head];
  }

  shift(): Item | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#head += 1;
    if (this.#head > 64 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
  }
}

export interface OutboxParts {
  readonly clock: Pick<Clock, 'after'>;
  readonly socket: Connection;
  readonly limits: OutboxLimits;
  readonly replies: BudgetShare;
  readonly notifications: BudgetShare;
  /** The outbox, having been congested, is so no longer. */
  readonly onRelieved: () => void;
  /** The client has taken nothing for too long while replies wait for it, and is let go. */
  readonly onStalled: () => void;
}

export class Outbox {
  readonly #parts: OutboxParts;
  readonly #socket: Connection;
  readonly #limits: OutboxLimits;
  readonly #replies = new Fifo<Sequenced<Buffer>>();
  readonly #notifications = new Fifo<Sequenced<PendingNotification>>();
  readonly #losses = new Map<number, Loss>();
  #sequence = 0;
  #cancelStall: Cancel | undefined;
  #isEnding = false;
  #isDiscarded = false;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
    this.#socket = parts.socket;
    this.#limits = parts.limits;
    this.#socket.on('drain', () => this.#pump());
  }

  get isCongested(): boolean {
    const { replies } = this.#parts;
    return replies.bytes > this.#limits.congestedBytes || replies.isSpent;
  }

  /** True while nothing waits but what the socket itself holds. */
  get isEmpty(): boolean {
    return this.#replies.peek() === undefined && this.#notifications.peek() === undefined;
  }

  /** @param line JSON with its newline, in one or more pieces. */
  reply(...line: readonly Buffer[]): void {
    if (this.#isDiscarded) return;
    const sequence = this.#sequence++;
    for (const whole of line) {
      for (let from = 0; from < whole.length; from += PIECE_BYTES) {
        const item = whole.subarray(from, from + PIECE_BYTES);
        this.#replies.push({ sequence, item });
        this.#parts.replies.take(item.length);
      }
    }
    this.#pump();
  }

  notify(notification: PendingNotification): void {
    if (this.#isDiscarded) return;
    this.#notifications.push({ sequence: this.#sequence++, item: notification });
    const { notifications } = this.#parts;
    notifications.take(notification.size);
    this.#pump();
    const { notificationBytes, leastNotificationBytes } = this.#limits;
    while (
      notifications.bytes > notificationBytes ||
      (notifications.isSpent && notifications.bytes > leastNotificationBytes)
    )
      this.#dropOldest();
  }

  /** Has the client told, before anything else of the subscription, that so many bytes of output are not to be had. */
  lose(subscription: number, bytes: number): void {
    const { notifications, bytes: before } = this.#losses.get(subscription) ?? { notifications: 0, bytes: 0 };
    this.#losses.set(subscription, { notifications, bytes: before + bytes });
  }

  /** Forgets what was lost of a subscription that has ended. */
  forget(subscription: number): void {
    this.#losses.delete(subscription);
  }

  /** What is sent until the end of this turn leaves in one system call. */
  gather(): void {
    this.#socket.cork?.();
    process.nextTick(() => this.#socket.uncork?.());
  }

  /** Ends the connection once all that waits has been sent. */
  end(): void {
    this.#isEnding = true;
    this.#pump();
  }

  /** Drops everything; the socket is gone. */
  discard(): void {
    this.#isDiscarded = true;
    this.#replies.clear();
    this.#notifications.clear();
    const { replies, notifications } = this.#parts;
    replies.giveBack(replies.bytes);
    notifications.giveBack(notifications.bytes);
    this.#losses.clear();
    this.#cancelStall?.();
    this.#cancelStall = undefined;
  }

  #pump(): void {
    while (this.#socket.writable && !this.#socket.writableNeedDrain) {
      const next = this.#next();
      if (next === undefined) break;
      if (typeof next === 'string') this.#socket.write(next);
      else this.#send(next);
    }
    this.#watchForStall();
    if (this.#isEnding && this.isEmpty && !this.#socket.writableEnded) this.#socket.end();
  }

  /** A piece counts until the kernel has it. */
  #send(piece: Buffer): void {
    this.#socket.write(piece, () => {
      if (this.#isDiscarded) return;
      const wasCongested = this.isCongested;
      this.#parts.replies.giveBack(piece.length);
      this.#cancelStall?.();
      this.#cancelStall = undefined;
      this.#watchForStall();
      if (wasCongested && !this.isCongested) this.#parts.onRelieved();
    });
  }

  /** Replies and notifications leave in the order in which they came. */
  #next(): string | Buffer | undefined {
    const reply = this.#replies.peek();
    const notification = this.#notifications.peek();
    if (reply !== undefined && (notification === undefined || reply.sequence < notification.sequence)) {
      this.#replies.shift();
      return reply.item;
    }
    if (notification === undefined) return undefined;
    const loss = this.#losses.get(notification.item.subscription);
    if (loss !== undefined) {
      this.#losses.delete(notification.item.subscription);
      return frame({
        jsonrpc: '2.0',
        method: 'dropped',
        params: { subscription: notification.item.subscription, ...loss },
      });
    }
    this.#notifications.shift();
    this.#parts.notifications.giveBack(notification.item.size);
    return notification.item.encode();
  }

  #dropOldest(): void {
    const lost = this.#notifications.shift();
    if (lost === undefined) return;
    this.#parts.notifications.giveBack(lost.item.size);
    const loss = this.#losses.get(lost.item.subscription) ?? { notifications: 0, bytes: 0 };
    loss.notifications += 1;
    loss.bytes += lost.item.outputBytes;
    this.#losses.set(lost.item.subscription, loss);
  }

  /**
   * A slow follower is only dropped from; one that leaves replies lying blocks a place and is let go. Only what it
   * takes begins the time again, not what is put in beside.
   */
  #watchForStall(): void {
    const { replies } = this.#parts;
    const isHeldUp = this.#socket.writableNeedDrain && (replies.bytes > 0 || this.#isEnding);
    if (!isHeldUp || this.#socket.destroyed) {
      this.#cancelStall?.();
      this.#cancelStall = undefined;
      return;
    }
    this.#cancelStall ??= this.#parts.clock.after(this.#limits.stallMs, () => {
      this.#parts.onStalled();
      this.#socket.destroy();
    });
  }
}
