/** A FIFO of which the test reads as much as it wants, when it wants. */

import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryFolder } from './temporary-folder.ts';

export class HeldReader {
  readonly path: string;
  readonly #fd: number;
  readonly #parts: Buffer[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(t: TestContext) {
    this.path = join(temporaryFolder(t), 'fifo');
    execFileSync('mkfifo', ['--mode=666', this.path]);
    this.#fd = openSync(this.path, constants.O_RDONLY | constants.O_NONBLOCK);
    t.after(() => {
      this.stop();
      closeSync(this.#fd);
    });
  }

  /** For `EngineRun`: the engine's standard output, or with `2>&1` both. */
  wrapper(redirection: string): [string, ...string[]] {
    return ['sh', '-c', `exec "$0" "$@" ${redirection}`];
  }

  /** All that was read so far. */
  get text(): string {
    return Buffer.concat(this.#parts).toString();
  }

  get lines(): readonly string[] {
    return this.text.split('\n').slice(0, -1);
  }

  /** @returns how much there was of it. */
  take(most: number): number {
    const buffer = Buffer.alloc(most);
    try {
      const count = readSync(this.#fd, buffer);
      this.#parts.push(buffer.subarray(0, count));
      return count;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      return 0;
    }
  }

  /** Reads so much every few milliseconds, until `stop`. */
  keepTaking(most: number, everyMs: number): void {
    this.#timer = setInterval(() => this.take(most), everyMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
