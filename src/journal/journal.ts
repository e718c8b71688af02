/** The journal: takes every event in, keeps the recent ones in memory, and answers queries. */

import type { JournalConfig } from '../config/resolved-config.ts';
import { oneATurn } from '../slices.ts';
import type { EventStream } from '../supervisor/events/event-stream.ts';
import type { Clock } from '../supervisor/ports/clock.ts';
import type { JournalEntry, JournalPage, JournalPort, JournalQuery } from '../supervisor/ports/journal.ts';
import type { EngineEvent } from '../wire/engine-event.ts';
import type { Batch } from './batch.ts';
import { MemoryStore } from './memory-store.ts';
import { countOf, type JournalItem, lastIdOf, type OutputLines } from './output-block.ts';
import { search } from './search.ts';
import type { Selection } from './segment-file.ts';
import type { SegmentStore } from './segment-store.ts';

/** Enough for a bad hour of a busy container; issue reports need the minutes before a failure. */
const DEFAULT_MEMORY_BYTES = 4 * 2 ** 20;

/** What may come before the files are opened, which is after the first processes were started. */
const MOST_EARLY_ENTRIES = 10_000;

export interface JournalPorts {
  readonly clock: Clock;
  readonly events: EventStream;
}

export class Journal implements JournalPort {
  readonly #ports: JournalPorts;
  readonly #memory: MemoryStore;
  readonly #pause: () => Promise<void>;
  #config: JournalConfig;
  #lastId = 0;
  #files: SegmentStore | undefined;
  #early: JournalItem[] = [];
  #earlyLost = 0;
  #opening: Promise<void> | undefined;

  constructor(config: JournalConfig, ports: JournalPorts) {
    this.#config = config;
    this.#ports = ports;
    this.#pause = oneATurn((callback) => ports.clock.soon(callback));
    this.#memory = new MemoryStore(memoryBytes(config));
    ports.events.subscribe((event) => this.#take(event));
  }

  get keepsOutput(): boolean {
    return this.#config.output;
  }

  get lastId(): number {
    return this.#lastId;
  }

  get hasFiles(): boolean {
    return this.#config.directory !== undefined;
  }

  /** Opens the directory, once, where there is one; nothing of it is loaded before. */
  open(): Promise<void> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  /** Resolves when what was taken has been written. Nothing is written after it. */
  async close(): Promise<void> {
    await this.open();
    await this.#files?.close();
  }

  /** Takes over limits from a new configuration. */
  use(config: JournalConfig): void {
    // Another directory is for the next engine.
    this.#config = { ...config, directory: this.#config.directory };
    this.#files?.useLimits(config);
    this.#memory.useLimit(memoryBytes(this.#config));
  }

  /** Lines that a process printed. */
  takeOutput(lines: OutputLines): void {
    this.#take({ ...lines, firstId: this.#ports.events.takeIds(lines.count) });
  }

  entry(id: number): JournalEntry | undefined {
    return this.#memory.find(id);
  }

  events(afterId: number): Iterable<readonly EngineEvent[]> {
    return this.#memory.events(afterId);
  }

  async search(query: JournalQuery, signal: AbortSignal): Promise<JournalPage> {
    // An answer without the files would look whole and not be.
    await this.open();
    const { maxAgeMs } = this.#config;
    const oldest = maxAgeMs === undefined ? 0 : this.#ports.clock.wallTime() - maxAgeMs;
    const within = { ...query, sinceMs: Math.max(query.sinceMs, oldest) };
    const batches = query.fromTheEnd ? this.#backward(within) : this.#forward(within);
    return search(within, batches, signal, this.#pause);
  }

  /** From the files what memory no longer holds, then the rest. */
  async *#forward(selection: Selection): AsyncGenerator<Batch> {
    let { afterId } = selection;
    // Memory may have let more go while the files were read.
    while (this.#files !== undefined) {
      const { firstId } = this.#memory;
      if (afterId >= firstId - 1) break;
      const beforeId = Math.min(selection.beforeId, firstId);
      yield* this.#files.batches({ ...selection, afterId, beforeId });
      if (beforeId === selection.beforeId) return;
      afterId = firstId - 1;
    }
    yield* this.#memory.forward({ ...selection, afterId });
  }

  async *#backward(selection: Selection): AsyncGenerator<Batch> {
    let { beforeId } = selection;
    for (const batch of this.#memory.backward(selection)) {
      beforeId = batch.firstId;
      yield batch;
    }
    if (this.#files !== undefined) yield* this.#files.batches({ ...selection, beforeId });
  }

  async #open(): Promise<void> {
    const { directory } = this.#config;
    if (directory === undefined) return;
    const { SegmentStore: Store } = await import('./segment-store.ts');
    const files = await Store.open({ ...this.#ports, directory }, this.#config);
    for (const item of this.#early) files.append(item);
    if (this.#earlyLost > 0) files.lose(this.#earlyLost);
    this.#early = [];
    this.#files = files;
  }

  #take(item: JournalItem): void {
    this.#lastId = lastIdOf(item);
    this.#memory.push(item);
    if (this.#files !== undefined) this.#files.append(item);
    else if (!this.hasFiles) return;
    else if (this.#early.length < MOST_EARLY_ENTRIES) this.#early.push(item);
    else this.#earlyLost += countOf(item);
  }
}

function memoryBytes({ directory, maxBytes }: JournalConfig): number {
  return directory === undefined ? (maxBytes ?? DEFAULT_MEMORY_BYTES) : DEFAULT_MEMORY_BYTES;
}
