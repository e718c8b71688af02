/** What the container prints: processes with `inherit`, as they are, with a prefix, or as JSON lines. */

import type { EngineLogConfig } from '../config/resolved-config.ts';
import { BoundedWriter, type Sink } from './bounded-writer.ts';
import type { OutputStream } from './chunk-ring.ts';
import { LineSplitter } from './line-splitter.ts';

/** What a reader of the container's output may lag behind. */
const CAPACITY_BYTES = 1_048_576;
/** Docker's json-file driver cuts at the same length. */
const LONGEST_LINE_BYTES = 16_384;
const NEWLINE = Buffer.from('\n');

export interface ContainerStreams {
  /** A place to write one stream of one instance to. */
  writerFor(instance: string, process: string, stream: OutputStream): (bytes: Buffer) => void;
  idle(): Promise<void>;
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
    writerFor: (instance, process, stream) => {
      const writer = writers[stream];
      if (ports.format === 'raw') return (bytes) => writer.write(bytes);
      const format =
        ports.format === 'prefix'
          ? (line: Buffer): Buffer => Buffer.concat([Buffer.from(`${instance} | `), line, NEWLINE])
          : (line: Buffer): Buffer => jsonLine({ time: ports.wallTime(), process, instance, stream, line });
      const splitter = new LineSplitter(LONGEST_LINE_BYTES, (line) => writer.write(format(line)));
      return (bytes) => splitter.push(bytes);
    },
    idle: async () => {
      await Promise.all([writers.stdout.idle(), writers.stderr.idle()]);
    },
  };
}

function jsonLine(fields: {
  time: number;
  process: string;
  instance: string;
  stream: OutputStream;
  line: Buffer;
}): Buffer {
  const { time, process, instance, stream, line } = fields;
  const message = line.toString('utf8').replace(/\r$/, '');
  return Buffer.from(
    `${JSON.stringify({ time: new Date(time).toISOString(), process, instance, stream, message })}\n`,
  );
}
