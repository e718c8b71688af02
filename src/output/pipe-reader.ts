/** Reads our end of a pipe as fast as its taker allows. */

import { Socket } from 'node:net';

const READ_BYTES = 65_536;

export interface PipeTaker {
  /** @param bytes valid during the call only. @returns false to be left alone until `resume`. */
  readonly onData: (bytes: Buffer) => boolean;
  /** The last writer closed it, or reading failed. Called once, not after `close`. */
  readonly onEnd: () => void;
}

/** Opens readers that share one buffer: each read is handed on before the next one is made. */
export class PipeReaders {
  readonly #buffer = Buffer.allocUnsafeSlow(READ_BYTES);

  /** Takes ownership of the descriptor. */
  open(fd: number, taker: PipeTaker): PipeReader {
    return new PipeReader(fd, this.#buffer, taker);
  }
}

export class PipeReader {
  readonly #socket: Socket;

  constructor(fd: number, buffer: Buffer, taker: PipeTaker) {
    const options = {
      fd,
      readable: true,
      writable: false,
      onread: { buffer, callback: (bytes: number) => taker.onData(buffer.subarray(0, bytes)) },
    };
    this.#socket = new Socket(options);
    const end = (): void => {
      this.#socket.removeAllListeners('end').removeAllListeners('close');
      this.#socket.destroy();
      taker.onEnd();
    };
    this.#socket.once('end', end);
    this.#socket.once('close', end);
    // A pipe that cannot be read is as good as ended; `close` follows.
    this.#socket.on('error', () => {});
    this.#socket.resume();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Nobody wants what else may come; a writer gets SIGPIPE. */
  close(): void {
    this.#socket.removeAllListeners('end').removeAllListeners('close');
    this.#socket.destroy();
  }
}
