/** The output port: takes over the pipes of every incarnation and hands what comes to ring, followers and target. */

import type { OutputTarget, SlowReaderRules } from '../config/resolved-config.ts';
import type { EventStream } from '../supervisor/events/event-stream.ts';
import type { Cancel, Clock } from '../supervisor/ports/clock.ts';
import type { IncarnationId } from '../supervisor/ports/incarnation.ts';
import type { ChildDescriptor } from '../supervisor/ports/kernel.ts';
import type { HeldPipe, OutputPort, OutputTargets } from '../supervisor/ports/output.ts';
import type { DroppedOutput, OutputSnapshot } from '../wire/snapshot.ts';
import { DropLedger } from './drop-ledger.ts';
import { type FileEntry, OpenFiles } from './files/open-files.ts';
import {
  type FollowedChunk,
  InstanceOutput,
  OUTPUT_STREAMS,
  type OutputPosition,
  type OutputStream,
  type RecentChunk,
} from './instance-output.ts';
import { BlockPool } from './memory/block-pool.ts';
import { Floods } from './pipes/floods.ts';
import { type PipeReader, PipeReaders, type PipeTaker } from './pipes/pipe-reader.ts';
import { untilQuiet } from './pipes/quiet.ts';
import type { UnreadBytes } from './sinks/descriptor-sink.ts';
import { errorText } from './sinks/error-text.ts';
import { type FileOwner, fileReports, processOf } from './sinks/file-reports.ts';
import type { FileReports } from './sinks/output-file.ts';
import { PacedReports } from './sinks/paced-reports.ts';
import type { ContainerStreams } from './streams/container-stream.ts';

/** Pipes that outlive their incarnation (a daemon holds them) are read on; beyond these the oldest is closed. */
const MOST_OLD_PIPES = 4;

/** Where a stream of the next incarnation goes. */
type Destination =
  | { readonly kind: 'file'; readonly entry: FileEntry }
  | { readonly kind: 'container'; readonly stream: OutputStream };

/** A pipe that is being read. */
interface Reading extends HeldPipe {
  readonly reader: PipeReader;
  readonly entry: FileEntry | undefined;
}

interface Outlet {
  readonly output: InstanceOutput;
  readonly readings: Set<Reading>;
  destinations: Partial<Record<OutputStream, Destination>>;
}

export interface OutputPorts {
  readonly clock: Clock;
  readonly events: EventStream;
  readonly container: ContainerStreams;
  /** @returns the size the pipe has then, whether the kernel agreed or not. */
  readonly resizePipe: (fd: number, bytes: number) => number;
  readonly unreadBytes: UnreadBytes;
  readonly slowReader: SlowReaderRules;
}

/** Paths by which programs name the container's own streams. */
const STREAM_PATHS: ReadonlyMap<string, OutputStream> = new Map([
  ['/dev/stdout', 'stdout'],
  ['/dev/fd/1', 'stdout'],
  ['/proc/self/fd/1', 'stdout'],
  ['/dev/stderr', 'stderr'],
  ['/dev/fd/2', 'stderr'],
  ['/proc/self/fd/2', 'stderr'],
]);

export class ProcessOutput implements OutputPort {
  readonly #ports: OutputPorts;
  readonly #readers = new PipeReaders();
  readonly #outlets = new Map<string, Outlet>();
  readonly #pool = new BlockPool();
  readonly #floods: Floods;
  readonly #ledger: DropLedger;
  readonly #files: OpenFiles;
  readonly #reports = new Map<string, PacedReports>();
  #bytesRead = 0;

  constructor(ports: OutputPorts) {
    this.#ports = ports;
    const { clock, events, resizePipe, unreadBytes, slowReader } = ports;
    this.#ledger = new DropLedger(events);
    this.#floods = new Floods({ clock, pool: this.#pool, resizePipe });
    const reportsFor = (path: string): FileReports => this.#reportsFor(path);
    this.#files = new OpenFiles(slowReader, { clock, pool: this.#pool, reportsFor, unreadBytes });
  }

  prepare(instance: string, targets: OutputTargets): ReturnType<OutputPort['prepare']> {
    const outlet = this.#outletOf(instance);
    outlet.output.keep(targets.ringBytes);
    const before = outlet.destinations;
    outlet.destinations = {};
    const descriptors: Record<OutputStream, ChildDescriptor> = {
      stdout: { kind: 'null' },
      stderr: { kind: 'null' },
    };
    for (const stream of OUTPUT_STREAMS) {
      const target = targets[stream];
      if (target.kind === 'stdout') continue;
      try {
        descriptors[stream] = this.#prepareStream(outlet, stream, target);
      } catch (error) {
        outlet.destinations = before;
        const path = target.kind === 'file' ? target.path : stream;
        const message = `cannot open ${path} for ${stream}: ${errorText(error)}`;
        const errno = (error as NodeJS.ErrnoException).code ?? 'EIO';
        return { kind: 'failed', failure: { step: `open ${stream}`, errno, message } };
      }
    }
    const isOne = targets.stderr.kind === 'stdout' || isSame(outlet.destinations);
    if (isOne) {
      // One pipe keeps the exact order of both.
      delete outlet.destinations.stderr;
      descriptors.stderr = { kind: 'stdout' };
      this.#useRules(targets);
    }
    const now = filesOf(outlet.destinations);
    this.#closeUnused(filesOf(before).filter((entry) => !now.includes(entry)));
    return { kind: 'ready', ...descriptors };
  }

  attach(
    id: IncarnationId,
    pipes: { readonly stdoutFd: number | undefined; readonly stderrFd: number | undefined },
  ): void {
    const outlet = this.#outletOf(id.instance);
    // Last words of the one before come before the first ones of this.
    for (const { reader } of outlet.readings) reader.catchUp();
    if (pipes.stdoutFd !== undefined) this.#read(outlet, id, 'stdout', pipes.stdoutFd);
    if (pipes.stderrFd !== undefined) this.#read(outlet, id, 'stderr', pipes.stderrFd);
    const old = [...outlet.readings].filter(({ incarnation }) => incarnation !== id.incarnation);
    for (const reading of old.slice(0, Math.max(0, old.length - MOST_OLD_PIPES))) reading.reader.end();
  }

  held(instance: string): readonly HeldPipe[] {
    const readings = this.#outlets.get(instance)?.readings ?? [];
    return [...readings].map(({ incarnation, stream, fd }) => ({ incarnation, stream, fd }));
  }

  adopt(instance: string, targets: OutputTargets, pipes: readonly HeldPipe[]): void {
    this.prepare(instance, targets);
    const outlet = this.#outletOf(instance);
    for (const { incarnation, stream, fd } of pipes)
      this.#read(outlet, { instance, incarnation }, stream, fd);
  }

  update(instance: string, targets: OutputTargets): void {
    this.#outlets.get(instance)?.output.keep(targets.ringBytes);
    this.#useRules(targets);
  }

  /** Those of stdout count if both streams lead to the same file. */
  #useRules({ stdout, stderr }: OutputTargets): void {
    for (const target of [stderr, stdout])
      if (target.kind === 'file') this.#files.useRules(target.path, target);
  }

  rename(from: string, to: string): void {
    const outlet = this.#outlets.get(from);
    if (outlet === undefined) return;
    this.#outlets.delete(from);
    this.#outlets.set(to, outlet);
    this.#ledger.rename(from, to);
  }

  forget(instance: string): void {
    const outlet = this.#outlets.get(instance);
    if (outlet === undefined) return;
    this.#outlets.delete(instance);
    this.#ledger.forget(instance);
    for (const { reader } of outlet.readings) reader.end();
    this.#closeUnused(filesOf(outlet.destinations));
  }

  /** From now on. */
  useSlowReader(rules: SlowReaderRules): void {
    this.#files.useSlowReader(rules);
    this.#ports.container.useSlowReader(rules);
  }

  reopen(): void {
    this.#files.reopen();
  }

  /** Reads what the pipes still hold, no matter who else may keep them open, and writes what was read. */
  flush(limitMs: number): Promise<void> {
    const { container } = this.#ports;
    this.#floods.hurry();
    this.#files.hurry();
    container.hurry();
    const isDone = untilQuiet({
      clock: this.#ports.clock,
      bytesRead: () => this.#bytesRead,
      written: () => Promise.all([this.#files.idle(), container.idle()]),
    });
    return new Promise((resolve) => {
      const finish = (): void => {
        cancel();
        this.#files.tellUnwritten();
        for (const reports of this.#reports.values()) reports.flush();
        container.tellUnwritten();
        resolve();
      };
      const cancel = this.#ports.clock.after(limitMs, finish);
      void isDone.then(finish);
    });
  }

  recentOutput(instance: string): readonly RecentChunk[] {
    return this.#outlets.get(instance)?.output.recent() ?? [];
  }

  position(instance: string): OutputPosition {
    return this.#outlets.get(instance)?.output.position ?? { stdout: 0, stderr: 0 };
  }

  /** Over all incarnations to come. The listener must not throw. */
  followOutput(instance: string, listener: (chunk: FollowedChunk) => void): Cancel {
    return this.#outletOf(instance).output.follow(listener);
  }

  /** The last lines of both streams, oldest first. */
  lastLines(instance: string, most: number): readonly string[] {
    return this.#outlets.get(instance)?.output.lastLines(most) ?? [];
  }

  /** What of an instance's output nobody got, since the engine began. */
  dropped(instance: string): readonly DroppedOutput[] {
    return this.#ledger.of(instance);
  }

  costs(): OutputSnapshot {
    const rings = [...this.#outlets.values()].map(({ output }) => output);
    const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
    return {
      memory_bytes: this.#pool.bytesInUse + sum(rings.map(({ memoryBytes }) => memoryBytes)),
      memory_limit_bytes:
        this.#pool.mostBytes(this.#files.count) + sum(rings.map(({ mostMemoryBytes }) => mostMemoryBytes)),
      dropped_bytes: this.#ledger.bytes,
    };
  }

  #reportsFor(path: string): FileReports {
    const known = this.#reports.get(path);
    if (known !== undefined) return known;
    const { clock, events } = this.#ports;
    const plain = fileReports(events, path, (of) => this.#ownerOf(of));
    const made = new PacedReports(clock, plain);
    this.#reports.set(path, made);
    return made;
  }

  #outletOf(instance: string): Outlet {
    const known = this.#outlets.get(instance);
    if (known !== undefined) return known;
    const made: Outlet = { output: new InstanceOutput(), readings: new Set(), destinations: {} };
    this.#outlets.set(instance, made);
    return made;
  }

  #prepareStream(outlet: Outlet, stream: OutputStream, target: OutputTarget): ChildDescriptor {
    switch (target.kind) {
      case 'null':
        return { kind: 'null' };
      case 'stdout':
        return { kind: 'stdout' };
      case 'passthrough':
        return { kind: 'inherit', fd: stream === 'stdout' ? 1 : 2 };
      case 'inherit':
        outlet.destinations[stream] = { kind: 'container', stream };
        return { kind: 'pipe' };
      case 'file': {
        const known = STREAM_PATHS.get(target.path);
        outlet.destinations[stream] =
          known === undefined
            ? { kind: 'file', entry: this.#files.open(target.path, target) }
            : { kind: 'container', stream: known };
        return { kind: 'pipe' };
      }
    }
  }

  #read(outlet: Outlet, id: IncarnationId, stream: OutputStream, fd: number): void {
    const { output, readings, destinations } = outlet;
    const destination = destinations[stream];
    const { write, end, entry } = this.#writerTo(destination, id.instance, stream, () => reader.resume());
    const taker: PipeTaker = {
      onData: (bytes, keep) => {
        this.#bytesRead += bytes.length;
        output.take({ stream, incarnation: id.incarnation, bytes, time: this.#ports.clock.wallTime() });
        return write(bytes, keep);
      },
      onEnd: () => {
        readings.delete(reading);
        end();
        if (!filesOf(outlet.destinations).includes(entry)) this.#closeUnused([entry]);
      },
    };
    const reader = this.#readers.open(fd, taker, entry === undefined ? undefined : this.#floods);
    const reading: Reading = { incarnation: id.incarnation, stream, fd, reader, entry };
    readings.add(reading);
  }

  #writerTo(
    destination: Destination | undefined,
    instance: string,
    stream: OutputStream,
    resume: () => void,
  ): { write: PipeTaker['onData']; end: () => void; entry: FileEntry | undefined } {
    const source = { instance, process: processOf(instance), stream };
    if (destination?.kind === 'file') {
      const { entry } = destination;
      return { ...entry.writerFor(source, resume), entry };
    }
    // A terminal is read even if what it shows goes nowhere: somebody may look at it.
    if (destination === undefined) return { write: () => true, end: () => {}, entry: undefined };
    return { ...this.#ports.container.writerFor(source, destination.stream, resume), entry: undefined };
  }

  /** Closes those files that nothing leads to any more. Looks at every instance only where there is a candidate. */
  #closeUnused(candidates: readonly (FileEntry | undefined)[]): void {
    if (candidates.every((entry) => entry === undefined)) return;
    const used = new Set<FileEntry | undefined>();
    for (const { destinations, readings } of this.#outlets.values()) {
      for (const stream of OUTPUT_STREAMS) used.add(fileOf(destinations[stream]));
      for (const { entry } of readings) used.add(entry);
    }
    this.#files.keepOnly(used);
    for (const entry of candidates)
      if (entry !== undefined && !used.has(entry)) this.#reports.delete(entry.path);
  }

  #ownerOf(path: string): FileOwner | undefined {
    for (const [instance, { destinations }] of this.#outlets) {
      for (const stream of OUTPUT_STREAMS) {
        if (fileOf(destinations[stream])?.path === path) return { instance, stream };
      }
    }
    return undefined;
  }
}

/** True if both lead to the same place. */
function isSame({ stdout, stderr }: Outlet['destinations']): boolean {
  if (stdout?.kind === 'container' && stderr?.kind === 'container') return stdout.stream === stderr.stream;
  return fileOf(stdout) !== undefined && fileOf(stdout) === fileOf(stderr);
}

function filesOf(destinations: Outlet['destinations']): readonly (FileEntry | undefined)[] {
  return OUTPUT_STREAMS.map((stream) => fileOf(destinations[stream]));
}

function fileOf(destination: Destination | undefined): FileEntry | undefined {
  return destination?.kind === 'file' ? destination.entry : undefined;
}
