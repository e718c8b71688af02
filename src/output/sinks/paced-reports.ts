/**
 * Reports of one path, at most a few a minute. A process whose user owns the directory of its log file can make the
 * file fail and work again as often as it likes; it must not fill the log and the journal with that.
 */

import type { Cancel, Clock } from '../../supervisor/ports/clock.ts';
import type { OutputSource } from '../instance-output.ts';
import type { FileReports } from './output-file.ts';

const WINDOW_MS = 60_000;
/** Failures, ends of failures and drops together. */
const MAX_REPORTS_IN_WINDOW = 12;

interface Dropped {
  readonly reason: string;
  readonly source: OutputSource | undefined;
  bytes: number;
}

export class PacedReports implements FileReports {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #reports: FileReports;
  #cancelWindow: Cancel | undefined;
  #reported = 0;
  /** As it was reported last. */
  #isReportedFailed = false;
  #isFailed = false;
  #source: OutputSource | undefined;
  #message = '';
  #unreportedFailures = 0;
  readonly #dropped = new Map<string, Dropped>();

  constructor(clock: Pick<Clock, 'after'>, reports: FileReports) {
    this.#clock = clock;
    this.#reports = reports;
  }

  onFailed(message: string, source?: OutputSource): void {
    this.#isFailed = true;
    this.#source = source;
    this.#message = message;
    if (this.#mayReport()) this.#reportFailure(message);
    else this.#unreportedFailures += 1;
  }

  onRestored(source?: OutputSource): void {
    this.#isFailed = false;
    this.#source = source;
    if (!this.#isReportedFailed && this.#unreportedFailures > 0) return;
    if (this.#mayReport()) this.#reportRestored();
  }

  onDropped(bytes: number, reason: string, source?: OutputSource): void {
    if (this.#mayReport()) {
      this.#reports.onDropped(bytes, reason, source);
      return;
    }
    const key = `${source?.instance ?? ''} ${source?.stream ?? ''} ${reason}`;
    const known = this.#dropped.get(key) ?? { reason, source, bytes: 0 };
    known.bytes += bytes;
    this.#dropped.set(key, known);
  }

  /** Reports what waits for the end of the minute. */
  flush(): void {
    const more = this.#unreportedFailures;
    this.#unreportedFailures = 0;
    if (more > 0) this.#reportFailure(`${this.#message} (${more} more in the last minute)`);
    if (this.#isReportedFailed && !this.#isFailed) this.#reportRestored();
    for (const { bytes, reason, source } of this.#dropped.values())
      this.#reports.onDropped(bytes, reason, source);
    this.#dropped.clear();
  }

  #mayReport(): boolean {
    this.#cancelWindow ??= this.#clock.after(WINDOW_MS, () => this.#endWindow());
    if (this.#reported >= MAX_REPORTS_IN_WINDOW) return false;
    this.#reported += 1;
    return true;
  }

  #endWindow(): void {
    this.#cancelWindow = undefined;
    const isQuiet = this.#reported < MAX_REPORTS_IN_WINDOW;
    this.#reported = 0;
    this.flush();
    if (!isQuiet) this.#cancelWindow = this.#clock.after(WINDOW_MS, () => this.#endWindow());
  }

  #reportFailure(message: string): void {
    this.#isReportedFailed = true;
    this.#reports.onFailed(message, this.#source);
  }

  #reportRestored(): void {
    this.#isReportedFailed = false;
    this.#reports.onRestored(this.#source);
  }
}
