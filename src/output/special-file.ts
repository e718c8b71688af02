/**
 * A path that is no regular file: a FIFO, a terminal, a device. Written without ever waiting, never rotated, never
 * truncated; what its reader does not take in time is dropped, the oldest first.
 */

import { BoundedWriter } from './bounded-writer.ts';
import { fileSink, type OwnedSink, socketSink } from './descriptor-sink.ts';
import type { OpenFile } from './open-file.ts';
import type { FileReports, OutputFile } from './output-file.ts';

const CAPACITY_BYTES = 1_048_576;

export class SpecialFile implements OutputFile {
  readonly #writer: BoundedWriter;
  readonly #sink: OwnedSink;

  /** Takes ownership of the descriptor, which must be non-blocking. */
  constructor(path: string, open: OpenFile, reports: FileReports) {
    this.#sink = open.kind === 'pipe' ? socketSink(open.fd) : fileSink(open.fd);
    this.#writer = new BoundedWriter(this.#sink.write, CAPACITY_BYTES, (bytes) =>
      reports.onDropped(bytes, `nobody reads ${path} fast enough`),
    );
  }

  write(bytes: Uint8Array): boolean {
    this.#writer.write(bytes);
    return true;
  }

  onDrain(): void {
    // Never asks for a pause.
  }

  useRules(): void {
    // Nothing to rotate.
  }

  idle(): Promise<void> {
    return this.#writer.idle();
  }

  tellUnwritten(): void {
    // Told when it flows again, if ever: a reader that does not read loses by its own will.
  }

  async close(): Promise<void> {
    this.#sink.close();
  }
}
