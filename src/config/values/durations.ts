/** Durations and sizes of a configuration, in bounds. */

import { parseDuration, parseSize } from '../../units.ts';
import type { Place } from '../document/place.ts';
import { showValue } from '../text/show-value.ts';

/** Longer than any container lives, and far from where arithmetic in milliseconds loses a digit. */
const TEN_YEARS_MS = 3_652 * 86_400_000;

/**
 * @param least `zero` where no time at all makes sense
 * @returns milliseconds; 0 after reporting a problem.
 */
export function durationAt(place: Place, value: string | number, least: 'zero' | 'more-than-zero'): number {
  const milliseconds = parseDuration(value);
  if (milliseconds === undefined || milliseconds > TEN_YEARS_MS) {
    place.problem({ message: `found ${showValue(value)}`, expected: 'a duration of at most ten years' });
    return 0;
  }
  if (milliseconds === 0 && least === 'more-than-zero') {
    place.problem({
      message: `found ${showValue(value)}`,
      expected: 'a duration of at least one millisecond',
    });
  }
  return milliseconds;
}

/** @returns bytes; 0 after reporting a problem. */
export function sizeAt(place: Place, value: string | number): number {
  const bytes = parseSize(value);
  if (bytes === undefined) {
    place.problem({ message: `found ${showValue(value)}`, expected: 'a size of less than 8 PiB' });
    return 0;
  }
  return bytes;
}
