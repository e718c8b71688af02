/** Time, as the engine sees it; tests move it by hand. */

/** Takes back what was begun; calling it again does nothing. */
export type Cancel = () => void;

/** One time of the wall clock at a time. */
export interface WallAlarm {
  /** Replaces the one that was set. */
  set(epochMs: number): void;
  /** Gives back what it needs; another `set` begins again. */
  stop(): void;
}

export interface Clock {
  /** Milliseconds that only grow (CLOCK_MONOTONIC); the zero is arbitrary. */
  now(): number;
  /** Milliseconds since the epoch, for people; may jump. */
  wallTime(): number;
  /** Calls back once, no earlier than `delayMs` from now. */
  after(delayMs: number, callback: () => void): Cancel;
  /** @param ring called at the time that is set, and sooner whenever the clock is set or the machine wakes. */
  alarm(ring: () => void): WallAlarm;
  /** Calls back once, in the next turn of the event loop: after what has come until then. */
  soon(callback: () => void): Cancel;
}
