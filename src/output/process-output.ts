/** The output port: takes over the pipes of every incarnation and hands what comes to ring, target and followers. */

import type { OutputTarget } from '../config/resolved-config.ts';
import type { EventStream } from '../supervisor/event-stream.ts';
import type { Cancel, ChildDescriptor, Clock, IncarnationId, OutputPort } from '../supervisor/ports.ts';
import { ChunkRing, type OutputChunk, type OutputStream } from './chunk-ring.ts';
import type { ContainerStreams } from './container-stream.ts';
import { LineSplitter } from './line-splitter.ts';
import { LogFile } from './log-file.ts';
import { type PipeReader, PipeReaders } from './pipe-reader.ts';

/** Of both streams of an instance together. */
const RING_BYTES = 131_072;
/** Pipes of an instance that outlive their incarnation (a daemon holds them) and are read all the same. */
const MOST_READERS = 8;

type Targets = Readonly<Record<OutputStream, OutputTarget>>;
/** Takes bytes that it may keep; false asks to pause until `onDrain`. */
type Target = { readonly write: (bytes: Buffer) => boolean; readonly file: LogFile | undefined };

interface InstanceOutput {
  readonly ring: ChunkRing;
  readonly followers: Set<(chunk: OutputChunk) => void>;
  readonly readers: PipeReader[];
  targets: Partial<Record<OutputStream, Target>>;
}

export interface OutputPorts {
  readonly clock: Pick<Clock, 'wallTime'>;
  readonly events: EventStream;
  readonly container: ContainerStreams;
}

/** Paths by which programs name the container's own streams. */
const STREAM_PATHS: Readonly<Record<string, OutputStream>> = {
  '/dev/stdout': 'stdout',
  '/dev/fd/1': 'stdout',
  '/proc/self/fd/1': 'stdout',
  '/dev/stderr': 'stderr',
  '/dev/fd/2': 'stderr',
  '/proc/self/fd/2': 'stderr',
};

export class ProcessOutput implements OutputPort {
  readonly #ports: OutputPorts;
  readonly #readers = new PipeReaders();
  readonly #open = new Set<PipeReader>();
  readonly #instances = new Map<string, InstanceOutput>();
  readonly #files = new Map<string, LogFile>();
  #endWaiters: (() => void)[] = [];

  constructor(ports: OutputPorts) {
    this.#ports = ports;
  }

  prepare(instance: string, targets: Targets): ReturnType<OutputPort['prepare']> {
    const output = this.#outputOf(instance);
    const descriptors: Partial<Record<OutputStream, ChildDescriptor>> = {};
    for (const stream of ['stdout', 'stderr'] as const) {
      try {
        descriptors[stream] = this.#prepareStream(output, instance, stream, targets[stream]);
      } catch (error) {
        const { code = 'EIO', message } = error as NodeJS.ErrnoException;
        const path = targets[stream].kind === 'file' ? targets[stream].path : stream;
        const why = message.replace(/^[A-Z0-9]+: /, '').replace(/, open .*$/, '');
        const failure = {
          step: `open ${stream}`,
          errno: code,
          message: `cannot open ${path} for ${stream}: ${why}`,
        };
        return { kind: 'failed', failure };
      }
    }
    const none = { kind: 'null' } as const;
    return { kind: 'ready', stdout: descriptors.stdout ?? none, stderr: descriptors.stderr ?? none };
  }

  attach(
    id: IncarnationId,
    pipes: { readonly stdoutFd: number | undefined; readonly stderrFd: number | undefined },
  ): void {
    const output = this.#outputOf(id.instance);
    if (pipes.stdoutFd !== undefined) this.#read(output, id, 'stdout', pipes.stdoutFd);
    if (pipes.stderrFd !== undefined) this.#read(output, id, 'stderr', pipes.stderrFd);
    while (output.readers.length > MOST_READERS) this.#closeReader(output.readers.shift());
  }

  update(_instance: string, targets: Targets): void {
    for (const target of [targets.stdout, targets.stderr]) {
      const file = target.kind === 'file' ? this.#files.get(target.path) : undefined;
      if (file !== undefined && target.kind === 'file') file.rules = target;
    }
  }

  forget(instance: string): void {
    const output = this.#instances.get(instance);
    if (output === undefined) return;
    this.#instances.delete(instance);
    const used = new Set(
      [...this.#instances.values()].flatMap(({ targets }) => [targets.stdout?.file, targets.stderr?.file]),
    );
    for (const target of Object.values(output.targets)) {
      if (target.file === undefined || used.has(target.file)) continue;
      this.#files.delete(target.file.path);
      void target.file.close();
    }
  }

  reopen(): void {
    for (const file of this.#files.values()) file.reopen();
  }

  /** Reads what is still in the pipes, as long as somebody may write to them, and writes what was read. */
  async flush(limitMs: number): Promise<void> {
    const limit = new Promise<void>((resolve) => setTimeout(resolve, limitMs).unref());
    await Promise.race([this.#allEnded(), limit]);
    const files = [...this.#files.values()].map((file) => file.idle());
    await Promise.race([Promise.all([...files, this.#ports.container.idle()]), limit]);
  }

  recentOutput(instance: string): readonly OutputChunk[] {
    return this.#instances.get(instance)?.ring.chunks() ?? [];
  }

  followOutput(instance: string, listener: (chunk: OutputChunk) => void): Cancel {
    const { followers } = this.#outputOf(instance);
    followers.add(listener);
    return () => followers.delete(listener);
  }

  /** The last lines of both streams, oldest first. */
  lastLines(instance: string, most: number): readonly string[] {
    const lines: string[] = [];
    const splitters = { stdout: newSplitter(lines), stderr: newSplitter(lines) };
    for (const { stream, bytes } of this.recentOutput(instance)) splitters[stream].push(bytes);
    splitters.stdout.flush();
    splitters.stderr.flush();
    return lines.slice(-most);
  }

  #outputOf(instance: string): InstanceOutput {
    const known = this.#instances.get(instance);
    if (known !== undefined) return known;
    const made: InstanceOutput = {
      ring: new ChunkRing(RING_BYTES),
      followers: new Set(),
      readers: [],
      targets: {},
    };
    this.#instances.set(instance, made);
    return made;
  }

  #prepareStream(
    output: InstanceOutput,
    instance: string,
    stream: OutputStream,
    target: OutputTarget,
  ): ChildDescriptor {
    const fd = stream === 'stdout' ? 1 : 2;
    switch (target.kind) {
      case 'null':
        return { kind: 'null' };
      case 'passthrough':
        return { kind: 'inherit', fd };
      case 'inherit':
        output.targets[stream] = this.#containerTarget(instance, stream);
        return { kind: 'pipe' };
      case 'file': {
        const known = STREAM_PATHS[target.path];
        output.targets[stream] =
          known === undefined
            ? this.#fileTarget(target, stream, instance)
            : this.#containerTarget(instance, known);
        return { kind: 'pipe' };
      }
    }
  }

  #containerTarget(instance: string, stream: OutputStream): Target {
    const process = instance.replace(/:\d+$/, '');
    const write = this.#ports.container.writerFor(instance, process, stream);
    return {
      file: undefined,
      write: (bytes) => {
        write(bytes);
        return true;
      },
    };
  }

  #fileTarget(
    target: Extract<OutputTarget, { kind: 'file' }>,
    stream: OutputStream,
    instance: string,
  ): Target {
    const { path } = target;
    const file = this.#files.get(path) ?? new LogFile(path, target, this.#reportsFor(path, stream, instance));
    file.rules = target;
    this.#files.set(path, file);
    return { file, write: (bytes) => file.write(bytes) };
  }

  #reportsFor(
    path: string,
    stream: OutputStream,
    instance: string,
  ): ConstructorParameters<typeof LogFile>[2] {
    const { events } = this.#ports;
    return {
      onFailed: (message) => events.emit('error', 'output_failed', { stream, path, message }, { instance }),
      onRestored: () => events.emit('info', 'output_restored', { stream, path }, { instance }),
      onDropped: (bytes) => {
        events.emit(
          'warn',
          'output_dropped',
          { stream, bytes, reason: `${path} cannot be written to` },
          { instance },
        );
      },
    };
  }

  #read(output: InstanceOutput, id: IncarnationId, stream: OutputStream, fd: number): void {
    const target = output.targets[stream];
    const reader = this.#readers.open(fd, {
      onData: (shared) => {
        // One copy serves the ring, the target and every follower: none of them changes it.
        const bytes = Buffer.from(shared);
        const chunk = { stream, incarnation: id.incarnation, bytes, time: this.#ports.clock.wallTime() };
        output.ring.push(chunk);
        for (const follower of output.followers) follower(chunk);
        if (target === undefined || target.write(bytes)) return true;
        target.file?.onDrain(() => reader.resume());
        return false;
      },
      onEnd: () => {
        this.#open.delete(reader);
        const index = output.readers.indexOf(reader);
        if (index >= 0) output.readers.splice(index, 1);
        if (this.#open.size === 0) for (const resolve of this.#endWaiters.splice(0)) resolve();
      },
    });
    this.#open.add(reader);
    output.readers.push(reader);
  }

  #closeReader(reader: PipeReader | undefined): void {
    if (reader === undefined) return;
    reader.close();
    this.#open.delete(reader);
  }

  #allEnded(): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#endWaiters.push(resolve));
  }
}

function newSplitter(lines: string[]): LineSplitter {
  return new LineSplitter(4_096, (line) => lines.push(line.toString('utf8').replace(/\r$/, '')));
}
