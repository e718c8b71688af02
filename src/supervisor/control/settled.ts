/** When a command has done what it can: for `--wait`. */

import { type Action, type DesiredState, isDecided } from '../../lifecycle/states.ts';
import type { InstanceRecord } from '../world/instance-record.ts';

/** @param record undefined: it is no longer configured, so nothing more can come. */
export function isSettled(action: Action, record: InstanceRecord | undefined): boolean {
  if (record === undefined) return true;
  const { monitor, desired } = record.machine;
  if (action === 'stop') {
    const isStillWanted = desired === 'down' || desired === 'killed';
    return isDecided('stop', monitor) || !isStillWanted;
  }
  // While the wish itself stands, the incarnation that runs is the one to be replaced.
  return !PENDING.has(desired) && isDecided(action, monitor);
}

const PENDING: ReadonlySet<DesiredState> = new Set(['restart', 'start', 'run', 'once']);
