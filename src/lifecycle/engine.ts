/**
 * The engine as a state machine: from its work to its end. One table, ENGINE, says what each fact does in each phase;
 * MOVES says where a move leads and what it asks for. Pure: `supervisor/shutdown/drain.ts` brings the facts and carries out the
 * effects.
 */

export const ENGINE_PHASES = [
  'running',
  /** Nothing new starts; each instance stops as soon as nobody depends on it any more. */
  'draining',
  /** The instances that are left are killed. */
  'killing',
  /** Every instance is at rest; processes that belong to none are to end. */
  'sweeping',
  /** None of those is left; the engine's hooks have what remains of their time. */
  'settling',
  /** The hooks and all that they have left are killed. */
  'purging',
  'done',
] as const;
export type EnginePhase = (typeof ENGINE_PHASES)[number];

export const ENGINE_FACTS = [
  'shutdownRequested',
  /** To end at once. A shutdown was requested before it. */
  'killRequested',
  /** A turn has changed instances. */
  'instancesChanged',
  /** Every instance is at rest. */
  'instancesRested',
  /** Strays need the time that is left to end well. */
  'straysDue',
  /** Nothing may end by itself any longer. */
  'patienceOver',
  /** What even KILL did not end must not cost the container its exit code. */
  'timeOver',
  /** None is left, or killing them did not help. */
  'straysGone',
  /** No hook runs, or their time is over. */
  'hooksSettled',
] as const;
export type EngineFact = (typeof ENGINE_FACTS)[number];

export type EngineEffect =
  /** Reports the shutdown, and sets the times of `straysDue`, `patienceOver` and `timeOver`. */
  | 'announce'
  /** Stops the instances that nobody depends on. */
  | 'stop instances'
  /** Stops those that a change has freed, and what has started after all. */
  | 'stop freed instances'
  | 'kill instances'
  /** TERM; to those that come to light later too. */
  | 'terminate strays'
  | 'kill strays'
  | 'kill strays and hooks'
  /** `straysGone` will be reported. */
  | 'await strays'
  /** From now on hooks have what is left of the grace period. */
  | 'time hooks'
  /** `hooksSettled` will be reported. */
  | 'await hooks'
  | 'finish';

interface Move {
  /** Undefined: the phase stays. */
  readonly to?: EnginePhase;
  /** In this order. */
  readonly effects: readonly EngineEffect[];
}

export type EngineMove =
  | 'begin'
  | 'stop freed'
  | 'kill'
  | 'warn strays'
  | 'sweep'
  | 'sweep by force'
  /** Strays, and what has started after all. */
  | 'kill the rest'
  | 'settle'
  | 'purge'
  | 'finish'
  | 'give up'
  | 'ignore'
  /** No sequence of facts reaches this. */
  | 'never';

export type EngineMoves = Readonly<Record<Exclude<EngineMove, 'never'>, Move>>;

export const MOVES: EngineMoves = {
  begin: { to: 'draining', effects: ['announce', 'stop instances'] },
  'stop freed': { effects: ['stop freed instances'] },
  kill: { to: 'killing', effects: ['kill instances'] },
  'warn strays': { effects: ['terminate strays'] },
  sweep: { to: 'sweeping', effects: ['time hooks', 'terminate strays', 'await strays'] },
  'sweep by force': { to: 'sweeping', effects: ['time hooks', 'kill strays', 'await strays'] },
  'kill the rest': { effects: ['kill instances', 'kill strays'] },
  settle: { to: 'settling', effects: ['await hooks'] },
  purge: { to: 'purging', effects: ['kill strays and hooks', 'await strays'] },
  finish: { to: 'done', effects: ['finish'] },
  'give up': { to: 'done', effects: ['kill strays and hooks', 'finish'] },
  ignore: { effects: [] },
};

export type EngineTable = Readonly<Record<EnginePhase, Readonly<Record<EngineFact, EngineMove>>>>;

/** Once it has begun: what all phases have in common. */
const ENDING = {
  // The first reason to end decides the exit code.
  shutdownRequested: 'ignore',
  killRequested: 'kill',
  instancesChanged: 'stop freed',
  instancesRested: 'ignore',
  straysDue: 'ignore',
  patienceOver: 'kill',
  timeOver: 'give up',
  straysGone: 'never',
  hooksSettled: 'never',
} as const satisfies Record<EngineFact, EngineMove>;

const RESTED = { ...ENDING, killRequested: 'kill the rest', patienceOver: 'kill the rest' } as const;

export const ENGINE: EngineTable = {
  running: {
    shutdownRequested: 'begin',
    killRequested: 'never',
    instancesChanged: 'never',
    instancesRested: 'never',
    straysDue: 'never',
    patienceOver: 'never',
    timeOver: 'never',
    straysGone: 'never',
    hooksSettled: 'never',
  },
  // Patience is over before the time is.
  draining: { ...ENDING, instancesRested: 'sweep', straysDue: 'warn strays', timeOver: 'never' },
  killing: { ...ENDING, instancesRested: 'sweep by force', straysDue: 'warn strays' },
  sweeping: { ...RESTED, straysGone: 'settle' },
  settling: { ...RESTED, hooksSettled: 'purge' },
  purging: { ...RESTED, straysGone: 'finish' },
  // Whatever was awaited may still come.
  done: {
    ...ENDING,
    killRequested: 'ignore',
    instancesChanged: 'ignore',
    patienceOver: 'ignore',
    timeOver: 'ignore',
    straysGone: 'ignore',
    hooksSettled: 'ignore',
  },
};

export interface EngineStep {
  readonly phase: EnginePhase;
  readonly effects: readonly EngineEffect[];
}

/** @returns undefined where a cell says `never`. */
export function stepEngine(
  phase: EnginePhase,
  fact: EngineFact,
  table: EngineTable = ENGINE,
  moves: EngineMoves = MOVES,
): EngineStep | undefined {
  const move = table[phase][fact];
  if (move === 'never') return undefined;
  const { to = phase, effects } = moves[move];
  return { phase: to, effects };
}
