/** What an action came to, read from snapshots before and after it. Pure. */

import type { InstanceSnapshot } from '../supervisor/snapshot.ts';
import type { WireOutcome } from './contract.ts';
import type { Action } from './engine-port.ts';

type State = InstanceSnapshot['state'];

const UP: ReadonlySet<State> = new Set(['healthy', 'completed']);
const DOWN: ReadonlySet<State> = new Set(['idle', 'stopped', 'completed', 'failed']);
/** Up, or on the way with nothing that a further start would hasten. */
const STARTED: ReadonlySet<State> = new Set(['waiting', 'starting', 'healthcheck', 'healthy', 'unhealthy']);

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
  return {
    name: after.name,
    state: after.state,
    already: isAlready(action, before),
    reached: isReached(action, before, after),
    reason: after.reason,
  };
}

function isAlready(action: Action, before: InstanceSnapshot): boolean {
  switch (action) {
    case 'start':
      return before.desired === 'up' && STARTED.has(before.state);
    case 'stop':
      return DOWN.has(before.state);
    case 'restart':
      return false;
  }
}

function isReached(action: Action, before: InstanceSnapshot, after: InstanceSnapshot): boolean {
  switch (action) {
    case 'start':
      return UP.has(after.state);
    case 'stop':
      return DOWN.has(after.state);
    case 'restart':
      return UP.has(after.state) && after.incarnation > before.incarnation;
  }
}
