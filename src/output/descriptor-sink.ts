/**
 * A sink for one of the engine's own standard streams that never blocks the engine and never changes the stream for
 * anybody else: it opens the stream's file anew, because O_NONBLOCK belongs to the open file description, which
 * the container's runtime and processes with `passthrough` share (open(2)).
 */

import { closeSync, constants, fstatSync, openSync, write } from 'node:fs';
import { Socket } from 'node:net';
import type { Sink } from './bounded-writer.ts';

const RETRY_MS = 50;

export function descriptorSink(fd: number): Sink {
  try {
    const kind = fstatSync(fd);
    if (kind.isSocket()) return socketSink(fd);
    const own = openSync(
      `/proc/self/fd/${fd}`,
      constants.O_WRONLY | constants.O_NONBLOCK | constants.O_APPEND | constants.O_NOCTTY,
    );
    return kind.isFIFO() ? socketSink(own) : fileSink(own);
  } catch {
    // Closed from the start, or not to be opened by us: there is nowhere to write to.
    return (_bytes, done) => done(new Error('closed'));
  }
}

/** Pipes and sockets: epoll tells when there is room. */
function socketSink(fd: number): Sink {
  const socket = new Socket({ fd, readable: false, writable: true });
  socket.on('error', () => {});
  // Output that waits is no reason to keep the engine running; it flushes before it leaves.
  socket.unref();
  return (bytes, done) => {
    if (socket.destroyed) done(new Error('closed'));
    else socket.write(bytes, (error) => done(error ?? null));
  };
}

/** Terminals and files have no such event that can be relied on: where a terminal is held (^S), try again. */
function fileSink(fd: number): Sink {
  const sink: Sink = (bytes, done) => {
    write(fd, bytes, 0, bytes.length, null, (error, written) => {
      if (error?.code === 'EAGAIN') setTimeout(() => sink(bytes, done), RETRY_MS).unref();
      else if (error?.code === 'ENOSPC' || error?.code === 'EDQUOT') done(null);
      else if (error !== null) {
        closeSync(fd);
        done(error);
      } else if (written < bytes.length) sink(bytes.subarray(written), done);
      else done(null);
    });
  };
  return sink;
}
