/** The engine's own log: each event one JSON line by pino, or one short line for people on a terminal. */

import type { Logger } from 'pino';
import type { EngineLogConfig } from '../config/resolved-config.ts';
import { HARMFUL, jsonEscapeOf } from '../harmful-characters.ts';
import { isBelow, type Level } from '../levels.ts';
import { RawLane } from '../output/memory/lane.ts';
import type { SharedStream, StreamWriter } from '../output/streams/shared-stream.ts';
import type { EventStream } from '../supervisor/events/event-stream.ts';
import { type EngineEvent, sentenceFor } from '../wire/engine-event.ts';
import { prettyLine } from './pretty.ts';

/** Start-up of a thousand processes makes about half as many; only pino that never loads could make more. */
const MOST_EARLY_EVENTS = 10_000;
/** Of one piece of work; more are written in the midst of it. */
const MOST_TAKEN = 100;

export interface LogPorts {
  readonly events: EventStream;
  /** Processes may write to it, too. */
  readonly stream: SharedStream;
  readonly isTerminal: boolean;
  readonly hasColour: boolean;
}

export class EngineLog {
  readonly #stream: SharedStream;
  readonly #writer: StreamWriter;
  readonly #isPretty: boolean;
  readonly #hasColour: boolean;
  #level: Level;
  /** Events from before pino was loaded; its import must not delay the first processes. */
  readonly #early: EngineEvent[] = [];
  #earlyDropped = 0;
  #logger: Logger | undefined;
  #opening: Promise<void> | undefined;
  readonly #events: EventStream;
  readonly #taken: EngineEvent[] = [];

  constructor(config: EngineLogConfig, ports: LogPorts) {
    this.#events = ports.events;
    this.#level = config.level;
    this.#isPretty = config.format === 'pretty' || (config.format === 'auto' && ports.isTerminal);
    this.#hasColour = ports.hasColour;
    this.#stream = ports.stream;
    this.#writer = ports.stream.writer({
      lane: new RawLane(ports.stream.pool),
      source: { instance: '', process: '', stream: 'stderr' },
      resume: () => {},
      isReserved: true,
      onDropped: (bytes) => {
        const reason = 'nobody read the engine log';
        ports.events.emit('output_dropped', { stream: 'log', bytes, reason });
      },
    });
    ports.events.subscribe((event) => this.#take(event));
  }

  /** Takes over a level from a new configuration. */
  use(config: EngineLogConfig): void {
    this.#level = config.level;
  }

  /** Loads pino, once, and writes what has waited for it. */
  open(): Promise<void> {
    if (this.#isPretty) return Promise.resolve();
    this.#opening ??= this.#loadPino();
    return this.#opening;
  }

  /** Resolves when all of it has been written, or cannot be written because nobody reads. */
  async idle(): Promise<void> {
    await this.open();
    await this.#stream.idle();
  }

  async #loadPino(): Promise<void> {
    const { pino } = await import('pino');
    this.#logger = pino(
      { level: 'trace', base: null, timestamp: false, formatters: { level: (level) => ({ level }) } },
      // People read it on a terminal, and JSON leaves most of these as they are.
      { write: (line: string) => this.#writer.write(Buffer.from(line.replace(HARMFUL, jsonEscapeOf))) },
    );
    for (const event of this.#early.splice(0)) this.#write(event);
    const lost = this.#earlyDropped;
    if (lost === 0) return;
    this.#earlyDropped = 0;
    const message = `${lost} events were dropped from the log while it was not open yet`;
    this.#events.emitAs('warn', 'engine_notice', { message });
  }

  /** Written once what is under way is done: a restart does not wait until its log lines are made. */
  #take(event: EngineEvent): void {
    if (isBelow(event.level, this.#level)) return;
    const count = this.#taken.push(event);
    if (count === 1) queueMicrotask(() => this.#writeTaken());
    else if (count >= MOST_TAKEN) this.#writeTaken();
  }

  #writeTaken(): void {
    for (const event of this.#taken.splice(0)) this.#writeOrKeep(event);
  }

  #writeOrKeep(event: EngineEvent): void {
    if (this.#isPretty) this.#writer.write(Buffer.from(prettyLine(event, this.#hasColour)));
    else if (this.#logger !== undefined) this.#write(event);
    // The first ones say how it began; what comes after the bound is counted.
    else if (this.#early.length < MOST_EARLY_EVENTS) this.#early.push(event);
    else this.#earlyDropped += 1;
  }

  #write(event: EngineEvent): void {
    const { time, level, ...fields } = event;
    this.#logger?.[level]({ time: new Date(time).toISOString(), ...fields }, sentenceFor(event));
  }
}
