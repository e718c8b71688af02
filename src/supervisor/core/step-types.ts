/** What goes into a step, and what comes of it. */

import type { Reporter } from '../events/reports.ts';
import type { Moment } from '../world/instance-record.ts';
import type { Changes, InstanceRecords } from '../world/instance-records.ts';
import type { WorldEffect, WorldEvent } from '../world/world-event.ts';

/** What a step is given beside the world and the event. */
export interface Circumstances extends Moment {
  /** Between 0 and 1, drawn at random. */
  readonly chance: number;
  readonly events: Reporter;
}

export interface Step extends Changes {
  readonly effects: readonly WorldEffect[];
  /** What follows in the same turn. */
  readonly next: readonly WorldEvent[];
}

export type Of<Type extends WorldEvent['type']> = Extract<WorldEvent, { type: Type }>;

/** About one instance. */
export type RecordEvent = Exclude<
  WorldEvent,
  Of<'configured' | 'engine' | 'reloaded' | 'resumed' | 'rollout' | 'rollOn' | 'turnEnded'>
>;

/** The world, and how its records are found: to be read only. */
export type Known = Pick<
  InstanceRecords,
  | 'byKey'
  | 'dependentsOf'
  | 'engine'
  | 'followersOf'
  | 'isConfigured'
  | 'isLeft'
  | 'of'
  | 'predecessorsOf'
  | 'world'
>;
