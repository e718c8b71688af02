/**
 * What the ports hold of an instance, by the numbers of descriptors: with the world, all that another engine in the same
 * process (execve(2)) needs to go on. Plain data, as the world is.
 */

import type { ProbeRun } from '../ports/health.ts';
import type { HeldInput } from '../ports/input.ts';
import type { HeldPipe } from '../ports/output.ts';
import type { InstanceRecord } from '../world/instance-record.ts';
import type { PerformContext } from './perform-context.ts';
import type { HeldReports } from './self-reports.ts';

export interface Held {
  readonly pipes: readonly HeldPipe[];
  readonly input: HeldInput | undefined;
  readonly says: HeldReports | undefined;
  readonly probes: readonly ProbeRun[];
}

/** By the key of the instance. */
export type Handover = Readonly<Record<string, Held>>;

export function heldOf(
  { key, name }: InstanceRecord,
  { output, input, selfReports, health }: PerformContext,
): Held {
  return {
    pipes: output.held(name),
    input: input.held(name),
    says: selfReports.held(key),
    probes: health.history(name),
  };
}
