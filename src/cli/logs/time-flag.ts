/** Points in time as people write them after --since and --until. Pure. */

import { parseDuration } from '../../units.ts';
import { bad } from '../arguments.ts';
import type { ParsedFlags } from '../command.ts';

const DAY_MS = 86_400_000;
const TIME_OF_DAY = /^(\d{1,2}):(\d\d)(?::(\d\d)(\.\d{1,3})?)?Z?$/;
const DATE_AND_TIME = /^(\d{4}-\d\d-(\d\d))(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:\d\d)?)?$/i;

export interface TimeRange {
  /** Epoch milliseconds. */
  readonly since?: number;
  readonly until?: number;
}

/**
 * `--since` and `--until`: how long ago (`10m`), a time of day (`10:02`, the last one; after --since the first one
 * after that), or a date. Without a zone it is universal time, as everything that is shown.
 */
export function timeRangeOf(flags: ParsedFlags, now: number): TimeRange {
  const since = timeOf(flags, '--since', (timeOfDay) => latest(timeOfDay, now));
  const until = timeOf(flags, '--until', (timeOfDay) =>
    since === undefined ? latest(timeOfDay, now) : latest(timeOfDay, since + DAY_MS - 1),
  );
  if (since !== undefined && until !== undefined && until < since) {
    const told = [since, until].map((time) => new Date(time).toISOString());
    throw bad(`--until (${told[1]}) lies before --since (${told[0]})`);
  }
  return { ...(since !== undefined && { since }), ...(until !== undefined && { until }) };

  function timeOf(
    from: ParsedFlags,
    name: `--${string}`,
    place: (timeOfDay: number) => number,
  ): number | undefined {
    const text = from.text(name);
    if (text === undefined) return undefined;
    const ago = parseDuration(text);
    if (ago !== undefined) return now - ago;
    const timeOfDay = readTimeOfDay(text);
    const found = timeOfDay === undefined ? readDate(text) : place(timeOfDay);
    if (found !== undefined) return found;
    throw bad(
      `${name} takes a time such as 10m, 10:02, "2026-11-25 10:02" or 2026-11-25T10:02:05Z, not "${text}"`,
    );
  }
}

/** @returns the last moment up to `end` that has this time of day. */
function latest(timeOfDay: number, end: number): number {
  const midnight = end - (end % DAY_MS);
  const moment = midnight + timeOfDay;
  return moment <= end ? moment : moment - DAY_MS;
}

/** @returns milliseconds since midnight. */
function readTimeOfDay(text: string): number | undefined {
  const match = TIME_OF_DAY.exec(text);
  if (match === null) return undefined;
  const [hours, minutes, seconds] = [match[1], match[2], match[3]].map((part) => Number(part ?? 0));
  if (hours === undefined || minutes === undefined || seconds === undefined) return undefined;
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  return ((hours * 60 + minutes) * 60 + seconds + Number(match[4] ?? 0)) * 1_000;
}

function readDate(text: string): number | undefined {
  const [, date, day, time = '00:00', zone = 'Z'] = DATE_AND_TIME.exec(text) ?? [];
  if (date === undefined) return undefined;
  // Date.parse takes the 31st of February for a day in March.
  if (new Date(`${date}T00:00Z`).getUTCDate() !== Number(day)) return undefined;
  const moment = Date.parse(`${date}T${time}${zone.toUpperCase()}`);
  return Number.isNaN(moment) ? undefined : moment;
}
