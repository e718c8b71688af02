/**
 * The one queue of the supervisor. Whatever happens while a turn is being worked off is appended to it, and the
 * queue is empty before control returns to the event loop: no recursion, no callback into a half-changed record.
 */

export class Turns {
  readonly #queue: (() => void)[] = [];
  readonly #afterEach: () => void;
  readonly #onFault: (error: unknown) => void;
  #isWorking = false;

  /**
   * @param afterEach called whenever the queue has run empty; what it enqueues belongs to the same turn.
   * @param onFault told of anything thrown by a job; the queue goes on with the next.
   */
  constructor(afterEach: () => void, onFault: (error: unknown) => void) {
    this.#afterEach = afterEach;
    this.#onFault = onFault;
  }

  /** Runs the job now, or right after those before it when called from within a turn. */
  enqueue(job: () => void): void {
    this.#queue.push(job);
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
      const job = this.#queue[index];
      if (job !== undefined) this.#guard(job);
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
