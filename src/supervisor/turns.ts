/**
 * The one queue of the supervisor. Whatever happens while a turn is being worked off is appended to it, and the
 * queue is empty before control returns to the event loop: no recursion, no callback into a half-changed record.
 */

export class Turns<Event> {
  readonly #queue: Event[] = [];
  readonly #take: (event: Event) => void;
  readonly #afterEach: () => void;
  readonly #onFault: (error: unknown) => void;
  #isWorking = false;

  /**
   * @param take works off one event.
   * @param afterEach called whenever the queue has run empty; what it enqueues belongs to the same turn.
   * @param onFault called with anything thrown; the queue continues with the next event.
   */
  constructor(take: (event: Event) => void, afterEach: () => void, onFault: (error: unknown) => void) {
    this.#take = take;
    this.#afterEach = afterEach;
    this.#onFault = onFault;
  }

  /** Works the event off now, or right after those before it when called from within a turn. */
  enqueue(event: Event): void {
    this.#queue.push(event);
    if (this.#isWorking) return;
    this.#isWorking = true;
    try {
      while (this.#queue.length > 0) {
        this.#workOff();
        this.#guard(this.#afterEach);
      }
    } finally {
      this.#isWorking = false;
    }
  }

  #workOff(): void {
    // By index: shifting a long array in a burst of a thousand exits would cost its square.
    for (let index = 0; index < this.#queue.length; index++) {
      const event = this.#queue[index] as Event;
      this.#guard(() => this.#take(event));
    }
    this.#queue.length = 0;
  }

  #guard(job: () => void): void {
    try {
      job();
    } catch (error) {
      this.#onFault(error);
    }
  }
}
