/**
 * A file that processes' output is appended to: in order, one write at a time, rotated by size. Several streams may
 * share it. While the disk is full, what waits is held up to a bound and written when there is room again.
 */

import { closeSync, constants, fstatSync, openSync, writev } from 'node:fs';
import { rotateFiles } from './rotation.ts';

/** Above this a reader is told to pause: the process then blocks on its own file, as with `> file`. */
const BACKLOG_BYTES = 1_048_576;
const RETRY_MS = 1_000;
/** As a shell's redirection makes it, less the umask. */
const NEW_FILE_MODE = 0o644;

export interface RotationRules {
  readonly maxSizeBytes: number | undefined;
  readonly maxFiles: number;
  readonly compress: boolean;
}

export interface LogFileReports {
  /** Writing fails; told once until it works again. */
  readonly onFailed: (message: string) => void;
  readonly onRestored: () => void;
  readonly onDropped: (bytes: number) => void;
}

export class LogFile {
  readonly path: string;
  rules: RotationRules;
  readonly #reports: LogFileReports;
  #fd: number;
  #size: number;
  #mayRotate: boolean;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #isBusy = false;
  #isFailing = false;
  #wantsReopen = false;
  readonly #drainWaiters = new Set<() => void>();
  #idleWaiters: (() => void)[] = [];

  /** Opens or makes the file. Throws what open(2) says. */
  constructor(path: string, rules: RotationRules, reports: LogFileReports) {
    this.path = path;
    this.rules = rules;
    this.#reports = reports;
    const opened = openForAppend(path);
    this.#fd = opened.fd;
    this.#size = opened.size;
    this.#mayRotate = opened.isRegular;
  }

  /**
   * @param bytes kept until written.
   * @returns false where the writer should pause; `onDrain` tells when to go on.
   */
  write(bytes: Buffer): boolean {
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    if (this.#isFailing) this.#dropExcess();
    this.#work();
    return this.#isFailing || this.#queuedBytes < BACKLOG_BYTES;
  }

  onDrain(resume: () => void): void {
    this.#drainWaiters.add(resume);
  }

  /** Closes and opens the path anew once what is under way is written: somebody moved the file (logrotate). */
  reopen(): void {
    this.#wantsReopen = true;
    this.#work();
  }

  /** Resolves when nothing waits to be written. */
  idle(): Promise<void> {
    if (!this.#isBusy && this.#queue.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  /** Writes what waits, then closes. */
  async close(): Promise<void> {
    await this.idle();
    closeSync(this.#fd);
  }

  #work(): void {
    if (this.#isBusy || this.#isFailing) return;
    if (this.#wantsReopen) this.#openAnew();
    if (this.#queue.length === 0) {
      for (const resolve of this.#idleWaiters.splice(0)) resolve();
      return;
    }
    this.#isBusy = true;
    if (this.#isFull()) void this.#rotate();
    else this.#writeBatch(this.#queue.splice(0));
  }

  #isFull(): boolean {
    const { maxSizeBytes } = this.rules;
    return this.#mayRotate && maxSizeBytes !== undefined && this.#size > 0 && this.#size >= maxSizeBytes;
  }

  #writeBatch(batch: Buffer[]): void {
    writev(this.#fd, batch, null, (error, written) => {
      const done = error === null ? written : 0;
      this.#size += done;
      this.#queuedBytes -= done;
      const rest = dropFirst(batch, done);
      if (rest.length > 0) this.#queue.unshift(...rest);
      this.#isBusy = false;
      if (error !== null) this.#fail(error);
      else this.#recovered();
      this.#work();
    });
  }

  /** ENOSPC, EDQUOT, EIO, …: try again now and then, so that nothing is lost when it heals in time. */
  #fail(error: NodeJS.ErrnoException): void {
    if (error.code === 'EINTR' || error.code === 'EAGAIN') return;
    if (!this.#isFailing) this.#reports.onFailed(error.message);
    this.#isFailing = true;
    this.#resumeWriters();
    setTimeout(() => this.#tryAgain(), RETRY_MS).unref();
  }

  #tryAgain(): void {
    if (this.#isBusy || this.#queue.length === 0) return;
    this.#isBusy = true;
    const first = this.#queue.shift();
    if (first !== undefined) this.#writeBatch([first]);
  }

  #recovered(): void {
    if (this.#isFailing) {
      this.#isFailing = false;
      this.#reports.onRestored();
    }
    if (this.#queuedBytes < BACKLOG_BYTES / 2) this.#resumeWriters();
  }

  #resumeWriters(): void {
    for (const resume of this.#drainWaiters) resume();
    this.#drainWaiters.clear();
  }

  #dropExcess(): void {
    let dropped = 0;
    while (this.#queuedBytes > BACKLOG_BYTES && this.#queue.length > 1) {
      const oldest = this.#queue.shift();
      dropped += oldest?.length ?? 0;
      this.#queuedBytes -= oldest?.length ?? 0;
    }
    if (dropped > 0) this.#reports.onDropped(dropped);
  }

  async #rotate(): Promise<void> {
    try {
      await rotateFiles(this.path, this.rules);
      this.#openAnew();
    } catch (error) {
      // Better one long file than lost lines: written on, and tried again only after as much again.
      this.#size = 0;
      this.#reports.onFailed(`cannot rotate: ${(error as Error).message}`);
    }
    this.#isBusy = false;
    this.#work();
  }

  #openAnew(): void {
    this.#wantsReopen = false;
    try {
      const opened = openForAppend(this.path);
      closeSync(this.#fd);
      this.#fd = opened.fd;
      this.#size = opened.size;
      this.#mayRotate = opened.isRegular;
    } catch (error) {
      // The old descriptor still takes what is written, wherever the file is now.
      this.#reports.onFailed(`cannot reopen: ${(error as Error).message}`);
    }
  }
}

/** O_NONBLOCK: opening a FIFO that nobody reads must fail, not wait for a reader (fifo(7)). */
function openForAppend(path: string): { fd: number; size: number; isRegular: boolean } {
  const flags =
    constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK | constants.O_NOCTTY;
  const fd = openSync(path, flags, NEW_FILE_MODE);
  const { size } = fstatSync(fd);
  return { fd, size, isRegular: fstatSync(fd).isFile() };
}

/** @returns what is left of the buffers after so many bytes. */
function dropFirst(buffers: readonly Buffer[], bytes: number): Buffer[] {
  let left = bytes;
  const rest: Buffer[] = [];
  for (const buffer of buffers) {
    if (left >= buffer.length) left -= buffer.length;
    else {
      rest.push(left === 0 ? buffer : buffer.subarray(left));
      left = 0;
    }
  }
  return rest;
}
