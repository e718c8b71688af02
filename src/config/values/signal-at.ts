/** Signals of a configuration. */

import { nearestWord } from '../../nearest-word.ts';
import { parseSignal, SIGNAL_WORDS, type SignalName, signalName } from '../../signals.ts';
import type { Place } from '../document/place.ts';
import { showValue } from '../text/show-value.ts';

/** @returns the canonical name; undefined after reporting a problem. */
export function signalAt(place: Place, value: string | number): SignalName | undefined {
  const number = parseSignal(value);
  if (number !== undefined) return signalName(number);
  const near = nearestWord(String(value).replace(/^sig/i, ''), SIGNAL_WORDS);
  place.problem({
    message: `${showValue(value)} is no signal`,
    expected: 'a signal, such as "TERM", "SIGINT", "RTMIN+3" or 15',
    hint: near === undefined ? undefined : `did you mean ${JSON.stringify(near)}?`,
  });
  return undefined;
}
