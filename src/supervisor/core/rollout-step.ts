/** Rolling changes: how they begin, go on with every turn, and end. Whose turn comes is `lifecycle/rollout`. */

import {
  type Looks,
  type Rollout,
  type RolloutStep,
  standingOf,
  stepRollout,
} from '../../lifecycle/rollout.ts';
import { wasStoppedByUser } from '../world/instance-record.ts';
import type { WorldEvent } from '../world/world-event.ts';
import type { Circumstances, Known, Of, Step } from './step-types.ts';

/** Those that another one has yet to restart are its own from now on. */
export function beginRollout(
  { world }: Known,
  { keys, atOnce, wanted, causedBy }: Of<'rollout'>,
  { events }: Circumstances,
): Step {
  const fields = { instances: keys.length, at_once: atOnce, reason: wanted.cause };
  const id = events.emit('rollout_started', fields, {}, causedBy);
  const rollout: Rollout = { id, ...wanted, atOnce, pending: keys, underway: [], done: [] };
  const others = world.rollouts.map((other) => ({
    ...other,
    pending: other.pending.filter((key) => !keys.includes(key)),
  }));
  return { records: [], effects: [], rollouts: [...others, rollout], next: [{ type: 'rollOn' }] };
}

/** Looks at all of them, and goes on while there is something to do. */
export function rollOn(known: Known, { events }: Circumstances): Step {
  const going: Rollout[] = [];
  const next: WorldEvent[] = [];
  for (const rollout of known.world.rollouts) {
    const taken = stepRollout(rollout, looksOf(known));
    if (taken.next !== undefined) going.push(taken.next);
    else reportEnd(known, rollout, taken, events);
    const { by, cause, id } = rollout;
    for (const key of taken.restart)
      next.push({ type: 'decision', key, kind: 'restart', wanted: { by, cause }, causedBy: id });
  }
  if (next.length > 0) next.push({ type: 'rollOn' });
  return { records: [], effects: [], rollouts: going, next };
}

/** A shutdown ends them all. */
export function endRollouts(known: Known, { events }: Circumstances): void {
  for (const { id, pending } of known.world.rollouts) {
    const fields = { reason: 'the engine is shutting down', left: namesOf(known, pending) };
    events.emit('rollout_stopped', fields, {}, id);
  }
}

function looksOf(known: Known): Looks {
  return {
    standing: (key) => {
      const record = known.byKey(key);
      return record === undefined ? undefined : standingOf(record.machine);
    },
    isStopped: (key) => {
      const record = known.byKey(key);
      return record === undefined || wasStoppedByUser(record) || !known.isConfigured(record);
    },
  };
}

function reportEnd(
  known: Known,
  { id }: Rollout,
  { failed, done, left }: RolloutStep,
  events: Circumstances['events'],
): void {
  if (failed === undefined) {
    events.emit('rollout_ended', { instances: done.length }, {}, id);
    return;
  }
  const record = known.byKey(failed);
  const reason = `${record?.name ?? failed} is ${record?.machine.monitor ?? 'gone'}`;
  events.emit('rollout_stopped', { reason, left: namesOf(known, left) }, {}, record?.lastEvent ?? id);
}

function namesOf(known: Known, keys: readonly string[]): string[] {
  return keys.flatMap((key) => known.byKey(key)?.name ?? []);
}
