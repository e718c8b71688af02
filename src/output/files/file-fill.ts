/** How full a file is, and how much may be written to it before it must be rotated: by size and by the calendar. */

import type { ByteQueue } from '../memory/byte-queue.ts';
import type { OpenFile } from '../sinks/open-file.ts';
import type { RotationRules } from '../sinks/output-file.ts';
import { isNewInterval } from './rotation-schedule.ts';

/** A line may exceed the file's size by this much before it is cut in two. */
const MAX_LAST_LINE_BYTES = 4_096;

export class FileFill {
  #rules: RotationRules;
  #size = 0;
  /** Size at which to rotate. */
  #rotateAt = Number.POSITIVE_INFINITY;
  /** Epoch milliseconds of the beginning of what is in it, as far as it is known. */
  #since = 0;
  #isAtLineStart = true;
  /** A rotation that just failed is not tried again before something was written. */
  #mustWriteFirst = false;

  constructor(open: OpenFile, rules: RotationRules) {
    this.#rules = rules;
    this.begin(open);
  }

  useRules(rules: RotationRules): void {
    this.#rules = rules;
    this.#rotateAt = rules.maxSizeBytes ?? Number.POSITIVE_INFINITY;
  }

  /** Another file is written to. */
  begin({ size, writtenAt }: Pick<OpenFile, 'size' | 'writtenAt'>): void {
    this.#size = size;
    this.#since = writtenAt;
    this.#isAtLineStart = true;
    this.useRules(this.#rules);
  }

  wrote(bytes: number, endsLine: boolean): void {
    this.#size += bytes;
    this.#isAtLineStart = endsLine;
  }

  /** A write has ended, whether or not it succeeded. */
  tried(): void {
    this.#mustWriteFirst = false;
  }

  /**
   * Takes over the size that the file really has.
   * @returns true if somebody has truncated it (logrotate's `copytruncate`, `> file`), and it has room again.
   */
  measured(size: number, now: number): boolean {
    const wasTruncated = size < this.#size && size < this.#rotateAt;
    this.#size = size;
    if (wasTruncated) {
      this.#since = now;
      this.useRules(this.#rules);
    }
    return wasTruncated;
  }

  /** It cannot be rotated: better one long file than lost lines. To be tried again after as many bytes again. */
  postpone(now: number): void {
    this.#since = now;
    this.#rotateAt = this.#size + (this.#rules.maxSizeBytes ?? Number.POSITIVE_INFINITY);
    this.#mustWriteFirst = true;
  }

  /** @returns how much of the queue may be written to this file; 0: rotate first. Lines stay whole if they can. */
  room(queue: ByteQueue, now: number): number {
    const waiting = queue.length;
    this.#lookAtCalendar(now);
    const room = this.#rotateAt - this.#size;
    if (waiting <= room) return waiting;
    const lines = room > 0 ? queue.wholeLinesWithin(room) : 0;
    if (lines > 0) return lines;
    const mayRotate = !this.#mustWriteFirst && this.#size > 0;
    if (mayRotate && (this.#isAtLineStart || room <= -MAX_LAST_LINE_BYTES)) return 0;
    const longest = Math.max(0, room) + MAX_LAST_LINE_BYTES;
    return queue.firstLineWithin(longest) || Math.min(longest, waiting);
  }

  #lookAtCalendar(now: number): void {
    const { rotateEveryMs } = this.#rules;
    if (this.#size === 0) this.#since = now;
    else if (rotateEveryMs !== undefined && isNewInterval(rotateEveryMs, this.#since, now))
      this.#rotateAt = Math.min(this.#rotateAt, this.#size);
  }
}
