/** Reading and writing a file that is open. A device that hangs keeps threads of its own waiting, not Node's. */

import { type FileAnswer, native } from '../system/native.ts';
import { FileError } from './file-error.ts';
import { closeLater, laneOf } from './safe-files.ts';

export interface Descriptor {
  readonly fd: number;
  /** Its number, as in stat(2). */
  readonly dev: number;
}

/** As writev(2): perhaps not all of it. Calls back once. */
export function writeSome(
  { fd, dev }: Descriptor,
  buffers: readonly Uint8Array[],
  done: (error: NodeJS.ErrnoException | null, written: number) => void,
): void {
  native().writeLater(fd, laneOf(dev), buffers, (answer) => {
    if (typeof answer === 'number') done(null, answer);
    else done(failureOf(answer), 0);
  });
}

/** An open file as the journal and rotations use it. */
export class OpenedFile {
  readonly #file: Descriptor;
  #isClosed = false;

  constructor(file: Descriptor) {
    this.#file = { fd: file.fd, dev: file.dev };
  }

  async writeAll(bytes: Uint8Array): Promise<void> {
    for (let from = 0; from < bytes.length; ) from += await this.write(bytes.subarray(from));
  }

  /** As write(2): perhaps not all of it. @returns how much. */
  async write(bytes: Uint8Array): Promise<number> {
    return await new Promise((resolve, reject) => {
      writeSome(this.#file, [bytes], (error, written) => (error === null ? resolve(written) : reject(error)));
    });
  }

  /** @param position in the file; undefined: where the last reading ended. @returns 0 at its end. */
  async read(buffer: Uint8Array, position?: number): Promise<number> {
    const { fd } = this.#file;
    const offset = position === undefined ? {} : { offset: position };
    return (await this.#call({ work: 'readAt', fd, buffers: [buffer], ...offset })).count;
  }

  /** What it holds is on the disk then (fsync(2)). */
  async sync(): Promise<void> {
    await this.#call({ work: 'sync', fd: this.#file.fd });
  }

  async facts(): Promise<FileAnswer> {
    return await this.#call({ work: 'statFd', fd: this.#file.fd });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    closeLater(this.#file.fd, this.#file.dev);
  }

  #call(request: Parameters<ReturnType<typeof native>['fileLater']>[0]): Promise<FileAnswer> {
    return new Promise((resolve, reject) => {
      native().fileLater({ ...request, lane: laneOf(this.#file.dev) }, (answer) => {
        const failure = failureOf(answer);
        if (failure === null) resolve(answer);
        else reject(failure);
      });
    });
  }
}

function failureOf(answer: FileAnswer): FileError | null {
  const { errno, number = 0 } = answer;
  return errno === undefined ? null : new FileError({ errno, number, why: '', at: '' }, 'an open file', 0);
}
