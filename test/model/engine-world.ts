/**
 * The smallest world an engine can end in: what lives of instances, strays and hooks, and which of its times have
 * passed. From every world every fact is tried that could happen.
 */

import {
  type EngineEffect,
  type EngineFact,
  type EngineMoves,
  type EnginePhase,
  type EngineTable,
  stepEngine,
} from '../../src/lifecycle/engine.ts';

export interface EngineWorld {
  readonly phase: EnginePhase;
  /** `up`: some instance was not asked to stop yet. */
  readonly instances: 'up' | 'asked' | 'killed' | 'rested';
  /** Every instance was at rest once. */
  readonly haveRested: boolean;
  /** What strays were sent last; `all` is KILL to hooks too. */
  readonly strays: 'nothing' | 'TERM' | 'KILL' | 'all';
  readonly areStraysAwaited: boolean;
  readonly hooks: 'free' | 'timed' | 'awaited' | 'settled';
  /** The last of the engine's times that has passed. */
  readonly time: 'none' | 'set' | 'straysDue' | 'patienceOver' | 'timeOver';
  /** An end at once was requested. */
  readonly isKillRequested: boolean;
  readonly announced: number;
  readonly finished: number;
}

const NEW_WORLD: EngineWorld = {
  phase: 'running',
  instances: 'up',
  haveRested: false,
  strays: 'nothing',
  areStraysAwaited: false,
  hooks: 'free',
  time: 'none',
  isKillRequested: false,
  announced: 0,
  finished: 0,
};

export interface EngineEvent {
  readonly fact: EngineFact;
  /** With `instancesChanged`: something has started after all. */
  readonly isNewcomer?: true;
}

export interface EnginePassage {
  readonly before: EngineWorld;
  readonly event: EngineEvent;
  readonly effects: readonly EngineEffect[];
  readonly after: EngineWorld;
}

export interface EngineExploration {
  readonly worlds: ReadonlyMap<string, EngineWorld>;
  /** For each world, those that a fact leads from into it; neither a request nor the end of time. */
  readonly factsInto: ReadonlyMap<string, ReadonlySet<string>>;
}

const NEXT_TIME = {
  none: undefined,
  set: 'straysDue',
  straysDue: 'patienceOver',
  patienceOver: 'timeOver',
  timeOver: undefined,
} as const;

function possibleEvents(world: EngineWorld): readonly EngineEvent[] {
  const events: EngineEvent[] = [{ fact: 'shutdownRequested' }];
  // Who wants to end at once requests a shutdown first.
  if (world.phase !== 'running') events.push({ fact: 'killRequested' });
  const time = NEXT_TIME[world.time];
  if (time !== undefined) events.push({ fact: time });
  if (world.announced > 0) {
    events.push({ fact: 'instancesChanged' }, { fact: 'instancesChanged', isNewcomer: true });
    if (world.instances !== 'up') events.push({ fact: 'instancesRested' });
  }
  if (world.areStraysAwaited) events.push({ fact: 'straysGone' });
  if (world.hooks === 'awaited') events.push({ fact: 'hooksSettled' });
  return events;
}

function happened(world: EngineWorld, { fact, isNewcomer }: EngineEvent): EngineWorld {
  switch (fact) {
    case 'killRequested':
      return { ...world, isKillRequested: true };
    case 'straysDue':
    case 'patienceOver':
    case 'timeOver':
      return { ...world, time: fact };
    case 'instancesChanged':
      return isNewcomer === true ? { ...world, instances: 'up' } : world;
    case 'instancesRested':
      return { ...world, instances: 'rested', haveRested: true };
    case 'straysGone':
      return { ...world, areStraysAwaited: false };
    case 'hooksSettled':
      return { ...world, hooks: 'settled' };
    default:
      return world;
  }
}

function affected(world: EngineWorld, effect: EngineEffect): EngineWorld {
  const { instances, strays } = world;
  switch (effect) {
    case 'announce':
      return { ...world, time: 'set', announced: world.announced + 1 };
    case 'stop instances':
    case 'stop freed instances':
      return instances === 'up' ? { ...world, instances: 'asked' } : world;
    case 'kill instances':
      return instances === 'rested' ? world : { ...world, instances: 'killed' };
    case 'terminate strays':
      return strays === 'nothing' ? { ...world, strays: 'TERM' } : world;
    case 'kill strays':
      return strays === 'all' ? world : { ...world, strays: 'KILL' };
    case 'kill strays and hooks':
      return { ...world, strays: 'all' };
    case 'await strays':
      return { ...world, areStraysAwaited: true };
    case 'time hooks':
      return { ...world, hooks: 'timed' };
    case 'await hooks':
      return { ...world, hooks: 'awaited' };
    case 'finish':
      return { ...world, finished: world.finished + 1 };
  }
}

/** @param visit called for every passage; may throw to end the exploration. Throws where a cell that says `never` is reached. */
export function exploreEngine(
  table: EngineTable,
  moves: EngineMoves,
  visit: (passage: EnginePassage) => void = () => {},
): EngineExploration {
  const worlds = new Map([[JSON.stringify(NEW_WORLD), NEW_WORLD]]);
  const factsInto = new Map<string, Set<string>>();
  for (const [from, before] of worlds) {
    for (const event of possibleEvents(before)) {
      const step = stepEngine(before.phase, event.fact, table, moves);
      if (step === undefined) throw new Error(`${event.fact} while ${before.phase}`);
      const { phase, effects } = step;
      const after = effects.reduce(affected, { ...happened(before, event), phase });
      visit({ before, event, effects, after });
      const into = JSON.stringify(after);
      if (!worlds.has(into)) worlds.set(into, after);
      if (['shutdownRequested', 'killRequested', 'timeOver'].includes(event.fact)) continue;
      if (event.isNewcomer !== true) factsInto.set(into, (factsInto.get(into) ?? new Set()).add(from));
    }
  }
  return { worlds, factsInto };
}

/** Worlds of an engine that has begun to end, from which nothing that happens by itself leads to its end. */
export function neverFinished({ worlds, factsInto }: EngineExploration): readonly EngineWorld[] {
  const good = new Set([...worlds].filter(([, world]) => world.finished > 0).map(([key]) => key));
  // A Set iterates over what is added while it is iterated over.
  for (const key of good) for (const from of factsInto.get(key) ?? []) good.add(from);
  return [...worlds]
    .filter(([key, { phase }]) => phase !== 'running' && !good.has(key))
    .map(([, world]) => world);
}
