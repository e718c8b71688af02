/** The engine's own log: each event one JSON line by pino, or one short line for people on a terminal. */

import type { Logger } from 'pino';
import type { EngineLogConfig } from '../config/resolved-config.ts';
import { BoundedWriter, type Sink } from '../output/bounded-writer.ts';
import type { EngineEvent, EventLevel } from '../supervisor/engine-event.ts';
import type { EventStream } from '../supervisor/event-stream.ts';
import { sentenceFor } from './messages.ts';
import { prettyLine } from './pretty.ts';

/** What a reader of the log may lag behind. */
const CAPACITY_BYTES = 1_048_576;
const LEVELS: readonly EventLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

export interface LogPorts {
  readonly events: EventStream;
  readonly sink: Sink;
  readonly isTerminal: boolean;
  readonly hasColour: boolean;
}

export class EngineLog {
  readonly #writer: BoundedWriter;
  readonly #isPretty: boolean;
  readonly #hasColour: boolean;
  #level: EventLevel;
  /** Events from before pino was loaded; its import must not delay the first processes. */
  #early: EngineEvent[] = [];
  #logger: Logger | undefined;

  constructor(config: EngineLogConfig, ports: LogPorts) {
    this.#level = config.level;
    this.#isPretty = config.format === 'pretty' || (config.format === 'auto' && ports.isTerminal);
    this.#hasColour = ports.hasColour;
    this.#writer = new BoundedWriter(ports.sink, CAPACITY_BYTES, (bytes) => {
      const reason = 'nobody read the engine log';
      ports.events.emit('warn', 'output_dropped', { stream: 'log', bytes, reason });
    });
    ports.events.subscribe((event) => this.#take(event));
  }

  /** Takes over a level from a new configuration. */
  use(config: EngineLogConfig): void {
    this.#level = config.level;
  }

  /** Loads pino and writes what has waited for it. */
  async open(): Promise<void> {
    if (this.#logger !== undefined || this.#isPretty) return;
    const { pino } = await import('pino');
    this.#logger = pino(
      { level: 'trace', base: null, timestamp: false, formatters: { level: (level) => ({ level }) } },
      { write: (line: string) => this.#writer.write(Buffer.from(line)) },
    );
    for (const event of this.#early.splice(0)) this.#write(event);
  }

  /** Resolves when all of it has been written. */
  async idle(): Promise<void> {
    await this.open();
    await this.#writer.idle();
  }

  #take(event: EngineEvent): void {
    if (LEVELS.indexOf(event.level) < LEVELS.indexOf(this.#level)) return;
    if (this.#isPretty) this.#writer.write(Buffer.from(prettyLine(event, this.#hasColour)));
    else if (this.#logger === undefined) this.#early.push(event);
    else this.#write(event);
  }

  #write(event: EngineEvent): void {
    const { time, level, ...fields } = event;
    this.#logger?.[level]({ time: new Date(time).toISOString(), ...fields }, sentenceFor(event));
  }
}
