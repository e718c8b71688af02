/**
 * A path that is not a regular file: a FIFO, a terminal, a device. Writing to it never blocks the engine; it is never
 * rotated or truncated. Its writers wait for its reader as they do for the container's.
 */

import type { SlowReaderRules } from '../../config/resolved-config.ts';
import type { Clock } from '../../supervisor/ports/clock.ts';
import type { OutputSource } from '../instance-output.ts';
import { RawLane } from '../memory/lane.ts';
import { fileSink, socketSink, type UnreadBytes } from '../sinks/descriptor-sink.ts';
import type { OpenFile } from '../sinks/open-file.ts';
import type { FileReports, FileWriter, OutputFile } from '../sinks/output-file.ts';
import { SharedStream } from '../streams/shared-stream.ts';
import { streamReports } from '../streams/stream-reports.ts';

export interface SpecialFilePorts {
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly reports: FileReports;
  readonly slowReader: SlowReaderRules;
  readonly unreadBytes: UnreadBytes;
}

export class SpecialFile implements OutputFile {
  readonly #stream: SharedStream;

  /** Takes ownership of the descriptor, which must be non-blocking. */
  constructor(path: string, open: OpenFile, { clock, reports, slowReader, unreadBytes }: SpecialFilePorts) {
    const sink = open.kind === 'pipe' ? socketSink(open.fd, unreadBytes) : fileSink(open, clock);
    this.#stream = new SharedStream(sink, slowReader, {
      clock,
      reports: streamReports(reports, `nobody reads ${path} fast enough`),
    });
  }

  writerFor(source: OutputSource, resume: () => void): FileWriter {
    return this.#stream.writer({ lane: new RawLane(this.#stream.pool), source, resume });
  }

  useRules(): void {
    // Nothing to rotate.
  }

  useSlowReader(rules: SlowReaderRules): void {
    this.#stream.use(rules);
  }

  hurry(): void {
    this.#stream.hurry();
  }

  idle(): Promise<void> {
    return this.#stream.idle();
  }

  tellUnwritten(): void {
    this.#stream.tellUnwritten();
  }

  async close(): Promise<void> {
    this.#stream.hurry();
    await this.#stream.idle();
    this.#stream.close();
  }
}
