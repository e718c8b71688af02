/** When a command has done what it can: for `--wait`. */

import { type Action, type DesiredState, isDecided } from '../../lifecycle/states.ts';
import type { Supervisor } from '../supervisor.ts';
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

/** Resolves once each is where the action wants it or can no longer be; rejects when the signal aborts. */
export function untilSettled(
  action: Action,
  instances: readonly string[],
  supervisor: Pick<Supervisor, 'isRolling' | 'onTurnEnd' | 'record'>,
  signal: AbortSignal,
): Promise<void> {
  const isRolling = (name: string): boolean => {
    const record = supervisor.record(name);
    return record !== undefined && supervisor.isRolling(record);
  };
  // A rolling restart decides by itself when it is over: it waits for no further try of one that has failed.
  const rolling = new Set(instances.filter(isRolling));
  const isDone = (name: string): boolean =>
    rolling.has(name) ? !isRolling(name) : isSettled(action, supervisor.record(name));
  // The one that was not there yet is asked first: most turns have nothing to do with it.
  let late = instances.find((name) => !isDone(name));
  if (late === undefined) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const cancel = supervisor.onTurnEnd(() => {
      if (late !== undefined && !isDone(late)) return;
      late = instances.find((name) => !isDone(name));
      if (late !== undefined) return;
      cancel();
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    const onAbort = (): void => {
      cancel();
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
