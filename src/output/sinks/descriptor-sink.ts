/**
 * Sinks for descriptors that may be slow or stuck: writing never blocks the engine. For the engine's own standard
 * streams it also changes nothing for anybody else: their files are opened again, because O_NONBLOCK belongs to the
 * open file description, which the container's runtime and processes with `passthrough` share (open(2)).
 */

import { constants, fstatSync, openSync } from 'node:fs';
import { type Descriptor, writeSome } from '../../files/open-descriptor.ts';
import type { Clock } from '../../supervisor/ports/clock.ts';
import { closeQuietly } from './open-file.ts';

/** Writes all of it or fails; calls back once. */
export type Sink = (bytes: Buffer, done: (error: Error | null) => void) => void;

/** How much of what was written to a descriptor its reader has not taken yet; -1: unknown. */
export type UnreadBytes = (fd: number) => number;

type RetryClock = Pick<Clock, 'after'>;

const FIRST_RETRY_MS = 1;
const LONGEST_RETRY_MS = 50;

/** A sink for one of the engine's standard streams; the descriptor stays open. One for each descriptor, one write at a time. */
export function descriptorSink(fd: number, clock: RetryClock, unreadBytes?: UnreadBytes): OwnedSink {
  try {
    const kind = fstatSync(fd);
    // Written through the shared description: the offset must stay common with anyone else who writes to the file.
    if (kind.isFile()) return fileSink({ fd, dev: kind.dev }, clock);
    if (kind.isSocket()) return socketSink(fd, unreadBytes);
    // A terminal that the engine may not reopen blocks when it is held: only a thread of its own waits for it.
    const own = openAnew(fd) ?? fd;
    return kind.isFIFO() ? socketSink(own, unreadBytes) : fileSink({ fd: own, dev: kind.rdev }, clock);
  } catch {
    // Closed from the start: there is nowhere to write to.
    return { write: (_bytes, done) => done(new Error('closed')), unread: () => 0, close: () => {} };
  }
}

/** @returns undefined where the stream belongs to another user (`docker run --user`), or nobody reads it any more. */
function openAnew(fd: number): number | undefined {
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return undefined;
  }
}

/** A sink that has its descriptor for itself. */
export interface OwnedSink {
  readonly write: Sink;
  /** Changes whenever the reader takes something of a write under way. */
  readonly unread: () => number;
  /** Drops what is under way. */
  readonly close: () => void;
}

/**
 * Pipes and sockets: epoll tells when there is room. Takes ownership of the descriptor and makes its open file
 * description non-blocking. When the other end is gone the descriptor is closed, but for 0, 1 and 2: libuv leaves
 * those open, so that no other file gets their number.
 */
export function socketSink(fd: number, unreadBytes: UnreadBytes = () => -1): OwnedSink {
  // Only here is the library needed, and the first processes should not wait for it.
  const { Socket } = process.getBuiltinModule('node:net');
  const socket = new Socket({ fd, readable: false, writable: true });
  socket.on('error', () => {});
  // Output that waits is no reason to keep the engine running; it flushes before it leaves.
  socket.unref();
  const write: Sink = (bytes, done) => {
    if (socket.destroyed) done(new Error('closed'));
    else socket.write(bytes, (error) => done(error ?? null));
  };
  // A full pipe has room only once a whole page of it was read, so what is still in it counts as well.
  const unread = (): number => (socket.destroyed ? 0 : queuedBytes(socket) + unreadBytes(fd));
  return { write, unread, close: () => socket.destroy() };
}

/** What libuv has not been able to write yet. Node reads it from the handle as well, for its timeouts. */
function queuedBytes(socket: object): number {
  const { _handle: handle } = socket as { readonly _handle?: { readonly writeQueueSize?: number } | null };
  return handle?.writeQueueSize ?? 0;
}

/** Terminals, devices and files have no event that tells of room: where one is held (^S), try again. */
export function fileSink(file: Descriptor, clock: RetryClock): OwnedSink {
  const { fd } = file;
  let isClosed = false;
  let isWriting = false;
  let left = 0;
  const attempt = (bytes: Buffer, from: number, retryMs: number, done: Parameters<Sink>[1]): void => {
    isWriting = true;
    left = bytes.length - from;
    writeSome(file, [bytes.subarray(from)], (error, written) => {
      isWriting = false;
      if (isClosed) closeQuietly(fd);
      if (isClosed) done(new Error('closed'));
      else if (error?.code === 'EAGAIN' || error?.code === 'EINTR') {
        const nextRetryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
        clock.after(retryMs, () => again(bytes, from, nextRetryMs, done));
      } else if (error?.code === 'ENOSPC' || error?.code === 'EDQUOT') done(null);
      else if (error !== null) done(error);
      else if (from + written < bytes.length) attempt(bytes, from + written, FIRST_RETRY_MS, done);
      else done(null);
    });
  };
  const again: typeof attempt = (bytes, from, retryMs, done) => {
    if (isClosed) done(new Error('closed'));
    else attempt(bytes, from, retryMs, done);
  };
  return {
    write: (bytes, done) => again(bytes, 0, FIRST_RETRY_MS, done),
    unread: () => left,
    close: () => {
      // Never under a write: the number would be another file's by the time it is used.
      if (!isClosed && !isWriting) closeQuietly(fd);
      isClosed = true;
    },
  };
}
