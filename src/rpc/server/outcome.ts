/** What an action came to, read from snapshots before and after it. Pure. */

import { type Action, hasArrived, wasAlready } from '../../lifecycle/states.ts';
import type { InstanceSnapshot } from '../../wire/snapshot.ts';
import type { WireOutcome } from '../contract/contract.ts';

/**
 * `after` is undefined where the instance was removed meanwhile, which is where a stop wants it.
 */
export function outcomeOf(
  action: Action,
  before: InstanceSnapshot,
  after: InstanceSnapshot | undefined,
): WireOutcome {
  if (after === undefined) {
    const reason = 'it was removed by a reload';
    return { name: before.name, state: 'stopped', already: false, reached: action === 'stop', reason };
  }
  if (action === 'run') return outcomeOfRun(before, after);
  // A restart wants another incarnation than the one that was there.
  const isReplaced = action !== 'restart' || after.incarnation > before.incarnation;
  return {
    name: after.name,
    state: after.state,
    already: wasAlready(action, before.state, before.desired === 'up'),
    reached: isReplaced && hasArrived(action, after.state),
    reason: after.reason,
  };
}

/** The run that was asked for, or the one that was under way then, has ended well. */
function outcomeOfRun(before: InstanceSnapshot, after: InstanceSnapshot): WireOutcome {
  const already = wasAlready('run', before.state, true);
  const hasBegun = already || after.incarnation > before.incarnation;
  const run = hasBegun && hasArrived('run', after.state) ? (after.schedule?.last_run ?? null) : null;
  return {
    name: after.name,
    state: after.state,
    already,
    reached: run?.failed === false,
    reason: run === null ? after.reason : run.outcome,
  };
}
