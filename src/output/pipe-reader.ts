/** Reads our end of a pipe as fast as its taker allows. */

import type { Socket } from 'node:net';
import { Flood } from './flood.ts';
import type { Floods } from './floods.ts';
import type { KeepBlock } from './output-file.ts';

const READ_BYTES = 65_536;

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
  readonly #onEnd: () => void;
  readonly #flood: Flood | undefined;

  constructor(fd: number, buffer: Buffer, taker: PipeTaker, floods: Floods | undefined) {
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
    this.#onEnd = taker.onEnd;
    this.#socket.once('end', () => this.end());
    this.#socket.once('close', () => this.end());
    // A pipe that cannot be read is as good as ended; `close` follows. So ends a terminal: with EIO, once nobody is
    // left on its other side (pty(7), ioctl_tty(2)).
    this.#socket.on('error', () => {});
    this.#socket.resume();
  }

  resume(): void {
    if (this.#flood?.resume() !== true) this.#socket.resume();
  }

  /** Hands on what is in the pipe before anything else is read elsewhere. */
  catchUp(): void {
    this.#flood?.catchUp();
  }

  /** As if the last writer had closed it. */
  end(): void {
    this.catchUp();
    this.close();
    this.#onEnd();
  }

  /** Nobody wants what else may come; a writer gets SIGPIPE. */
  close(): void {
    this.#flood?.close();
    this.#socket.removeAllListeners('end').removeAllListeners('close');
    this.#socket.destroy();
  }
}
