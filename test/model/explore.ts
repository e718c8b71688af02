/** Every world that can be reached from a new instance, breadth first, and every passage between two of them. */

import type { Rules, ScheduleRules, SignalStage, StopStage } from '../../src/lifecycle/rules.ts';
import type { Tables } from '../../src/lifecycle/transitions.ts';
import { keyOf, NEW_WORLD, type Passage, possibleEvents, take, type World } from './world.ts';

/** A table that lets worlds grow without end is wrong; the real ones need far fewer. */
const MOST_WORLDS = 30_000;

export interface Exploration {
  readonly worlds: ReadonlyMap<string, World>;
  /** For each world, the worlds that a fact (not a command) leads from into it. */
  readonly factsInto: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Nothing but a schedule could start these again. */
const ENDED: readonly string[] = ['completed', 'failed', 'poststart', 'unhealthy'];
const START = { type: 'decision', decision: { kind: 'start' } } as const;
const RULES_CHANGED = { type: 'fact', fact: { kind: 'rulesChanged' } } as const;

/** @param visit called for every passage as it is found; may throw to end the exploration. */
export function explore(
  rules: Rules,
  tables: Tables,
  visit: (passage: Passage) => void = () => {},
): Exploration {
  const worlds = new Map<string, World>([[keyOf(NEW_WORLD), NEW_WORLD]]);
  const factsInto = new Map<string, Set<string>>();
  // A Map iterates over what is added while it is iterated over: that is the queue.
  for (const [from, world] of worlds) {
    for (const event of possibleEvents(world, rules)) {
      const passage = take(world, event, rules, tables);
      visit(passage);
      const into = keyOf(passage.after);
      if (!worlds.has(into)) worlds.set(into, passage.after);
      if (event.type === 'fact') factsInto.set(into, (factsInto.get(into) ?? new Set()).add(from));
    }
    // A reload may end that a connection starts it, or begin that.
    if (rules.schedule === undefined && ['listening', 'completed'].includes(world.instance.monitor))
      visit(take(world, RULES_CHANGED, { ...rules, isActivated: !rules.isActivated }, tables));
    // Or take away its schedule, or give it one.
    if (world.instance.monitor === 'scheduled')
      visit(take(world, RULES_CHANGED, { ...rules, schedule: undefined }, tables));
    if (world.instance.monitor === 'failed')
      visit(take(world, START, { ...rules, schedule: SCHEDULE }, tables));
    if (!rules.isActivated && rules.schedule === undefined && ENDED.includes(world.instance.monitor))
      visit(take(world, RULES_CHANGED, { ...rules, schedule: SCHEDULE }, tables));
    if (worlds.size > MOST_WORLDS) throw new Error(`more than ${MOST_WORLDS} worlds`);
  }
  return { worlds, factsInto };
}

const COMMAND: StopStage = { kind: 'command', waitMs: 10_000 };
const PAUSE: StopStage = { kind: 'pause', waitMs: 2_000 };

const SCHEDULE: ScheduleRules = { overlap: 'skip', runsOnStart: false };

/** Where in the stop sequence they are. */
const COMMANDS = {
  none: { before: [], between: [] },
  first: { before: [COMMAND], between: [] },
  between: { before: [], between: [COMMAND, PAUSE] },
  two: { before: [COMMAND, COMMAND], between: [] },
} as const;

/** For fewer worlds: nothing but its end stops it. */
const CALM = { onUnhealthy: 'none', onWatchdog: 'none' } as const;

/** Rules that between them take every branch policy has. */
export const RULE_SETS: readonly Rules[] = [
  ruleSet({}),
  ruleSet({ policy: 'no', onWatchdog: 'none' }),
  ruleSet({ policy: 'always', onUnhealthy: 'none', onWatchdog: 'none', maxRestarts: undefined, baseMs: 0 }),
  ruleSet({ policy: 'unless-stopped', onUnhealthy: 'exit', onWatchdog: 'exit' }),
  ruleSet({ maxRestarts: 0, startTimeoutMs: 60_000 }),
  // kill_mode: the default's last call is in all of the above.
  ruleSet({ to: 'group', last: 'group' }),
  ruleSet({ to: 'leader', last: 'leader', kill: 'leader' }),
  ruleSet({ to: 'leader', last: 'group' }),
  ruleSet({ isForking: true, startTimeoutMs: 60_000, maxRestarts: 0 }),
  ruleSet({
    isForking: true,
    policy: 'always',
    to: 'leader',
    last: 'leader',
    kill: 'leader',
    onWatchdog: 'none',
  }),
  ruleSet({ isActivated: true, maxRestarts: 1 }),
  ruleSet({ isActivated: true, policy: 'no', maxRestarts: 0, baseMs: 0, maxActivations: 3, ...CALM }),
  ruleSet({ isActivated: true, policy: 'always', maxRestarts: undefined, ...CALM }),
  ruleSet({ isActivated: true, isOneShot: true, maxRestarts: 1 }),
  // Steps around a life that a connection starts.
  ruleSet({ isActivated: true, preStart: 1, postStart: 1, postExit: 1, policy: 'no', ...CALM }),
  ruleSet({ isOneShot: true }),
  ruleSet({ isOneShot: true, startTimeoutMs: 60_000, onUnhealthy: 'none' }),
  ruleSet({ preStart: 2, policy: 'no', onWatchdog: 'none' }),
  ruleSet({ preStart: 1, postExit: 1, maxRestarts: 1, onUnhealthy: 'none', onWatchdog: 'none' }),
  ruleSet({ postStart: 2, policy: 'no', onUnhealthy: 'none', onWatchdog: 'none' }),
  ruleSet({ postStart: 1, postExit: 1, maxRestarts: 0, startTimeoutMs: 60_000, commands: 'first' }),
  ruleSet({ postExit: 2, policy: 'no', onWatchdog: 'none', commands: 'between' }),
  ruleSet({ isOneShot: true, preStart: 1, postExit: 2, maxRestarts: 0, commands: 'two' }),
  ruleSet({ isOneShot: true, policy: 'no', overlap: 'skip' }),
  ruleSet({ isOneShot: true, maxRestarts: 1, overlap: 'queue', runsOnStart: true }),
  ruleSet({ isOneShot: true, maxRestarts: 1, overlap: 'kill', preStart: 1, startTimeoutMs: 60_000 }),
  ruleSet({ isOneShot: true, maxRestarts: 1, overlap: 'queue', postExit: 1, baseMs: 0 }),
  ruleSet({ isOneShot: true, policy: 'no', overlap: 'kill', postExit: 1, to: 'group', last: 'group' }),
];

interface Choices {
  policy?: Rules['restart']['policy'];
  maxRestarts?: number | undefined;
  baseMs?: number;
  onUnhealthy?: Rules['onUnhealthy'];
  startTimeoutMs?: number;
  onWatchdog?: Rules['onWatchdog'];
  isOneShot?: boolean;
  isForking?: boolean;
  isActivated?: boolean;
  maxActivations?: number;
  overlap?: ScheduleRules['overlap'];
  runsOnStart?: boolean;
  to?: SignalStage['to'];
  last?: SignalStage['to'];
  commands?: keyof typeof COMMANDS;
  kill?: Rules['kill'];
  preStart?: number;
  postStart?: number;
  postExit?: number;
}

function ruleSet(choices: Choices): Rules {
  const { before, between } = COMMANDS[choices.commands ?? 'none'];
  return {
    restart: {
      policy: choices.policy ?? 'on-failure',
      maxRestarts: 'maxRestarts' in choices ? choices.maxRestarts : 2,
      exitCodes: [0],
      backoff: { baseMs: choices.baseMs ?? 500, factor: 2, maxMs: 30_000, resetMs: 30_000 },
    },
    steps: {
      preStart: choices.preStart ?? 0,
      postStart: choices.postStart ?? 0,
      postExit: choices.postExit ?? 0,
    },
    stop: [
      ...before,
      { kind: 'signal', signal: 'SIGTERM', waitMs: 5_000, to: choices.to ?? 'leader' },
      ...between,
      { kind: 'signal', signal: 'SIGINT', waitMs: 1_000, to: choices.last ?? 'others' },
    ],
    kill: choices.kill ?? 'all',
    onUnhealthy: choices.onUnhealthy ?? 'restart',
    onWatchdog: choices.onWatchdog ?? 'restart',
    isForking: choices.isForking ?? false,
    isOneShot: choices.isOneShot ?? false,
    isActivated: choices.isActivated ?? false,
    schedule:
      choices.overlap === undefined
        ? undefined
        : { overlap: choices.overlap, runsOnStart: choices.runsOnStart ?? false },
    startTimeoutMs: choices.startTimeoutMs,
    maxActivations: choices.maxActivations ?? 2,
    maxBriefLives: 1,
  };
}
