/**
 * Rotation by time goes by the calendar, so that it does not matter when the engine was started: at the multiples of an
 * interval counted from a Monday, 00:00 UTC. `1h` is on the hour, `1d` at midnight, `7d` in the night to Monday.
 */

/** 1970-01-05, in epoch milliseconds. */
const A_MONDAY = 4 * 86_400_000;

/** @param since, now epoch milliseconds. @returns true where a new interval has begun between them. */
export function isNewInterval(everyMs: number, since: number, now: number): boolean {
  return intervalOf(everyMs, now) > intervalOf(everyMs, since);
}

function intervalOf(everyMs: number, at: number): number {
  return Math.floor((at - A_MONDAY) / everyMs);
}
