/** What is wrong, in one line below the table of `status`. */

import type { WireInstance } from '../../rpc/contract/contract.ts';
import { plainLine } from '../plain-text.ts';

type State = WireInstance['state'];

interface Saying {
  readonly words: string;
  /** Faults come first, then those that wait, then those that may be up in a moment. */
  readonly rank: number;
}

const FAULT = 0;
const WAITS = 1;
const STARTS = 2;

/** Of the states in which an instance should be up and is not. */
const SAYINGS: Readonly<Partial<Record<State, Saying>>> = {
  failed: { words: 'failed', rank: FAULT },
  blocked: { words: 'cannot start', rank: FAULT },
  unhealthy: { words: 'is unhealthy', rank: FAULT },
  backoff: { words: 'waits for its next restart', rank: FAULT },
  waiting: { words: 'waits', rank: WAITS },
  starting: { words: 'is starting', rank: STARTS },
  healthcheck: { words: 'is not healthy yet', rank: STARTS },
};
const MAX_NAMED = 5;

/** @returns `2 of 5 are not up: worker failed (exited with code 3); web waits for db`, or undefined if all is well. */
export function whatIsWrong(instances: readonly WireInstance[]): string | undefined {
  const down = instances
    .flatMap((instance) => {
      const saying = SAYINGS[instance.state];
      return saying === undefined ? [] : [{ instance, ...saying }];
    })
    .sort((left, right) => left.rank - right.rank);
  const ranks = new Set(down.map(({ rank }) => rank));
  // Waiting for what starts is as it should be.
  const isWrong = ranks.has(FAULT) || (ranks.has(WAITS) && !ranks.has(STARTS));
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
