/** The journal: takes every event in, keeps the recent ones in memory, and answers queries. */

import type { JournalConfig } from '../config/resolved-config.ts';
import type { EngineEvent } from '../supervisor/engine-event.ts';
import type { EventStream } from '../supervisor/event-stream.ts';
import type {
  JournalEntry,
  JournalPage,
  JournalPort,
  JournalQuery,
  OutputEntry,
} from '../supervisor/journal-port.ts';
import type { Clock } from '../supervisor/ports.ts';
import type { Batch, Bounds } from './batch.ts';
import { MemoryStore } from './memory-store.ts';
import { search } from './search.ts';

/** Enough for a bad hour of a busy container; issue reports need the minutes before a failure. */
const DEFAULT_MEMORY_BYTES = 4 * 2 ** 20;

export interface JournalPorts {
  readonly clock: Clock;
  readonly events: EventStream;
}

export class Journal implements JournalPort {
  readonly #ports: JournalPorts;
  readonly #memory: MemoryStore;
  #config: JournalConfig;
  #lastId = 0;

  constructor(config: JournalConfig, ports: JournalPorts) {
    this.#config = config;
    this.#ports = ports;
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
    return false;
  }

  /** Takes over limits from a new configuration. */
  use(config: JournalConfig): void {
    this.#config = config;
    this.#memory.useLimit(memoryBytes(config));
  }

  /** A line that a process printed. */
  takeOutput(line: Omit<OutputEntry, 'id' | 'level' | 'event'>): void {
    this.#take({ id: this.#ports.events.nextId(), level: 'info', event: 'output', ...line });
  }

  entry(id: number): JournalEntry | undefined {
    return this.#memory.find(id);
  }

  recentEvents(afterId: number): readonly EngineEvent[] {
    return this.#memory.after(afterId).filter((entry) => entry.event !== 'output');
  }

  search(query: JournalQuery, signal: AbortSignal): Promise<JournalPage> {
    const { maxAgeMs } = this.#config;
    const oldest = maxAgeMs === undefined ? 0 : this.#ports.clock.wallTime() - maxAgeMs;
    const within = { ...query, sinceMs: Math.max(query.sinceMs, oldest) };
    return search(within, this.#batches(within, query.fromTheEnd), signal);
  }

  #batches(bounds: Bounds, fromTheEnd: boolean): AsyncIterable<Batch> {
    return fromTheEnd ? this.#memory.backward(bounds) : this.#memory.forward(bounds);
  }

  #take(entry: JournalEntry): void {
    this.#lastId = entry.id;
    this.#memory.push(entry);
  }
}

function memoryBytes({ directory, maxBytes }: JournalConfig): number {
  return directory === undefined ? (maxBytes ?? DEFAULT_MEMORY_BYTES) : DEFAULT_MEMORY_BYTES;
}
