/** The work of states that watch something. */

import type { InstanceRecord } from '../world/instance-record.ts';
import type { WorldEffect } from '../world/world-event.ts';

export function isWatch(kind: string | undefined): boolean {
  return kind === 'awaitConnection' || kind === 'watchReadiness' || kind === 'watchLiveness';
}

/** What begins it. @param ageMs of one that another engine has begun. */
export function watchOf({ key, activity, machine }: InstanceRecord, ageMs?: number): WorldEffect | undefined {
  if (activity === undefined || !isWatch(activity.kind)) return undefined;
  const { number, kind } = activity;
  if (kind === 'awaitConnection') return { kind: 'awaitArrival', key, number };
  const proven = machine.monitor === 'unhealthy' ? 'unhealthy' : 'healthy';
  const standing = kind === 'watchReadiness' ? 'unproven' : proven;
  return { kind: 'watch', key, number, standing, ...(ageMs !== undefined && { ageMs }) };
}
