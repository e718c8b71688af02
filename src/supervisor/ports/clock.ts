/** Time, as the engine sees it; tests move it by hand. */

/** Takes back what was begun; calling it again does nothing. */
export type Cancel = () => void;

export interface Clock {
  /** Milliseconds that only grow (CLOCK_MONOTONIC); the zero is arbitrary. */
  now(): number;
  /** Milliseconds since the epoch, for people; may jump. */
  wallTime(): number;
  /** Calls back once, no earlier than `delayMs` from now. */
  after(delayMs: number, callback: () => void): Cancel;
  /** Calls back once, in the next turn of the event loop: after what has come until then. */
  soon(callback: () => void): Cancel;
}
