/** Numbers and dates the engine's events, keeps the recent ones, and hands each to whoever listens. */

import type { EngineEvent, EventFields, EventLevel, EventName } from './engine-event.ts';
import type { Cancel, Clock } from './ports.ts';

/** Enough for a bad hour of a busy container; issue reports need the minutes before a failure. */
const MOST_RECENT = 2_000;

export interface EventSubject {
  readonly process?: string;
  readonly instance?: string;
  readonly incarnation?: number;
  readonly pid?: number;
}

export class EventStream {
  readonly #clock: Pick<Clock, 'wallTime'>;
  readonly #listeners = new Set<(event: EngineEvent) => void>();
  readonly #recent: EngineEvent[] = [];
  #lastId = 0;

  constructor(clock: Pick<Clock, 'wallTime'>) {
    this.#clock = clock;
  }

  emit<Name extends EventName>(
    level: EventLevel,
    name: Name,
    fields: EventFields[Name],
    subject: EventSubject = {},
  ): void {
    this.#lastId += 1;
    const event = {
      id: this.#lastId,
      time: this.#clock.wallTime(),
      level,
      event: name,
      ...subject,
      ...fields,
    } as EngineEvent;
    // Twice the length before a cut, so that keeping the last ones costs nothing an event.
    if (this.#recent.push(event) >= 2 * MOST_RECENT) this.#recent.splice(0, MOST_RECENT);
    for (const listener of this.#listeners) listener(event);
  }

  /** Oldest first. */
  recent(): readonly EngineEvent[] {
    return this.#recent.slice(-MOST_RECENT);
  }

  /** The listener is called for each event at once and must neither throw nor block. */
  subscribe(listener: (event: EngineEvent) => void): Cancel {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
