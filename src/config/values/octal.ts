/** Octal modes: digits in quotes, or one of TOML's octal numbers. Decimal digits never become another mode. */

import type { Place } from '../document/place.ts';
import { octalMode } from '../schema/values.ts';
import { showKey, showValue } from '../text/show-value.ts';

const MAX_MODE = 0o777;

/** What an octal number is: the permissions that are given, or those that are taken away. */
type Kind = 'mode' | 'mask';

/** @returns the number; 0 after reporting a problem. */
export function octalAt(place: Place, given: string | number, kind: Kind): number {
  const written = typeof given === 'string' ? given : place.writtenValue().replace(/_/g, '');
  const digits = (typeof given === 'string' ? /^(?:0o)?([0-7]+)$/ : /^0o([0-7]+)$/).exec(written)?.[1];
  const value = Number.parseInt(digits ?? '', 8);
  if (value <= MAX_MODE) return value;
  const meant = /^\+?(0?[0-7]{1,3})$/.exec(written)?.[1]?.padStart(4, '0');
  place.problem({
    message: `found ${typeof given === 'string' ? showValue(given) : written}`,
    expected: octalMode.expected,
    hint:
      meant !== undefined && isUsual(meant, kind)
        ? `write ${showKey(place.path.slice(-1))} = "${meant}"`
        : undefined,
  });
  return 0;
}

/** False if others would get more than the group, or the group more than the owner: 432 is 0660 in decimal. */
function isUsual(digits: string, kind: Kind): boolean {
  const [owner = 0, group = 0, others = 0] = [...digits.slice(-3)].map(Number);
  const contains = (more: number, less: number): boolean => (more & less) === less;
  return kind === 'mode'
    ? contains(owner, group) && contains(group, others)
    : contains(others, group) && contains(group, owner);
}
