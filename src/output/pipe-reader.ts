/** Reads our end of a pipe as fast as its taker allows. */

import type { Socket } from 'node:net';

const READ_BYTES = 65_536;

export interface PipeTaker {
  /** @param bytes valid during the call only. @returns false to be left alone until `resume`. */
  readonly onData: (bytes: Buffer) => boolean;
  /** The last writer closed it, or reading failed. Called once, not after `close`. */
  readonly onEnd: () => void;
}

/** Opens readers that share one buffer: each read is handed on before the next one is made. */
export class PipeReaders {
  #buffer: Buffer | undefined;

  /** Takes ownership of the descriptor. */
  open(fd: number, taker: PipeTaker): PipeReader {
    this.#buffer ??= Buffer.allocUnsafeSlow(READ_BYTES);
    return new PipeReader(fd, this.#buffer, taker);
  }
}

export class PipeReader {
  readonly #socket: Socket;
  readonly #onEnd: () => void;

  constructor(fd: number, buffer: Buffer, taker: PipeTaker) {
    const callback = (count: number): boolean => taker.onData(buffer.subarray(0, count));
    // Loaded with the first pipe, not with this module: the first process is running by then.
    const { Socket } = process.getBuiltinModule('node:net');
    this.#socket = new Socket({ fd, readable: true, writable: false, onread: { buffer, callback } });
    this.#onEnd = taker.onEnd;
    this.#socket.once('end', () => this.end());
    this.#socket.once('close', () => this.end());
    // A pipe that cannot be read is as good as ended; `close` follows.
    this.#socket.on('error', () => {});
    this.#socket.resume();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** As if the last writer had closed it. */
  end(): void {
    this.close();
    this.#onEnd();
  }

  /** Nobody wants what else may come; a writer gets SIGPIPE. */
  close(): void {
    this.#socket.removeAllListeners('end').removeAllListeners('close');
    this.#socket.destroy();
  }
}
