/** What came of an action, in a sentence. Pure. */

import type { Action } from '../../lifecycle/states.ts';
import type { Result, WireOutcome } from '../../rpc/contract/contract.ts';
import type { Tone } from './model.ts';

type Said = readonly [tone: Tone, text: string];

/** Of one its own sentence, of many a count, and the first that is not where it should be. */
export function outcomeText(action: Action, outcomes: readonly WireOutcome[]): Said {
  const failed = outcomes.filter(({ reached }) => !reached);
  const [first] = failed;
  if (first !== undefined) {
    const why = first.reason === null ? '' : `: ${first.reason}`;
    const others = failed.length === 1 ? '' : ` (and ${failed.length - 1} more)`;
    if (action === 'run') return ['bad', `the run of ${first.name} failed${why}${others}`];
    return ['bad', `could not ${action} ${first.name}: it is ${first.state}${why}${others}`];
  }
  const [only] = outcomes;
  if (only === undefined) return ['good', 'nothing to do'];
  if (action === 'run') return ['good', `${only.name} has run: ${only.reason ?? 'it ended well'}`];
  if (outcomes.length > 1) return ['good', `${outcomes.length} instances: ${only.state}`];
  return ['good', only.already ? `${only.name} is ${only.state} already` : `${only.name} is ${only.state}`];
}

export function reloadText({ plan, warnings, not_up: notUp }: Result<'reload'>): Said {
  const [first] = notUp;
  if (first !== undefined) {
    const why = first.reason === null ? '' : `: ${first.reason}`;
    return ['bad', `reloaded, but ${first.name} did not come up: it is ${first.state}${why}`];
  }
  const changed = plan.filter(({ action }) => action !== 'unchanged').length;
  const what = changed === 0 ? 'nothing differs' : `${changed} of ${plan.length} processes changed`;
  const [warning] = warnings;
  return warning === undefined ? ['good', `reloaded: ${what}`] : ['busy', `reloaded: ${what}; ${warning}`];
}
