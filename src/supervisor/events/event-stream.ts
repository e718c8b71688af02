/** Numbers and dates the engine's events, and hands each to anyone who listens; the journal is what keeps them. */

import type { Level } from '../../levels.ts';
import {
  type EngineEvent,
  type EventFields,
  type EventLevel,
  type EventName,
  type FreeEventName,
  levelOf,
} from '../../wire/engine-event.ts';
import type { EventSubject } from '../../wire/events.ts';
import type { Cancel, Clock } from '../ports/clock.ts';

export class EventStream {
  readonly #clock: Pick<Clock, 'wallTime'>;
  readonly #listeners = new Set<(event: EngineEvent) => void>();
  #lastId: number;

  /** @param lastId where a journal of earlier days has ended. */
  constructor(clock: Pick<Clock, 'wallTime'>, lastId = 0) {
    this.#clock = clock;
    this.#lastId = lastId;
  }

  /**
   * One whose level its row decides.
   * @param causedBy id of the event that led to this one.
   * @returns the event's id, for those that it leads to.
   */
  emit<Name extends Exclude<EventName, FreeEventName>>(
    name: Name,
    fields: EventFields[Name],
    subject: EventSubject = {},
    causedBy?: number,
  ): number {
    return this.#publish(levelOf(name, fields), name, fields, subject, causedBy);
  }

  /** One of another level than others of its name. */
  emitAs<Name extends FreeEventName>(
    level: EventLevel<Name>,
    name: Name,
    fields: EventFields[Name],
    subject: EventSubject = {},
    causedBy?: number,
  ): number {
    return this.#publish(level, name, fields, subject, causedBy);
  }

  #publish<Name extends EventName>(
    level: Level,
    name: Name,
    fields: EventFields[Name],
    subject: EventSubject,
    causedBy: number | undefined,
  ): number {
    const id = this.takeIds(1);
    const event = {
      id,
      time: this.#clock.wallTime(),
      level,
      event: name,
      ...subject,
      ...(fields as object),
      ...(causedBy !== undefined && { caused_by: causedBy }),
    } as EngineEvent;
    for (const listener of this.#listeners) listener(event);
    return id;
  }

  /**
   * Ids for what stands among the events without being one: lines of output in the journal.
   * @returns the first of them.
   */
  takeIds(count: number): number {
    this.#lastId += count;
    return this.#lastId - count + 1;
  }

  /** The listener is called for each event at once and must neither throw nor block. */
  subscribe(listener: (event: EngineEvent) => void): Cancel {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
