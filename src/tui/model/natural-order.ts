/**
 * The order people expect of names: `web:9` before `web:10`. A collator of Intl would cost milliseconds at the first
 * frame; and a table of a thousand is sorted at each change, so nothing is allocated here.
 */

const ZERO = 0x30;
const NINE = 0x39;

/** Runs of digits as numbers. Pure, and an order: only equal texts compare as 0. */
export function inNaturalOrder(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  let at = 0;
  while (at < length && one.charCodeAt(at) === other.charCodeAt(at)) at += 1;
  if (at === length) return one.length - other.length;
  // The first difference may be within a run of digits.
  let start = at;
  while (start > 0 && isDigit(one.charCodeAt(start - 1))) start -= 1;
  const difference = numberAt(one, start) - numberAt(other, start);
  return difference || one.charCodeAt(at) - other.charCodeAt(at);
}

/** NaN where no digit stands there: a difference to that is none. */
function numberAt(text: string, start: number): number {
  let value = Number.NaN;
  for (let at = start; at < text.length && isDigit(text.charCodeAt(at)); at++) {
    value = (Number.isNaN(value) ? 0 : value * 10) + text.charCodeAt(at) - ZERO;
  }
  return value;
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}
