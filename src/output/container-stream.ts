/** What the container prints: processes with `inherit`, as they are, with a prefix, or as JSON lines; and marks. */

import type { EngineLogConfig } from '../config/resolved-config.ts';
import type { EngineEvent } from '../supervisor/engine-event.ts';
import { BoundedWriter, type Sink } from './bounded-writer.ts';
import type { OutputStream } from './instance-output.ts';
import { LifeMarks } from './life-marks.ts';
import { LineBatch } from './line-batch.ts';
import { isoClock, jsonFormat, type LineFormat, membersOf, prefixFormat } from './line-format.ts';
import { type Labelled, LineLabels } from './line-labels.ts';
import { LineSplitter } from './line-splitter.ts';

/** What a reader of the container's output may lag behind. */
const CAPACITY_BYTES = 1_048_576;
/** Docker's json-file driver cuts at the same length. */
const LONGEST_LINE_BYTES = 16_384;

export interface ContainerStreams {
  /** A place to write to, for one stream of one incarnation; `from` is the stream of the process, `to` the container's. */
  writerFor(source: OutputSource, to: OutputStream): ContainerWriter;
  /** Every instance there is, for alignment, and whether their lives are marked; from now on. */
  use(names: readonly Labelled[], hasMarks: boolean): void;
  /** Marks what is worth a mark. */
  tell(event: EngineEvent): void;
  /** Resolves when all that was written has left. */
  idle(): Promise<void>;
}

export interface OutputSource {
  readonly instance: string;
  readonly process: string;
  readonly stream: OutputStream;
}

export interface ContainerWriter {
  /** @param bytes copied. */
  readonly write: (bytes: Buffer) => void;
  /** Nothing more comes: what is there of an unfinished line leaves. */
  readonly end: () => void;
}

export interface ContainerPorts {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly format: EngineLogConfig['output'];
  /** Terminals on which colour is wanted. */
  readonly hasColour: Readonly<Record<OutputStream, boolean>>;
  readonly wallTime: () => number;
  readonly onDropped: (stream: OutputStream, bytes: number) => void;
}

export function containerStreams(ports: ContainerPorts): ContainerStreams {
  const writers = {
    stdout: new BoundedWriter(ports.stdout, CAPACITY_BYTES, (bytes) => ports.onDropped('stdout', bytes)),
    stderr: new BoundedWriter(ports.stderr, CAPACITY_BYTES, (bytes) => ports.onDropped('stderr', bytes)),
  };
  return ports.format === 'raw'
    ? new RawStreams(writers)
    : new LineStreams(writers, { ...ports, format: ports.format });
}

type Writers = Readonly<Record<OutputStream, BoundedWriter>>;

class RawStreams implements ContainerStreams {
  readonly #writers: Writers;

  constructor(writers: Writers) {
    this.#writers = writers;
  }

  writerFor(_source: OutputSource, to: OutputStream): ContainerWriter {
    const writer = this.#writers[to];
    return { write: (bytes) => writer.write(bytes), end: () => {} };
  }

  /** What comes is not looked at, so nothing can be put between its lines. */
  use(): void {}

  tell(): void {}

  async idle(): Promise<void> {
    await Promise.all([this.#writers.stdout.idle(), this.#writers.stderr.idle()]);
  }
}

class LineStreams implements ContainerStreams {
  readonly #writers: Writers;
  readonly #ports: ContainerPorts & { readonly format: 'prefix' | 'json' };
  readonly #labels = new LineLabels();
  /** One for all: it is empty between two calls. */
  readonly #batch = new LineBatch();
  readonly #isoTime: () => string;
  readonly #marks = new LifeMarks((event, text) => this.#mark(event, text));
  #hasMarks = false;

  constructor(writers: Writers, ports: ContainerPorts & { readonly format: 'prefix' | 'json' }) {
    this.#writers = writers;
    this.#ports = ports;
    this.#isoTime = isoClock(ports.wallTime);
  }

  writerFor(source: OutputSource, to: OutputStream): ContainerWriter {
    const format = this.#formatOf(source, to);
    const leave = (bytes: Buffer): void => this.#writers[to].write(bytes);
    const batch = this.#batch;
    const splitter = new LineSplitter(LONGEST_LINE_BYTES, (line, isPart) => {
      format(line, isPart, batch);
      if (batch.isFull) batch.flush(leave);
    });
    return {
      write: (bytes) => {
        splitter.push(bytes);
        batch.flush(leave);
      },
      end: () => {
        splitter.flush();
        batch.flush(leave);
      },
    };
  }

  use(names: readonly Labelled[], hasMarks: boolean): void {
    this.#labels.useNames(names);
    this.#hasMarks = hasMarks;
  }

  tell(event: EngineEvent): void {
    if (this.#hasMarks) this.#marks.tell(event);
  }

  async idle(): Promise<void> {
    await Promise.all([this.#writers.stdout.idle(), this.#writers.stderr.idle()]);
  }

  #formatOf(source: OutputSource, to: OutputStream): LineFormat {
    const { format, hasColour } = this.#ports;
    if (format === 'json') return jsonFormat(source, this.#isoTime);
    const isColoured = hasColour[to];
    return prefixFormat(() => this.#labels.labelsFor(source, isColoured), isColoured);
  }

  #mark(event: EngineEvent, text: string): void {
    const { instance = '', process = '', incarnation, pid, level } = event;
    if (this.#ports.format === 'json') {
      const fields = { event: event.event, process, instance, incarnation, pid, msg: text };
      this.#batch.text(
        `{"level":"${level}","time":"${new Date(event.time).toISOString()}",${membersOf(fields)}}\n`,
      );
    } else {
      this.#batch.bytes(this.#labels.labelsFor({ instance, process }, this.#ports.hasColour.stdout).mark);
      this.#batch.text(`${text}\n`);
    }
    this.#batch.flush((bytes) => this.#writers.stdout.write(bytes));
  }
}
