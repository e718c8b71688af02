/** One instance as the board follows it: what the engine said last, and what it uses, worked out from that. Pure. */

import type { WireInstance } from '../../rpc/contract/contract.ts';

/** Samples that a trail keeps, one a second. */
export const TRAIL_LENGTH = 24;
/** The engine tells what has changed of the usage so often. */
const USAGE_INTERVAL_MS = 1_000;

export interface Tracked {
  readonly instance: WireInstance;
  /** Monotonic milliseconds at which the engine said it: ages grow from there. */
  readonly receivedAt: number;
  /** When its usage was last another than before. */
  readonly sampledAt: number;
  /** 100 is one processor; undefined: not known yet, or nothing runs. */
  readonly cpuPercent: number | undefined;
  readonly cpuTrail: readonly number[];
  readonly memoryTrail: readonly number[];
}

export function track(before: Tracked | undefined, instance: WireInstance, now: number): Tracked {
  const isSame = before !== undefined && before.instance.incarnation === instance.incarnation;
  const told = {
    instance: withUsage(before, instance, isSame),
    receivedAt: now,
    cpuTrail: before?.cpuTrail ?? [],
    memoryTrail: before?.memoryTrail ?? [],
  };
  if (instance.pid === null) return { ...told, sampledAt: now, cpuPercent: undefined };
  const used = instance.usage?.cpu_seconds;
  const usedBefore = isSame ? before.instance.usage?.cpu_seconds : undefined;
  if (used === undefined || used === usedBefore) {
    return {
      ...told,
      sampledAt: isSame ? before.sampledAt : now,
      cpuPercent: isSame ? before.cpuPercent : undefined,
    };
  }
  if (usedBefore === undefined || !isSame) return { ...told, sampledAt: now, cpuPercent: undefined };
  // What does not change is not told: after a silence, all of it was used in the last interval.
  const silence = now - before.sampledAt;
  const elapsed = silence > 1.5 * USAGE_INTERVAL_MS ? USAGE_INTERVAL_MS : Math.max(silence, 1);
  const cpuPercent = (Math.max(0, used - usedBefore) * 100_000) / elapsed;
  return { ...told, sampledAt: now, cpuPercent };
}

/** A change of state may come without usage: what was known of the same incarnation still holds. */
function withUsage(before: Tracked | undefined, instance: WireInstance, isSame: boolean): WireInstance {
  if (instance.usage !== undefined || !isSame || instance.pid === null) return instance;
  const usage = before?.instance.usage;
  return usage === undefined ? instance : { ...instance, usage };
}

/** A second has gone by: silence means that nothing was used, and the trails grow. */
export function tick(tracked: Tracked, now: number): Tracked {
  const { instance } = tracked;
  const isSilent = now - tracked.sampledAt > 2.5 * USAGE_INTERVAL_MS;
  const cpuPercent =
    instance.pid === null || instance.usage === undefined ? undefined : isSilent ? 0 : tracked.cpuPercent;
  if (instance.pid === null && tracked.cpuTrail.length === 0) return tracked;
  return {
    ...tracked,
    cpuPercent,
    cpuTrail: grown(tracked.cpuTrail, cpuPercent ?? 0),
    memoryTrail: grown(tracked.memoryTrail, memoryOf(tracked) ?? 0),
  };
}

function grown(trail: readonly number[], sample: number): readonly number[] {
  return [...trail.slice(-(TRAIL_LENGTH - 1)), sample];
}

export function memoryOf({ instance }: Tracked): number | undefined {
  return instance.pid === null ? undefined : instance.usage?.memory_bytes;
}

/** Milliseconds in its state, by now. */
export function ageOf({ instance, receivedAt }: Tracked, now: number): number {
  return instance.state_age_ms + Math.max(0, now - receivedAt);
}
