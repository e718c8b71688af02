/**
 * All that is so and all that is wanted, as one plain value: the engine's phase and every instance. What cannot be written
 * down (timers, watches, descriptors) is in `effects/handles`, `shutdown/drain` and behind the ports; how many instances there should
 * be, and who depends on whom, follows from the configuration.
 */

import type { EnginePhase } from '../../lifecycle/engine.ts';
import type { Rollout } from '../../lifecycle/rollout.ts';
import type { ExitVerdict } from './exit-verdict.ts';
import type { InstanceRecord } from './instance-record.ts';

export interface World {
  readonly engine: EngineState;
  /** In the order of the configuration; replaced, never shortened, so that a loop over it may remove some. */
  readonly instances: readonly InstanceRecord[];
  /** Rolling changes that are under way. */
  readonly rollouts: readonly Rollout[];
  /** Keys of those that the present turn has changed; empty between turns. */
  readonly changed: readonly string[];
}

export interface EngineState {
  readonly phase: EnginePhase;
  /** Undefined while `running`. */
  readonly shutdown: Shutdown | undefined;
}

export interface Shutdown {
  readonly verdict: ExitVerdict;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  /** Id of the event that reported its beginning. */
  readonly event: number;
}

export function newWorld(): World {
  return { engine: { phase: 'running', shutdown: undefined }, instances: [], rollouts: [], changed: [] };
}

/** JSON has no word for it; resource limits have. */
const UNLIMITED = { unlimited: true } as const;

export function worldAsText(world: World): string {
  return JSON.stringify(world, (_, value: unknown) =>
    value === Number.POSITIVE_INFINITY ? UNLIMITED : value,
  );
}

export function worldFromText(text: string): World {
  return JSON.parse(text, (_, value: unknown) =>
    isUnlimited(value) ? Number.POSITIVE_INFINITY : value,
  ) as World;
}

function isUnlimited(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'unlimited' in value && value.unlimited === true;
}
