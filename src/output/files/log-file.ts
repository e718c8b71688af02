/**
 * A regular file that processes' output is appended to: in order, one write at a time, rotated by size between lines.
 * Several streams may share it. Nothing is lost while it can be written to: a reader is told to pause, and the
 * process then blocks on its own file as with `> file`. While it cannot (the disk is full), processes go on: what
 * waits is held up to a bound and written when there is room again, and what does not fit is counted.
 */

import { OpenedFile, writeSome } from '../../files/open-descriptor.ts';
import type { Cancel, Clock } from '../../supervisor/ports.ts';
import type { OutputSource } from '../instance-output.ts';
import type { BlockPool } from '../memory/block-pool.ts';
import { ByteQueue } from '../memory/byte-queue.ts';
import { errorText } from '../sinks/error-text.ts';
import {
  closeFile,
  isDeleted,
  isStillThere,
  type OpenFile,
  openForAppend,
  openSuccessor,
} from '../sinks/open-file.ts';
import type { FileReports, FileWriter, KeepBlock, OutputFile, RotationRules } from '../sinks/output-file.ts';
import { FileLines } from './file-lines.ts';
import { compressFile, removeOldest, rotateFiles } from './rotation.ts';
import { isNewInterval } from './rotation-schedule.ts';

const BACKLOG_BYTES = 1_048_576;
const BACKLOG_WHEN_CROWDED_BYTES = 65_536;
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;
/** A line may exceed the file's size by so much before it is cut in two. */
const LONGEST_LAST_LINE_BYTES = 4_096;

/** A process that prints in small pieces without end gets few large writes: so soon after one, what comes is gathered. */
const GATHER_MS = 2;
const GATHER_BYTES = 65_536;
/** A block that is half full: below that, copying costs less than the memory that would stand empty. */
const WORTH_KEEPING_BYTES = 131_072;

/** How often it is looked whether the file still has a name. */
const LOOK_EVERY_MS = 1_000;

/** Since when and how badly writing fails. */
interface Failure {
  retryMs: number;
  cancelRetry: Cancel;
}

export interface LogFilePorts {
  readonly clock: Pick<Clock, 'now' | 'wallTime' | 'after'>;
  readonly pool: BlockPool;
  readonly reports: FileReports;
}

export class LogFile implements OutputFile {
  readonly #path: string;
  readonly #ports: LogFilePorts;
  readonly #queue: ByteQueue;
  readonly #lines: FileLines;
  #open: OpenFile;
  /** Takes the place of `#open` once the write under way is done. */
  #next: OpenFile | undefined;
  #rules: RotationRules;
  #size: number;
  /** Size at which to rotate. */
  #rotateAt = Number.POSITIVE_INFINITY;
  /** Epoch milliseconds of the beginning of what is in it, as far as it is known. */
  #since: number;
  #lookedAt: number;
  #cannotBeMade = false;
  #isAtLineStart = true;
  #isBusy = false;
  #lastWriteAt = Number.NEGATIVE_INFINITY;
  #cancelGathering: Cancel | undefined;
  #failure: Failure | undefined;
  #cannotRotate = false;
  /** A rotation that just failed is not tried again before something was written. */
  #mustWriteFirst = false;
  #droppedBytes = 0;
  #removing: Promise<void> = Promise.resolve();
  #compressing: Promise<void> = Promise.resolve();
  #isClosing = false;
  readonly #drainWaiters = new Set<() => void>();
  #idleWaiters: (() => void)[] = [];

  constructor(path: string, open: OpenFile, rules: RotationRules, ports: LogFilePorts) {
    this.#path = path;
    this.#open = open;
    this.#size = open.size;
    this.#since = open.writtenAt;
    this.#rules = rules;
    this.#ports = ports;
    this.#lookedAt = ports.clock.now();
    this.#queue = new ByteQueue(ports.pool);
    this.#lines = new FileLines({
      clock: ports.clock,
      pool: ports.pool,
      write: (bytes, keep) => this.write(bytes, keep),
      onDrain: (resume) => this.onDrain(resume),
    });
    this.useRules(rules);
  }

  get rules(): RotationRules {
    return this.#rules;
  }

  /** The file it goes on in. */
  get open(): OpenFile {
    return this.#next ?? this.#open;
  }

  useRules(rules: RotationRules): void {
    this.#rules = rules;
    this.#rotateAt = rules.maxSizeBytes ?? Number.POSITIVE_INFINITY;
  }

  writerFor(_source: OutputSource, resume: () => void): FileWriter {
    return this.#lines.writerFor(resume);
  }

  hurry(): void {
    this.#lines.flush();
  }

  /** @returns false if the writer should pause; `onDrain` calls back when to continue. */
  write(bytes: Uint8Array, keep?: KeepBlock): boolean {
    const isWorthIt = bytes.length >= WORTH_KEEPING_BYTES && !this.#ports.pool.isCrowded;
    const isKept = keep !== undefined && isWorthIt;
    if (isKept) this.#queue.adopt(keep(), bytes.length);
    else this.#queue.append(bytes);
    if (!this.#isBusy) this.#dropExcess();
    // The next blocks come in the same turn, and go into the same write.
    if (isKept && !this.#isBusy) queueMicrotask(() => this.#work());
    else this.#work();
    return this.#failure !== undefined || this.#queue.length < this.#bound;
  }

  onDrain(resume: () => void): void {
    this.#drainWaiters.add(resume);
  }

  /** Goes on in another file of the same path once what is under way is written: somebody moved the old one. */
  replace(open: OpenFile): void {
    if (this.#next !== undefined) closeFile(this.#next);
    this.#next = open;
    this.#work();
    this.#retryNow();
  }

  idle(): Promise<void> {
    if (!this.#isBusy && this.#queue.length === 0) return this.#removing;
    const settled = new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
    this.#retryNow();
    this.#work();
    return settled.then(() => this.#removing);
  }

  tellUnwritten(): void {
    if (this.#failure !== undefined && !this.#isBusy) {
      this.#droppedBytes += this.#queue.length;
      this.#queue.drop(this.#queue.length);
    }
    this.#tellDropped();
  }

  async close(): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#lines.flush();
    await this.idle();
    this.#failure?.cancelRetry();
    this.tellUnwritten();
    closeFile(this.#open);
    if (this.#next !== undefined) closeFile(this.#next);
  }

  get #bound(): number {
    return this.#ports.pool.isCrowded ? BACKLOG_WHEN_CROWDED_BYTES : BACKLOG_BYTES;
  }

  #work(): void {
    if (this.#isBusy) return;
    if (this.#queue.length > 0) this.#lookForFile();
    if (this.#next !== undefined) this.#swap();
    if (this.#queue.length === 0) this.#settle();
    else if (this.#failure === undefined && !this.#isGathering()) this.#advance();
  }

  /** One that was deleted is made again, or what is printed from then on would go nowhere. */
  #lookForFile(): void {
    const now = this.#ports.clock.now();
    if (now - this.#lookedAt < LOOK_EVERY_MS) return;
    this.#lookedAt = now;
    if (this.#next !== undefined || !isDeleted(this.#open.fd)) return;
    const { reports } = this.#ports;
    try {
      this.#next = openForAppend(this.#path, this.#rules.access);
      if (!this.#cannotBeMade) reports.onFailed('it was deleted');
      this.#cannotBeMade = false;
      reports.onRestored();
    } catch (error) {
      if (!this.#cannotBeMade)
        reports.onFailed(`it was deleted and cannot be made again: ${errorText(error)}`);
      this.#cannotBeMade = true;
    }
  }

  #isGathering(): boolean {
    const { clock } = this.#ports;
    const isSoon = clock.now() - this.#lastWriteAt < GATHER_MS;
    if (!isSoon || this.#queue.length >= GATHER_BYTES || this.#idleWaiters.length > 0) return false;
    this.#cancelGathering ??= clock.after(GATHER_MS, () => {
      this.#cancelGathering = undefined;
      this.#lastWriteAt = Number.NEGATIVE_INFINITY;
      this.#work();
    });
    return true;
  }

  #advance(): void {
    this.#isBusy = true;
    this.#cancelGathering?.();
    this.#cancelGathering = undefined;
    const count = this.#countBeforeRotation();
    if (count === 0) void this.#rotate();
    else this.#write(count);
  }

  /** How much may be written to this file; 0: rotate first. Lines stay whole where they can. */
  #countBeforeRotation(): number {
    const waiting = this.#queue.length;
    this.#lookAtCalendar();
    const room = this.#rotateAt - this.#size;
    if (waiting <= room) return waiting;
    const lines = room > 0 ? this.#queue.wholeLinesWithin(room) : 0;
    if (lines > 0) return lines;
    const mayRotate = !this.#mustWriteFirst && this.#size > 0;
    if (mayRotate && (this.#isAtLineStart || room <= -LONGEST_LAST_LINE_BYTES)) return 0;
    const longest = Math.max(0, room) + LONGEST_LAST_LINE_BYTES;
    return this.#queue.firstLineWithin(longest) || Math.min(longest, waiting);
  }

  #lookAtCalendar(): void {
    const { rotateEveryMs } = this.#rules;
    const now = this.#ports.clock.wallTime();
    if (this.#size === 0) this.#since = now;
    else if (rotateEveryMs !== undefined && isNewInterval(rotateEveryMs, this.#since, now))
      this.#rotateAt = Math.min(this.#rotateAt, this.#size);
  }

  #write(count: number): void {
    writeSome(this.#open, this.#queue.peek(count), (error, written) => {
      this.#isBusy = false;
      this.#mustWriteFirst = false;
      this.#lastWriteAt = this.#ports.clock.now();
      if (error === null && written > 0) {
        this.#size += written;
        this.#isAtLineStart = this.#queue.endsLine(written);
        this.#queue.drop(written);
        this.#recovered();
        this.#work();
      } else this.#failed(error);
    });
  }

  /** ENOSPC, EDQUOT, EIO, EFBIG, …: tried again, so that nothing is lost when it heals in time. */
  #failed(error: NodeJS.ErrnoException | null): void {
    if (this.#failure === undefined) this.#ports.reports.onFailed(errorText(error ?? new Error('no room')));
    const retryMs = Math.min((this.#failure?.retryMs ?? FIRST_RETRY_MS / 2) * 2, LONGEST_RETRY_MS);
    const cancelRetry = this.#ports.clock.after(retryMs, () => this.#retryNow());
    this.#failure = { retryMs, cancelRetry };
    this.#dropExcess();
    // Also while it lasts, at each try: a disk may be full for days.
    this.#tellDropped();
    this.#resumeWriters();
    this.#settle();
  }

  #retryNow(): void {
    if (this.#failure === undefined || this.#isBusy) return;
    this.#failure.cancelRetry();
    if (this.#next !== undefined) this.#swap();
    if (this.#queue.length > 0) this.#advance();
  }

  #recovered(): void {
    if (this.#failure !== undefined) {
      this.#failure.cancelRetry();
      this.#failure = undefined;
      this.#ports.reports.onRestored();
      this.#tellDropped();
    }
    if (this.#queue.length <= this.#bound / 2) this.#resumeWriters();
  }

  #resumeWriters(): void {
    const waiters = [...this.#drainWaiters];
    this.#drainWaiters.clear();
    for (const resume of waiters) resume();
  }

  /** Only while writing fails, and never under a write: its bytes are still the queue's. */
  #dropExcess(): void {
    if (this.#failure === undefined) return;
    const excess = this.#queue.length - this.#bound;
    if (excess <= 0) return;
    this.#queue.drop(excess);
    this.#droppedBytes += excess;
  }

  #tellDropped(): void {
    const bytes = this.#droppedBytes;
    this.#droppedBytes = 0;
    if (bytes > 0) this.#ports.reports.onDropped(bytes, `${this.#path} could not be written to`);
  }

  #settle(): void {
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  async #rotate(): Promise<void> {
    try {
      // The file before must have its final name before the next one takes it.
      await this.#removing;
      await this.#compressing;
      const rotated = this.#open;
      const { realPath } = rotated;
      const facts = await new OpenedFile(rotated).facts();
      if (this.#wasTruncated(facts.size)) {
        this.#beginCounting();
        return;
      }
      if (await isStillThere(realPath, rotated)) await rotateFiles(realPath, this.#rules.maxFiles);
      const successor = await openSuccessor(this.#path, facts, this.#rules.access);
      // Somebody may have moved the file meanwhile, too.
      if (this.#next === undefined) this.#next = successor;
      else closeFile(successor);
      this.#swap();
      if (this.#cannotRotate) this.#ports.reports.onRestored();
      this.#cannotRotate = false;
      this.#remove(realPath);
      if (this.#rules.compress && this.#rules.maxFiles > 0) this.#compress(`${realPath}.1`, rotated);
    } catch (error) {
      // Better one long file than lost lines: written on, and tried again after as much again.
      this.#since = this.#ports.clock.wallTime();
      this.#rotateAt = this.#size + (this.#rules.maxSizeBytes ?? Number.POSITIVE_INFINITY);
      this.#mustWriteFirst = true;
      if (!this.#cannotRotate) this.#ports.reports.onFailed(`cannot rotate it: ${errorText(error)}`);
      this.#cannotRotate = true;
    } finally {
      this.#isBusy = false;
      // A retry may have begun with this rotation: it goes on.
      if (this.#failure !== undefined && this.#queue.length > 0) this.#advance();
      else this.#work();
    }
  }

  /** logrotate's `copytruncate`, or a person's `> file`. */
  #wasTruncated(size: number): boolean {
    const isShorter = size < this.#size;
    this.#size = size;
    return isShorter && size < this.#rotateAt;
  }

  #beginCounting(): void {
    this.#since = this.#ports.clock.wallTime();
    this.useRules(this.#rules);
  }

  /** Beside the writing, as it takes long with a large file. */
  #remove(path: string): void {
    const { reports } = this.#ports;
    this.#removing = removeOldest(path, this.#rules.maxFiles).catch((error: unknown) =>
      reports.onFailed(
        `cannot remove what is older than ${path}.${this.#rules.maxFiles}: ${errorText(error)}`,
      ),
    );
  }

  /** Beside the writing, not before it: a gigabyte takes seconds. */
  #compress(path: string, rotated: OpenFile): void {
    this.#compressing = compressFile(path, undefined, rotated).catch((error: unknown) =>
      this.#ports.reports.onFailed(`cannot compress ${path}: ${errorText(error)}`),
    );
  }

  #swap(): void {
    if (this.#next === undefined) return;
    closeFile(this.#open);
    this.#open = this.#next;
    this.#next = undefined;
    this.#size = this.#open.size;
    this.#since = this.#open.writtenAt;
    this.#isAtLineStart = true;
    this.useRules(this.#rules);
  }
}
