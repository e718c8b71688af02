/** What was dropped of processes' output since the engine began, and why: the sum of what the events told. */

import type { EventStream } from '../supervisor/events/event-stream.ts';
import type { EngineEvent } from '../wire/engine-event.ts';
import type { DroppedOutput } from '../wire/snapshot.ts';

export class DropLedger {
  /** By instance; what nobody can be named for (the container's stream, shared by all) under ''. */
  readonly #dropped = new Map<string, DroppedOutput[]>();
  #bytes = 0;

  constructor(events: EventStream) {
    events.subscribe((event) => this.#note(event));
  }

  /** Of all instances together, and of the streams that they share. */
  get bytes(): number {
    return this.#bytes;
  }

  /** By stream and reason. */
  of(instance: string): readonly DroppedOutput[] {
    return this.#dropped.get(instance) ?? [];
  }

  rename(from: string, to: string): void {
    const entries = this.#dropped.get(from);
    this.#dropped.delete(from);
    if (entries !== undefined) this.#dropped.set(to, entries);
  }

  forget(instance: string): void {
    this.#dropped.delete(instance);
  }

  #note(event: EngineEvent): void {
    // The engine's own log is no process's output.
    if (event.event !== 'output_dropped' || event.stream === 'log') return;
    const { stream, bytes, reason, instance = '' } = event;
    this.#bytes += bytes;
    const entries = this.#dropped.get(instance) ?? [];
    const known = entries.find((entry) => entry.stream === stream && entry.reason === reason);
    const others = entries.filter((entry) => entry !== known);
    this.#dropped.set(instance, [...others, { stream, bytes: (known?.bytes ?? 0) + bytes, reason }]);
  }
}
