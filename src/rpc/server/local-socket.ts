/**
 * The two ends of a connection within this process: what a session and a client need of a socket, without the kernel.
 * A command that runs in the engine talks to its session by this, so that it can do what its client can, and no more.
 */

import { EventEmitter } from 'node:events';
import type { Connection } from '../protocol/connection.ts';

/** From so many unread bytes on the writer should wait. */
const FULL_BYTES = 64 * 1024;

interface Unread {
  readonly chunk: Buffer;
  readonly done: (() => void) | undefined;
}

export class LocalSocket extends EventEmitter implements Connection {
  destroyed = false;
  writableEnded = false;
  #peer: LocalSocket | undefined;
  #isPaused = false;
  #unread: Unread[] = [];
  #unreadBytes = 0;
  #isBeingRead = false;

  /** Both ends of a new connection. */
  static pair(): readonly [LocalSocket, LocalSocket] {
    const [one, other] = [new LocalSocket(), new LocalSocket()];
    one.#peer = other;
    other.#peer = one;
    return [one, other];
  }

  get writable(): boolean {
    return !this.destroyed && !this.writableEnded;
  }

  get writableNeedDrain(): boolean {
    return this.#peer !== undefined && this.#peer.#unreadBytes >= FULL_BYTES;
  }

  write(chunk: string | Uint8Array, done?: () => void): boolean {
    if (!this.writable || this.#peer === undefined) return false;
    const bytes =
      typeof chunk === 'string'
        ? Buffer.from(chunk)
        : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    this.#peer.#unread.push({ chunk: bytes, done });
    this.#peer.#unreadBytes += bytes.length;
    this.#peer.#read();
    return !this.writableNeedDrain;
  }

  /** The other end closes as well: neither goes on with half a connection. */
  end(): void {
    this.writableEnded = true;
    if (this.#peer !== undefined) this.#peer.#read();
  }

  destroy(): void {
    const peer = this.#peer;
    if (this.destroyed || peer === undefined) return;
    for (const socket of [this, peer]) {
      socket.destroyed = true;
      socket.#unread = [];
      socket.#unreadBytes = 0;
    }
    process.nextTick(() => {
      this.emit('close');
      peer.emit('close');
    });
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    // As a stream does it: anyone who resumes is in the middle of something.
    if (this.#unread.length > 0 || this.#peer?.writableEnded === true) process.nextTick(() => this.#read());
  }

  #read(): void {
    if (this.#isBeingRead) return;
    this.#isBeingRead = true;
    const wasFull = this.#unreadBytes >= FULL_BYTES;
    try {
      for (let next = this.#take(); next !== undefined; next = this.#take()) {
        this.emit('data', next.chunk);
        next.done?.();
      }
    } finally {
      this.#isBeingRead = false;
    }
    if (this.destroyed) return;
    if (wasFull && this.#unreadBytes < FULL_BYTES) this.#peer?.emit('drain');
    if (this.#unread.length === 0 && this.#peer?.writableEnded === true) this.destroy();
  }

  #take(): Unread | undefined {
    if (this.#isPaused || this.destroyed) return undefined;
    const next = this.#unread.shift();
    this.#unreadBytes -= next?.chunk.length ?? 0;
    return next;
  }
}
