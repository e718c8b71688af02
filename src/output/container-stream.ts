/** What the container prints: processes with `inherit`, as they are, with a prefix, or as JSON lines. */

import type { EngineLogConfig } from '../config/resolved-config.ts';
import { BoundedWriter, type Sink } from './bounded-writer.ts';
import type { OutputStream } from './instance-output.ts';
import { LineSplitter } from './line-splitter.ts';

/** What a reader of the container's output may lag behind. */
const CAPACITY_BYTES = 1_048_576;
/** Docker's json-file driver cuts at the same length. */
const LONGEST_LINE_BYTES = 16_384;
const NEWLINE = Buffer.from('\n');

export interface ContainerStreams {
  /** A place to write to, for one stream of one incarnation; `from` is the stream of the process, `to` the container's. */
  writerFor(source: OutputSource, to: OutputStream): ContainerWriter;
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
  readonly wallTime: () => number;
  readonly onDropped: (stream: OutputStream, bytes: number) => void;
}

export function containerStreams(ports: ContainerPorts): ContainerStreams {
  const writers = {
    stdout: new BoundedWriter(ports.stdout, CAPACITY_BYTES, (bytes) => ports.onDropped('stdout', bytes)),
    stderr: new BoundedWriter(ports.stderr, CAPACITY_BYTES, (bytes) => ports.onDropped('stderr', bytes)),
  };
  return {
    writerFor: (source, to) => {
      const writer = writers[to];
      if (ports.format === 'raw') return { write: (bytes) => writer.write(bytes), end: () => {} };
      const format = ports.format === 'prefix' ? prefixed(source) : asJson(source, ports.wallTime);
      const splitter = new LineSplitter(LONGEST_LINE_BYTES, (line, isPart) =>
        writer.write(format(line, isPart)),
      );
      return { write: (bytes) => splitter.push(bytes), end: () => splitter.flush() };
    },
    idle: async () => {
      await Promise.all([writers.stdout.idle(), writers.stderr.idle()]);
    },
  };
}

type Format = (line: Buffer, isPart: boolean) => Buffer;

function prefixed({ instance }: OutputSource): Format {
  const prefix = Buffer.from(`${instance} | `);
  return (line) => Buffer.concat([prefix, line, NEWLINE]);
}

/** The same fields as the engine's own log, so that one reader understands both. */
function asJson({ process, instance, stream }: OutputSource, wallTime: () => number): Format {
  return (line, isPart) => {
    const msg = line.toString('utf8').replace(/\r$/, '');
    const time = new Date(wallTime()).toISOString();
    const fields = { level: 'info', time, event: 'output', process, instance, stream };
    return Buffer.from(`${JSON.stringify({ ...fields, ...(isPart && { partial: true }), msg })}\n`);
  };
}
