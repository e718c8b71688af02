/** What is wrong, in one line below the table of `status`. */

import type { WireInstance } from '../../rpc/contract/contract.ts';
import { stateRowOf } from '../../wire/states.ts';
import { plainLine } from '../plain-text.ts';

/** In the order in which they are told. */
const RANKS = ['fault', 'waits', 'starts'] as const;
const MAX_NAMED = 5;

/** @returns `2 of 5 are not up: worker failed (exited with code 3); web waits for db`, or undefined if all is well. */
export function whatIsWrong(instances: readonly WireInstance[]): string | undefined {
  const down = instances
    .flatMap((instance) => {
      const { wrong } = stateRowOf(instance);
      return wrong === undefined ? [] : [{ instance, ...wrong }];
    })
    .sort((left, right) => RANKS.indexOf(left.rank) - RANKS.indexOf(right.rank));
  const ranks = new Set(down.map(({ rank }) => rank));
  // Waiting for what starts is as it should be.
  const isWrong = ranks.has('fault') || (ranks.has('waits') && !ranks.has('starts'));
  if (!isWrong) return undefined;
  const named = down.slice(0, MAX_NAMED).map(({ instance, words }) => said(instance, words));
  const more = down.length > MAX_NAMED ? [`and ${down.length - MAX_NAMED} more`] : [];
  const verb = down.length === 1 ? 'is' : 'are';
  return `${down.length} of ${instances.length} ${verb} not up: ${[...named, ...more].join('; ')}`;
}

function said({ name, state, reason, waiting_for: waitingFor }: WireInstance, words: string): string {
  const shown = plainLine(name);
  if (state === 'waiting' && waitingFor.length > 0)
    return `${shown} waits for ${waitingFor.map(plainLine).join(', ')}`;
  const why = reason === null ? '' : ` (${plainLine(reason)})`;
  return `${shown} ${words}${why}`;
}
