/** Reads our end of a pipe as fast as its taker allows. */

import { readSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { KeepBlock } from '../sinks/output-file.ts';
import { Flood } from './flood.ts';
import type { Floods } from './floods.ts';

const READ_BYTES = 65_536;
/** A pipe holds no more, unless its writer made it larger. */
const MAX_CAUGHT_UP_BYTES = 1_048_576;

export interface PipeTaker {
  /**
   * @param bytes valid during the call only, unless `keep` is there and called.
   * @returns false to be left alone until `resume`.
   */
  readonly onData: (bytes: Buffer, keep?: KeepBlock) => boolean;
  /** The last writer closed it, or reading failed. Called once, not after `close`. */
  readonly onEnd: () => void;
}

/** Opens readers that share one buffer: each read is handed on before the next one is made. */
export class PipeReaders {
  #buffer: Buffer | undefined;

  /**
   * Takes ownership of the descriptor.
   * @param floods for what goes to a file: a flood of it is read in fewer and larger pieces.
   */
  open(fd: number, taker: PipeTaker, floods?: Floods): PipeReader {
    this.#buffer ??= Buffer.allocUnsafeSlow(READ_BYTES);
    return new PipeReader(fd, this.#buffer, taker, floods);
  }
}

export class PipeReader {
  readonly #socket: Socket;
  readonly #fd: number;
  readonly #buffer: Buffer;
  readonly #taker: PipeTaker;
  readonly #flood: Flood | undefined;

  constructor(fd: number, buffer: Buffer, taker: PipeTaker, floods: Floods | undefined) {
    this.#fd = fd;
    this.#buffer = buffer;
    this.#taker = taker;
    const callback = (count: number): boolean => {
      const mayGoOn = taker.onData(buffer.subarray(0, count));
      return mayGoOn && this.#flood?.begins(count) !== true;
    };
    const { isatty, ReadStream } = process.getBuiltinModule('node:tty');
    const isTerminal = isatty(fd);
    // A terminal holds four kibibytes and has no size to change.
    if (floods !== undefined && !isTerminal)
      this.#flood = new Flood(floods, fd, taker, () => this.#socket.resume());
    // Loaded with the first pipe, not with this module: the first process is running by then.
    const { Socket } = process.getBuiltinModule('node:net');
    const options = { readable: true, writable: false, onread: { buffer, callback } };
    this.#socket = isTerminal ? new ReadStream(fd, options) : new Socket({ fd, ...options });
    this.#socket.once('end', () => this.#finish());
    this.#socket.once('close', () => this.#finish());
    // A pipe that cannot be read is as good as ended; `close` follows. So ends a terminal: with EIO, once nobody is
    // left on its other side (pty(7), ioctl_tty(2)).
    this.#socket.on('error', () => {});
    this.#socket.resume();
  }

  resume(): void {
    if (this.#flood?.resume() !== true) this.#socket.resume();
  }

  /** Hands on all that is in the pipe now, even to one who asked for a pause. */
  catchUp(): void {
    this.#flood?.catchUp();
    // The descriptor is closed once the socket is destroyed.
    for (let read = 0; read < MAX_CAUGHT_UP_BYTES && !this.#socket.destroyed; ) {
      const count = this.#readNow();
      if (count === 0) return;
      read += count;
      this.#taker.onData(this.#buffer.subarray(0, count));
    }
  }

  /** As if the last writer had closed it: what is in it is handed on. */
  end(): void {
    this.catchUp();
    this.#finish();
  }

  #finish(): void {
    this.close();
    this.#taker.onEnd();
  }

  /** @returns 0 if there is nothing now (EAGAIN), or nothing any more. */
  #readNow(): number {
    try {
      return readSync(this.#fd, this.#buffer);
    } catch {
      return 0;
    }
  }

  /** Nobody wants what else may come; a writer gets SIGPIPE. */
  close(): void {
    this.#flood?.close();
    this.#socket.removeAllListeners('end').removeAllListeners('close');
    this.#socket.destroy();
  }
}
