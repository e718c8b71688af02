/**
 * What waits to be sent to one client. Replies are never dropped; notifications are, oldest first, once the
 * client reads too slowly, and it is told how many.
 */

import type { Socket } from 'node:net';
import { frame } from './framing.ts';

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
  /** Bytes of replies from which on no more requests are read. */
  readonly congestedBytes: number;
  /** Bytes of replies at which the client is given up. */
  readonly replyBytes: number;
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

export class Outbox {
  readonly #socket: Socket;
  readonly #limits: OutboxLimits;
  readonly #onRelieved: () => void;
  readonly #replies = new Fifo<Sequenced<string>>();
  readonly #notifications = new Fifo<Sequenced<PendingNotification>>();
  readonly #losses = new Map<number, Loss>();
  #sequence = 0;
  #replyBytes = 0;
  #notificationBytes = 0;
  #stallTimer: NodeJS.Timeout | undefined;
  #isEnding = false;

  /** `onRelieved` is called when the outbox, having been congested, is so no longer. */
  constructor(socket: Socket, limits: OutboxLimits, onRelieved: () => void) {
    this.#socket = socket;
    this.#limits = limits;
    this.#onRelieved = onRelieved;
    socket.on('drain', () => this.#pump());
  }

  get isCongested(): boolean {
    return this.#replyBytes > this.#limits.congestedBytes;
  }

  /** True while nothing waits but what the socket itself holds. */
  get isEmpty(): boolean {
    return this.#replies.peek() === undefined && this.#notifications.peek() === undefined;
  }

  reply(message: unknown): void {
    const text = frame(message);
    this.#replies.push({ sequence: this.#sequence++, item: text });
    this.#replyBytes += text.length;
    if (this.#replyBytes > this.#limits.replyBytes && this.#socket.writableNeedDrain) {
      this.#socket.destroy();
      return;
    }
    this.#pump();
  }

  notify(notification: PendingNotification): void {
    this.#notifications.push({ sequence: this.#sequence++, item: notification });
    this.#notificationBytes += notification.size;
    this.#pump();
    while (this.#notificationBytes > this.#limits.notificationBytes) this.#dropOldest();
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

  /** Ends the connection once all that waits has been sent. */
  end(): void {
    this.#isEnding = true;
    this.#pump();
  }

  /** Drops everything; the socket is gone. */
  discard(): void {
    this.#replies.clear();
    this.#notifications.clear();
    this.#replyBytes = 0;
    this.#notificationBytes = 0;
    this.#losses.clear();
    clearTimeout(this.#stallTimer);
    this.#stallTimer = undefined;
  }

  #pump(): void {
    const wasCongested = this.isCongested;
    while (this.#socket.writable && !this.#socket.writableNeedDrain) {
      const text = this.#next();
      if (text === undefined) break;
      this.#socket.write(text);
    }
    this.#watchForStall();
    if (this.#isEnding && this.isEmpty && !this.#socket.writableEnded) this.#socket.end();
    if (wasCongested && !this.isCongested) this.#onRelieved();
  }

  /** Replies and notifications leave in the order in which they came. */
  #next(): string | undefined {
    const reply = this.#replies.peek();
    const notification = this.#notifications.peek();
    if (reply !== undefined && (notification === undefined || reply.sequence < notification.sequence)) {
      this.#replies.shift();
      this.#replyBytes -= reply.item.length;
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
    this.#notificationBytes -= notification.item.size;
    return notification.item.encode();
  }

  #dropOldest(): void {
    const lost = this.#notifications.shift();
    if (lost === undefined) return;
    this.#notificationBytes -= lost.item.size;
    const loss = this.#losses.get(lost.item.subscription) ?? { notifications: 0, bytes: 0 };
    loss.notifications += 1;
    loss.bytes += lost.item.outputBytes;
    this.#losses.set(lost.item.subscription, loss);
  }

  /** A slow follower is only dropped from; one that leaves replies lying blocks a slot and is let go. */
  #watchForStall(): void {
    clearTimeout(this.#stallTimer);
    this.#stallTimer = undefined;
    if (!this.#socket.writableNeedDrain || this.#socket.destroyed) return;
    if (this.#replies.peek() === undefined && !this.#isEnding) return;
    this.#stallTimer = setTimeout(() => this.#socket.destroy(), this.#limits.stallMs);
    this.#stallTimer.unref();
  }
}
