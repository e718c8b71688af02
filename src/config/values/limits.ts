/** Resource limits (setrlimit(2)). */

import { parseSize } from '../../units.ts';
import type { Place } from '../document/place.ts';
import type { ResourceLimit } from '../resolved-config.ts';
import type { ProcessSource } from '../schema/schema.ts';
import { showValue } from '../text/show-value.ts';

type LimitsSource = NonNullable<ProcessSource['limits']>;
type LimitSource = NonNullable<LimitsSource[keyof LimitsSource]>;

/** @param place of the `limits` table */
export function resolveLimits(place: Place, limits: ProcessSource['limits']): readonly ResourceLimit[] {
  return Object.entries(limits ?? {}).map(([resource, value]: [string, LimitSource]) => {
    const at = place.at(resource);
    if (typeof value !== 'object') {
      const both = amountAt(at, value);
      return { resource, soft: both, hard: both };
    }
    const soft = amountAt(at.at('soft'), value.soft);
    const hard = amountAt(at.at('hard'), value.hard);
    if (soft > hard) {
      at.problem({ message: `soft (${showValue(value.soft)}) is more than hard (${showValue(value.hard)})` });
    }
    return { resource, soft, hard };
  });
}

function amountAt(place: Place, value: string | number): number {
  if (value === 'unlimited' || value === 'infinity') return Number.POSITIVE_INFINITY;
  const amount = parseSize(value);
  if (amount !== undefined) return amount;
  place.problem({
    message: `found ${showValue(value)}`,
    expected: 'a number, a size such as "1GiB", or "unlimited"',
  });
  return 0;
}
