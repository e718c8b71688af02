/** When a command has done what it can: for `--wait`. */

import type { MonitorState } from '../lifecycle/states.ts';
import { type InstanceRecord, isAtRest } from './instance-record.ts';

const UP_OR_OVER: ReadonlySet<MonitorState> = new Set([
  'blocked',
  'healthy',
  'unhealthy',
  'completed',
  'failed',
  'stopped',
  'idle',
]);

/** @param record undefined: it is no longer configured, so nothing more can come. */
export function isSettled(action: 'start' | 'stop' | 'restart', record: InstanceRecord | undefined): boolean {
  if (record === undefined) return true;
  const { monitor, desired } = record.machine;
  if (action === 'stop') {
    const isStillWanted = desired === 'down' || desired === 'killed';
    return isAtRest(record) || !isStillWanted;
  }
  // While the wish itself stands, the incarnation that runs is the one to be replaced.
  return desired !== 'restart' && desired !== 'start' && UP_OR_OVER.has(monitor);
}
