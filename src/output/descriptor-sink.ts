/**
 * Sinks for descriptors that may be slow or stuck: writing never blocks the engine. For the engine's own standard
 * streams it also changes nothing for anybody else: their files are opened anew, because O_NONBLOCK belongs to the
 * open file description, which the container's runtime and processes with `passthrough` share (open(2)).
 */

import { constants, fstatSync, openSync, write } from 'node:fs';
import type { Sink } from './bounded-writer.ts';
import { closeQuietly } from './open-file.ts';

const FIRST_RETRY_MS = 1;
const LONGEST_RETRY_MS = 50;

/** A sink for one of the engine's standard streams; the descriptor stays open. Share it: one for each descriptor. */
export function descriptorSink(fd: number): Sink {
  return inTurn(sinkFor(fd));
}

function sinkFor(fd: number): Sink {
  try {
    const kind = fstatSync(fd);
    // Written through the shared description: the offset must stay common with whoever else writes to the file.
    if (kind.isFile()) return fileSink(fd).write;
    if (kind.isSocket()) return socketSink(fd).write;
    const own = openAnew(fd);
    if (own !== undefined) return (kind.isFIFO() ? socketSink(own) : fileSink(own)).write;
    // A terminal that may not be opened anew: a held one keeps a thread of the pool waiting, not the engine.
    return (kind.isFIFO() ? socketSink(fd) : fileSink(fd)).write;
  } catch {
    // Closed from the start: there is nowhere to write to.
    return (_bytes, done) => done(new Error('closed'));
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
  /** Drops what is under way. */
  readonly close: () => void;
}

/**
 * Pipes and sockets: epoll tells when there is room. Takes ownership of the descriptor and makes its open file
 * description non-blocking. When the other end is gone the descriptor is closed, but for 0, 1 and 2: libuv leaves
 * those open, so that no other file gets their number.
 */
export function socketSink(fd: number): OwnedSink {
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
  return { write, close: () => socket.destroy() };
}

/** Terminals, devices and files have no event that tells of room: where one is held (^S), try again. */
export function fileSink(fd: number): OwnedSink {
  let isClosed = false;
  let isWriting = false;
  const attempt = (bytes: Buffer, from: number, retryMs: number, done: Parameters<Sink>[1]): void => {
    isWriting = true;
    write(fd, bytes, from, bytes.length - from, null, (error, written) => {
      isWriting = false;
      if (isClosed) closeQuietly(fd);
      if (isClosed) done(new Error('closed'));
      else if (error?.code === 'EAGAIN' || error?.code === 'EINTR') {
        const nextRetryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
        setTimeout(() => again(bytes, from, nextRetryMs, done), retryMs).unref();
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
    close: () => {
      // Never under a write: the number would be another file's by the time it is used.
      if (!isClosed && !isWriting) closeQuietly(fd);
      isClosed = true;
    },
  };
}

/** One write after the other, so that those who share the descriptor never write into each other's lines. */
function inTurn(sink: Sink): Sink {
  const waiting: (() => void)[] = [];
  let isWriting = false;
  const next = (): void => {
    const turn = waiting.shift();
    isWriting = turn !== undefined;
    turn?.();
  };
  return (bytes, done) => {
    waiting.push(() =>
      sink(bytes, (error) => {
        done(error);
        next();
      }),
    );
    if (!isWriting) next();
  };
}
