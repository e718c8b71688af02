/** The journal's directory: files of a fixed size, the oldest of which go where there is too much or too old. */

import { join } from 'node:path';
import { TaskmasterError } from '../errors.ts';
import { factsOf, listDirectory, removeFile } from '../files/safe-files.ts';
import type { EventStream } from '../supervisor/events/event-stream.ts';
import type { Cancel, Clock } from '../supervisor/ports/clock.ts';
import type { Batch, Bounds } from './batch.ts';
import type { JournalItem } from './output-block.ts';
import { indexOf, readBlocks, type Selection, writeIndex } from './segment-file.ts';
import type { SegmentIndex } from './segment-index.ts';
import { indexNameOf, type SegmentName, segmentsAmong } from './segment-name.ts';
import { type OpenSegment, SegmentWriter } from './segment-writer.ts';

const DEFAULT_BYTES = 256 * 2 ** 20;
/** So many files make up the whole, so that letting one go costs little of what is remembered. */
const FILES = 64;
const SMALLEST_FILE_BYTES = 64 * 1024;
const LARGEST_FILE_BYTES = 64 * 2 ** 20;
/** A timer cannot be set for longer (setTimeout's 31 bits of milliseconds). */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface StoreLimits {
  readonly maxBytes: number | undefined;
  readonly maxAgeMs: number | undefined;
}

export interface StorePorts {
  readonly clock: Clock;
  readonly events: EventStream;
  readonly directory: string;
}

/** A file that is no longer written to. */
interface Sealed extends SegmentName {
  readonly bytes: number;
  /** Once it is known: of its times. Its blocks are read when they are needed, for all of them would be many. */
  range?: { readonly minTime: number; readonly maxTime: number; readonly lastId: number };
}

export class SegmentStore {
  readonly #ports: StorePorts;
  readonly #writer: SegmentWriter;
  #limits: StoreLimits;
  #sealed: Sealed[];
  #cancelExpiry: Cancel | undefined;

  /** Never rejects: what is wrong with the directory is told by the first write. */
  static async open(ports: StorePorts, limits: StoreLimits): Promise<SegmentStore> {
    const { directory } = ports;
    const entries = await listDirectory(directory).catch(() => []);
    const names = segmentsAmong(entries.map(({ name }) => name));
    const sealed: Sealed[] = [];
    for (const segment of names) {
      const facts = await factsOf(join(directory, segment.name)).catch(() => undefined);
      sealed.push({ ...segment, bytes: facts?.size ?? 0 });
    }
    const store = new SegmentStore(ports, limits, sealed);
    await store.#keepLimits();
    // When the last one ended is told by no name; after a crash it has to be gone through, which nobody waits for.
    const last = sealed.at(-1);
    // One that cannot be read now is told by the query that needs it.
    if (last !== undefined)
      store.#indexOf(last).then(
        () => store.#keepLimits(),
        () => undefined,
      );
    return store;
  }

  private constructor(ports: StorePorts, limits: StoreLimits, sealed: Sealed[]) {
    this.#ports = ports;
    this.#limits = limits;
    this.#sealed = sealed;
    const writerPorts = { ...ports, segmentBytes: () => this.#segmentBytes, onSealed: this.#seal.bind(this) };
    this.#writer = new SegmentWriter(writerPorts, sealed.at(-1)?.time ?? 0);
  }

  append(item: JournalItem): void {
    this.#writer.append(item);
  }

  /** So many entries could not even be handed over; told with the next ones that are written. */
  lose(count: number): void {
    this.#writer.lose(count);
  }

  useLimits(limits: StoreLimits): void {
    this.#limits = limits;
    void this.#keepLimits();
  }

  /** Writes what is queued. */
  async close(): Promise<void> {
    this.#cancelExpiry?.();
    await this.#writer.close();
  }

  /** In the direction of the selection, of all that has been written. */
  async *batches(selection: Selection): AsyncGenerator<Batch> {
    const { current } = this.#writer;
    const all: (Sealed | OpenSegment)[] =
      current === undefined ? [...this.#sealed] : [...this.#sealed, current];
    for (const segment of selection.fromTheEnd ? all.reverse() : all) {
      if (isOutside(segment, selection)) continue;
      try {
        const index = await this.#indexOf(segment);
        if (isOutside(segment, selection)) continue;
        yield* readBlocks(join(this.#ports.directory, segment.name), index, selection);
      } catch (error) {
        // Removed meanwhile, by the limits or by somebody: it has nothing to tell any more.
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
        throw this.#unreadable(segment, error as Error);
      }
    }
  }

  /** For the client: what a disk does is no fault of the engine. */
  #unreadable({ name }: SegmentName, cause: Error): TaskmasterError {
    const path = join(this.#ports.directory, name);
    return new TaskmasterError('action-failed', `cannot read ${path} of the journal: ${cause.message}`, {
      cause,
    });
  }

  get #maxBytes(): number {
    return this.#limits.maxBytes ?? DEFAULT_BYTES;
  }

  get #segmentBytes(): number {
    return Math.min(LARGEST_FILE_BYTES, Math.max(SMALLEST_FILE_BYTES, this.#maxBytes / FILES));
  }

  async #indexOf(segment: Sealed | OpenSegment): Promise<SegmentIndex> {
    if ('index' in segment) return segment.index;
    const index = await indexOf(this.#ports.directory, segment.name, segment.bytes);
    segment.range = rangeOf(index);
    return index;
  }

  async #seal({ name, time, firstId, index }: OpenSegment): Promise<void> {
    this.#sealed.push({ name, time, firstId, bytes: index.bytes, range: rangeOf(index) });
    // Without it the file is gone through when it is first asked.
    await writeIndex(this.#ports.directory, name, index).catch(() => undefined);
    await this.#keepLimits();
  }

  /** Room for one more file, and nothing in which all is too old. Never rejects. */
  async #keepLimits(): Promise<void> {
    const { maxAgeMs } = this.#limits;
    const room = this.#maxBytes - this.#segmentBytes;
    const expired = maxAgeMs === undefined ? 0 : this.#ports.clock.wallTime() - maxAgeMs;
    let bytes = this.#sealed.reduce((sum, segment) => sum + segment.bytes, 0);
    const gone: Sealed[] = [];
    for (const [at, segment] of this.#sealed.entries()) {
      if (bytes <= room && this.#endOf(at) >= expired) break;
      gone.push(segment);
      bytes -= segment.bytes;
    }
    this.#sealed = this.#sealed.slice(gone.length);
    this.#awaitExpiry();
    for (const { name } of gone) {
      for (const file of [name, indexNameOf(name)]) {
        await removeFile(join(this.#ports.directory, file)).catch(() => undefined);
      }
    }
  }

  /** When the last of a file was written, about: then the next one began. */
  #endOf(at: number): number {
    const next = this.#sealed[at + 1] ?? this.#writer.current;
    return this.#sealed[at]?.range?.maxTime ?? next?.time ?? Number.POSITIVE_INFINITY;
  }

  /** Wakes when the oldest file is too old, and not before. */
  #awaitExpiry(): void {
    this.#cancelExpiry?.();
    this.#cancelExpiry = undefined;
    const { maxAgeMs } = this.#limits;
    const end = this.#sealed.length === 0 ? Number.POSITIVE_INFINITY : this.#endOf(0);
    if (maxAgeMs === undefined || end === Number.POSITIVE_INFINITY) return;
    const left = end + maxAgeMs - this.#ports.clock.wallTime() + 1;
    const afterMs = Math.min(LONGEST_TIMER_MS, Math.max(1, left));
    this.#cancelExpiry = this.#ports.clock.after(afterMs, () => void this.#keepLimits());
  }
}

function rangeOf({ blocks, lastId }: SegmentIndex): NonNullable<Sealed['range']> {
  let minTime = Number.POSITIVE_INFINITY;
  let maxTime = 0;
  for (const block of blocks) {
    minTime = Math.min(minTime, block.minTime);
    maxTime = Math.max(maxTime, block.maxTime);
  }
  return { minTime, maxTime, lastId };
}

/** As far as that is known. */
function isOutside(segment: Sealed | OpenSegment, bounds: Bounds): boolean {
  if (segment.firstId >= bounds.beforeId) return true;
  if (!('range' in segment) || segment.range === undefined) return false;
  const { minTime, maxTime, lastId } = segment.range;
  return lastId <= bounds.afterId || maxTime < bounds.sinceMs || minTime > bounds.untilMs;
}
