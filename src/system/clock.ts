/** The real clock. Timers are monotonic: setTimeout counts by CLOCK_MONOTONIC, whatever the wall clock does. */

import type { Cancel, Clock, WallAlarm } from '../supervisor/ports/clock.ts';
import { native } from './native.ts';
import { SystemWallAlarm } from './wall-alarm.ts';

/** setTimeout takes 32 signed bits and calls back at once for anything longer. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

export class SystemClock implements Clock {
  now(): number {
    return monotonicMs();
  }

  wallTime(): number {
    return Date.now();
  }

  after(delayMs: number, callback: () => void): Cancel {
    // A timeout of 0 costs a millisecond.
    if (delayMs <= 0) return this.soon(callback);
    const deadline = monotonicMs() + delayMs;
    const wait = (): NodeJS.Timeout => {
      const leftMs = Math.ceil(deadline - monotonicMs());
      return setTimeout(look, Math.min(Math.max(1, leftMs), LONGEST_TIMEOUT_MS));
    };
    // libuv counts from the start of the loop's turn in whole milliseconds, and so may be a little early.
    const look = (): void => {
      if (monotonicMs() >= deadline) callback();
      else timeout = wait();
    };
    let timeout = wait();
    return () => clearTimeout(timeout);
  }

  alarm(ring: () => void): WallAlarm {
    return new SystemWallAlarm(native(), ring);
  }

  soon(callback: () => void): Cancel {
    const immediate = setImmediate(callback);
    return () => clearImmediate(immediate);
  }
}

/** As performance.now, whose module costs a start half a millisecond. Of the same clock, counted from another moment. */
function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}
