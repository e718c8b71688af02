/**
 * Writes the journal's files, one after the other, never waiting for the disk: what comes meanwhile is queued in
 * bounds. A disk that is full or fails costs lines, and is told once.
 */

import { join } from 'node:path';
import { OpenedFile } from '../files/open-descriptor.ts';
import { fileLater, makeDirectories } from '../files/safe-files.ts';
import type { EventStream } from '../supervisor/events/event-stream.ts';
import type { Cancel, Clock } from '../supervisor/ports/clock.ts';
import { sizeOf } from './memory-store.ts';
import { countOf, entriesOf, type JournalItem } from './output-block.ts';
import { IndexBuilder } from './segment-index.ts';
import { type SegmentName, segmentName } from './segment-name.ts';

/** Lines of this time are written together; what a crash can cost. */
const FLUSH_MS = 100;
/** After a failure. */
const RETRY_MS = 5_000;
const MOST_QUEUED_BYTES = 4 * 2 ** 20;
const WRITE_BYTES = 256 * 1024;
const DIRECTORY_MODE = 0o750;
const FILE_MODE = 0o640;

export interface WriterPorts {
  readonly clock: Clock;
  readonly events: EventStream;
  readonly directory: string;
  readonly segmentBytes: () => number;
  /** A file is full, or was given up: nothing is written to it any more. */
  readonly onSealed: (segment: OpenSegment) => Promise<void>;
}

export interface OpenSegment extends SegmentName {
  readonly index: IndexBuilder;
}

interface Line {
  readonly entry: { readonly id: number; readonly time: number };
  readonly bytes: Buffer;
}

export class SegmentWriter {
  readonly #ports: WriterPorts;
  #queue: JournalItem[] = [];
  #queuedBytes = 0;
  /** Taken from the queue, to be written next. */
  #lines: Line[] = [];
  #current: (OpenSegment & { readonly file: OpenedFile }) | undefined;
  #lastTime: number;
  #cancelTimer: Cancel | undefined;
  #writing: Promise<void> | undefined;
  #hasFailed = false;
  #lost = 0;

  /** @param lastTime of the name of the newest file there is. */
  constructor(ports: WriterPorts, lastTime: number) {
    this.#ports = ports;
    this.#lastTime = lastTime;
  }

  /** The file that is written to, as far as it has been written. */
  get current(): OpenSegment | undefined {
    return this.#current;
  }

  append(item: JournalItem): void {
    const bytes = sizeOf(item);
    if (this.#queuedBytes + bytes > MOST_QUEUED_BYTES) {
      this.#lost += countOf(item);
      return;
    }
    this.#queue.push(item);
    this.#queuedBytes += bytes;
    this.#schedule(this.#hasFailed ? RETRY_MS : FLUSH_MS);
  }

  lose(count: number): void {
    this.#lost += count;
  }

  /** Writes what is queued, and ends the file. */
  async close(): Promise<void> {
    this.#cancelTimer?.();
    await this.#writing;
    await this.#write();
    await this.#seal();
  }

  #schedule(afterMs: number): void {
    if (this.#writing !== undefined || this.#cancelTimer !== undefined) return;
    this.#cancelTimer = this.#ports.clock.after(afterMs, () => {
      this.#cancelTimer = undefined;
      this.#writing = this.#write().finally(() => {
        this.#writing = undefined;
        if (this.#isBehind) this.#schedule(this.#hasFailed ? RETRY_MS : 0);
      });
    });
  }

  get #isBehind(): boolean {
    return this.#queue.length > 0 || this.#lines.length > 0;
  }

  /** Makes lines of about as much as is written at once; what was not written yet comes first. */
  #takeLines(): void {
    if (this.#lines.length > 0) return;
    let bytes = 0;
    let taken = 0;
    while (bytes < WRITE_BYTES && taken < this.#queue.length) {
      const item = this.#queue[taken];
      taken += 1;
      if (item === undefined) continue;
      this.#queuedBytes -= sizeOf(item);
      for (const entry of entriesOf(item)) {
        const line = { entry, bytes: Buffer.from(`${JSON.stringify(entry)}\n`) };
        bytes += line.bytes.length;
        this.#lines.push(line);
      }
    }
    this.#queue = this.#queue.slice(taken);
  }

  /** Never rejects. */
  async #write(): Promise<void> {
    try {
      while (this.#isBehind) {
        this.#takeLines();
        this.#current ??= await this.#open();
        await this.#writeSome(this.#current);
        if (this.#current.index.bytes >= this.#ports.segmentBytes()) await this.#seal();
      }
      this.#tellCaughtUp();
    } catch (error) {
      this.#tellFailed(error as Error);
      // What was torn stays behind in the old file: the next line begins a new one.
      await this.#seal();
    }
  }

  async #writeSome({ file, index }: OpenSegment & { readonly file: OpenedFile }): Promise<void> {
    let bytes = 0;
    const room = Math.min(WRITE_BYTES, this.#ports.segmentBytes() - index.bytes);
    const lines = this.#lines.slice(0, countUpTo(this.#lines, room));
    const buffer = Buffer.concat(lines.map((line) => line.bytes));
    try {
      while (bytes < buffer.length) {
        bytes += await file.write(buffer.subarray(bytes));
      }
    } finally {
      // Of a write that failed half-way the whole lines are there.
      let written = 0;
      let taken = 0;
      for (const line of lines) {
        written += line.bytes.length;
        if (written > bytes) break;
        index.add(line.entry, line.bytes.length);
        taken += 1;
      }
      this.#lines = this.#lines.slice(taken);
    }
  }

  async #open(): Promise<OpenSegment & { readonly file: OpenedFile }> {
    const { directory } = this.#ports;
    const [first] = this.#lines;
    // Names go on with ids even where the clock was set back.
    const time = Math.max(first?.entry.time ?? 0, this.#lastTime);
    const name = segmentName(time, first?.entry.id ?? 0);
    await makeDirectories(directory, DIRECTORY_MODE);
    const path = join(directory, name.name);
    const file = new OpenedFile(
      await fileLater({ work: 'append', path, regularOnly: true, mode: FILE_MODE }),
    );
    this.#lastTime = time;
    return { ...name, file, index: new IndexBuilder() };
  }

  /** Never rejects. */
  async #seal(): Promise<void> {
    const current = this.#current;
    if (current === undefined) return;
    this.#current = undefined;
    // Handed over in the same turn: a query finds it in one place or the other.
    const handedOver = this.#ports.onSealed(current);
    current.file.close();
    await handedOver;
  }

  #tellFailed(error: Error): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    const { directory, events } = this.#ports;
    events.emit('journal_failed', { path: directory, message: error.message });
  }

  #tellCaughtUp(): void {
    const lost = this.#lost;
    const { directory: path, events } = this.#ports;
    this.#lost = 0;
    if (this.#hasFailed) events.emit('journal_restored', { path, lost });
    else if (lost > 0) events.emit('journal_dropped', { path, lines: lost });
    this.#hasFailed = false;
  }
}

/** How many lines from the front take no more than so many bytes; at least one. */
function countUpTo(lines: readonly Line[], most: number): number {
  let bytes = 0;
  let count = 0;
  for (const line of lines) {
    bytes += line.bytes.length;
    if (bytes > most && count > 0) break;
    count += 1;
  }
  return count;
}
