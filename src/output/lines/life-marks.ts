/** Marks in the container's output: when a process started, ended, and what became of its health. */

import type { Clock } from '../../supervisor/ports/clock.ts';
import { type EngineEvent, markText } from '../../wire/engine-event.ts';

/**
 * Puts the mark of an end behind the last output: an exit may be known before the loop has polled the pipes, and
 * what was printed last is read in the turn that follows.
 */
export class LifeMarks {
  readonly #clock: Pick<Clock, 'soon'>;
  readonly #write: (event: EngineEvent, text: string) => void;
  readonly #ends = new Map<string, () => void>();

  constructor(clock: Pick<Clock, 'soon'>, write: (event: EngineEvent, text: string) => void) {
    this.#clock = clock;
    this.#write = write;
  }

  tell(event: EngineEvent): void {
    const text = markText(event);
    const { instance } = event;
    if (text === undefined || instance === undefined) return;
    // One that is started again at once: the marks keep their order.
    this.#ends.get(instance)?.();
    if (event.event !== 'process_exited') {
      this.#write(event, text);
      return;
    }
    const end = (): void => {
      if (this.#ends.get(instance) !== end) return;
      this.#ends.delete(instance);
      this.#write(event, text);
    };
    this.#ends.set(instance, end);
    this.#clock.soon(() => this.#clock.soon(end));
  }
}
