/**
 * The smallest world a log file can live in: what waits, what is under way, which files are open, what its readers
 * have been told. From every world, everything that could happen is tried.
 */

import {
  type Effect,
  type Fact,
  type LogFileState,
  NEW_LOG_FILE,
  type Report,
  type Step,
  step,
  type Tables,
  type Trouble,
  timeLimitMs,
} from '../../src/output/files/log-file-machine.ts';

/** Of two files, the one that was opened later. */
export type Age = 'new' | 'old';

/** A writer pauses at this many pieces; in failing, what is beyond it is dropped. */
export const BOUND = 2;

export interface World {
  readonly state: LogFileState;
  /** Pieces in the queue. */
  readonly waiting: number;
  readonly underWay: 'write' | 'rotation' | undefined;
  readonly isWriterPaused: boolean;
  readonly current: Age | undefined;
  readonly held: Age | undefined;
  /** Opened with the fact, and not yet dealt with. */
  readonly opened: Age | undefined;
  readonly hasUnreportedLoss: boolean;
  readonly isAwaited: boolean;
  readonly isToClose: boolean;
  readonly reported: ReadonlySet<Trouble>;
  /** A write has just ended, and more may be gathered. */
  readonly mayGather: boolean;
  /** Nothing was written since a rotation failed, or the file is new or truncated: not to be rotated. */
  readonly mayRotate: boolean;
  /** Whether the file still has a name was not looked at since something was done. */
  readonly mayLook: boolean;
  /** The engine has exited. */
  readonly isOver: boolean;
  /** What must not happen and has happened. */
  readonly wrongs: readonly string[];
}

export const NEW_WORLD: World = {
  state: NEW_LOG_FILE,
  waiting: 0,
  underWay: undefined,
  isWriterPaused: false,
  current: 'new',
  held: undefined,
  opened: undefined,
  hasUnreportedLoss: false,
  isAwaited: false,
  isToClose: false,
  reported: new Set(),
  mayGather: false,
  mayRotate: true,
  mayLook: true,
  isOver: false,
  wrongs: [],
};

export interface Happening {
  readonly fact: Fact;
  /** Of `written`: whether that was all. */
  readonly isAll?: boolean;
}

export interface Passage {
  readonly before: World;
  readonly happening: Happening;
  readonly taken: Step;
  readonly after: World;
}

const COMMANDS: readonly Happening[] = (['replaced', 'awaited', 'givenUp', 'closing'] as const).map(
  (fact) => ({
    fact,
  }),
);

/** What comes by itself, with nobody asking for anything. */
export function possibleAnswers(world: World): readonly Happening[] {
  if (world.isOver) return [];
  const answers: Happening[] = [];
  if (world.state.at === 'ready') {
    if (world.waiting === 0) return [{ fact: 'nothing' }];
    answers.push({ fact: 'fits' });
    if (world.mayGather && world.waiting < BOUND) answers.push({ fact: 'little' });
    if (world.mayRotate) answers.push({ fact: 'full' });
    if (world.mayLook) answers.push({ fact: 'recreated' }, { fact: 'notRecreated' });
    return answers;
  }
  if (timeLimitMs(world.state) !== undefined) answers.push({ fact: 'timeUp' });
  if (world.underWay === 'write') {
    answers.push({ fact: 'written', isAll: true }, { fact: 'writeFailed' });
    if (world.waiting > 1) answers.push({ fact: 'written', isAll: false });
  }
  if (world.underWay === 'rotation')
    answers.push({ fact: 'rotated' }, { fact: 'truncated' }, { fact: 'rotationFailed' });
  return answers;
}

export function possibleHappenings(world: World): readonly Happening[] {
  const answers = possibleAnswers(world);
  if (world.state.at === 'ready' || world.isOver) return answers;
  const writes: readonly Happening[] = world.isWriterPaused ? [] : [{ fact: 'queued' }];
  return [...answers, ...COMMANDS, ...writes];
}

export function take(before: World, happening: Happening, tables: Tables): Passage {
  const taken = step(before.state, happening.fact, tables);
  let after: World = { ...happened(before, happening), state: taken.next };
  for (const effect of taken.effects)
    after = typeof effect === 'object' ? told(after, effect) : affected(after, effect);
  // The answer to a writer comes when all is dealt with.
  if (happening.fact === 'queued' && after.waiting >= BOUND && after.state.at !== 'failing')
    after = { ...after, isWriterPaused: true };
  return { before, happening, taken, after };
}

function happened(world: World, { fact, isAll }: Happening): World {
  switch (fact) {
    case 'queued':
      return { ...world, waiting: world.waiting + 1 };
    case 'written':
      return {
        ...ended(world),
        waiting: isAll === true ? 0 : world.waiting - 1,
        mayGather: true,
        mayRotate: true,
      };
    case 'writeFailed':
      return { ...ended(world), mayGather: true, mayRotate: true };
    case 'rotated':
      // It is older than one that was opened meanwhile.
      return {
        ...ended(world.held === undefined ? opened(world) : { ...world, opened: 'old' }),
        mayRotate: false,
      };
    case 'truncated':
    case 'rotationFailed':
      return { ...ended(world), mayRotate: false };
    case 'replaced':
      return opened(world);
    case 'recreated':
      return { ...opened(world), mayLook: false };
    case 'notRecreated':
      return { ...world, mayLook: false };
    case 'awaited':
      return { ...world, isAwaited: true };
    case 'closing':
      return { ...world, isAwaited: true, isToClose: true };
    case 'givenUp':
      return world.underWay === undefined
        ? world
        : { ...world, isOver: true, hasUnreportedLoss: world.waiting > 0 };
    case 'timeUp':
      return world.state.at === 'failing' ? { ...world, mayGather: false } : world;
    default:
      return world;
  }
}

const ended = (world: World): World => ({ ...world, underWay: undefined, mayLook: true });

function opened(world: World): World {
  const aged = (age: Age | undefined): Age | undefined => (age === undefined ? undefined : 'old');
  return { ...world, current: aged(world.current), held: aged(world.held), opened: 'new' };
}

function wrongIf(isWrong: boolean, world: World, what: string): World {
  return isWrong ? { ...world, wrongs: [...world.wrongs, what] } : world;
}

function told(world: World, { kind, trouble }: Report): World {
  const isNew = kind === 'failed' ? !world.reported.has(trouble) : world.reported.has(trouble);
  const reported = new Set(world.reported);
  if (kind === 'failed') reported.add(trouble);
  else reported.delete(trouble);
  return wrongIf(!isNew, { ...world, reported }, `reported twice: ${kind} ${trouble}`);
}

function affected(world: World, effect: Effect): World {
  const isBusy = world.underWay !== undefined;
  const isClosed = world.current === undefined;
  switch (effect) {
    case 'write':
      return wrongIf(isBusy || isClosed || world.waiting === 0, { ...world, underWay: 'write' }, effect);
    case 'rotate':
      return wrongIf(isBusy || isClosed || !world.mayRotate, { ...world, underWay: 'rotation' }, effect);
    case 'hold opened':
      return wrongIf(
        world.opened === undefined || world.held !== undefined,
        { ...world, held: world.opened, opened: undefined },
        effect,
      );
    case 'close opened':
      return wrongIf(world.opened === undefined, { ...world, opened: undefined }, effect);
    case 'close held':
      return wrongIf(world.held === undefined, { ...world, held: undefined }, effect);
    case 'use held':
      return wrongIf(
        world.held === undefined || isBusy || isClosed,
        { ...world, current: world.held, held: undefined },
        effect,
      );
    case 'close':
      return wrongIf(isBusy || isClosed, { ...world, current: undefined, held: undefined }, effect);
    case 'end gathering':
      return { ...world, mayGather: false };
    case 'drop excess':
      return wrongIf(isBusy, dropped(world, Math.min(world.waiting, BOUND)), effect);
    case 'drop all':
      return wrongIf(isBusy, dropped(world, 0), effect);
    case 'report dropped':
      return { ...world, hasUnreportedLoss: false };
    case 'report waiting':
      return { ...world, hasUnreportedLoss: false };
    case 'resume writers':
      return { ...world, isWriterPaused: false };
    case 'resume writers if there is room':
      return world.waiting <= BOUND / 2 ? { ...world, isWriterPaused: false } : world;
    case 'settle': {
      const cannot = ['failing', 'closed'].includes(world.state.at);
      const isTooEarly = isBusy || (world.waiting > 0 && !cannot);
      return wrongIf(isTooEarly || !world.isAwaited, { ...world, isAwaited: false }, effect);
    }
    case 'report impossible':
      return wrongIf(true, world, effect);
  }
}

function dropped(world: World, waiting: number): World {
  return waiting === world.waiting ? world : { ...world, waiting, hasUnreportedLoss: true };
}

export function keyOf({ state, reported, ...world }: World): string {
  return JSON.stringify([state, [...state.troubles].sort(), [...reported].sort(), world]);
}
