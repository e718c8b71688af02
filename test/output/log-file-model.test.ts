import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  FACTS,
  MOVES,
  type Move,
  RECONCILE,
  TABLES,
  type Tables,
} from '../../src/output/files/log-file-machine.ts';
import { allCells, type Cell, cellName, recording, withCell } from '../model/coverage.ts';
import {
  BOUND,
  keyOf,
  NEW_WORLD,
  type Passage,
  possibleAnswers,
  possibleHappenings,
  take,
  type World,
} from './log-file-world.ts';

/** Tables that let worlds grow without end are wrong; the real ones need far fewer. */
const MAX_WORLDS = 80_000;

interface Property {
  readonly name: string;
  /** @returns true if it holds. */
  readonly holds: (passage: Passage) => boolean;
}

const isSettled = ({ after }: Passage): boolean => after.state.at !== 'ready';
const agesOf = ({ current, held }: World): string => `${current ?? 'none'}, ${held ?? 'none'}`;

const PROPERTIES: readonly Property[] = [
  {
    name: 'at most one write or rotation is under way, of a file that is open; nothing is dropped under it',
    holds: ({ after }) => after.wrongs.length === 0,
  },
  {
    name: 'the state says what is under way',
    holds: ({ after }) =>
      (after.state.at === 'writing') === (after.underWay === 'write') &&
      (after.state.at === 'rotating') === (after.underWay === 'rotation'),
  },
  {
    name: 'every file that is opened is used, held or closed, and it continues in the one opened last',
    holds: ({ after }) =>
      after.opened === undefined &&
      (after.state.at === 'closed'
        ? agesOf(after) === 'none, none'
        : ['new, none', 'old, new'].includes(agesOf(after))),
  },
  {
    name: 'a next file is held only while something is under way, or writing fails',
    holds: ({ after }) =>
      after.held === undefined || after.underWay !== undefined || after.state.at === 'failing',
  },
  {
    name: 'what cannot be written now is not written before something has changed',
    holds: ({ happening, after }) => happening.fact !== 'writeFailed' || after.underWay === undefined,
  },
  {
    name: 'while nothing waits nothing is done, and while something waits something is done about it',
    holds: ({ after }) =>
      after.state.at === 'resting' ? after.waiting === 0 : after.state.at !== 'failing' || after.waiting > 0,
  },
  {
    name: 'what waits is bounded by writers that pause, and else by what is dropped',
    // A writer hears that it should pause with the piece that is one too many.
    holds: ({ after }) => after.waiting <= (after.state.at === 'failing' ? BOUND : BOUND + 1),
  },
  {
    name: 'nothing is dropped unless writing fails or the file is closed',
    holds: ({ before, happening, taken }) =>
      !taken.effects.some((effect) => effect === 'drop all' || effect === 'drop excess') ||
      ['failing', 'closed'].includes(before.state.at) ||
      happening.fact === 'writeFailed',
  },
  {
    name: 'while writing fails all of it is kept that there is room for, until the engine gives up or closes it',
    holds: ({ before, happening, after }) =>
      before.state.at !== 'failing' ||
      happening.fact === 'givenUp' ||
      after.waiting === Math.min(BOUND, before.waiting + (happening.fact === 'queued' ? 1 : 0)),
  },
  {
    name: 'what was dropped is reported at the latest with the next attempt',
    holds: ({ before, happening, after }) =>
      !after.hasUnreportedLoss ||
      (after.state.at === 'failing' && happening.fact !== 'writeFailed') ||
      (before.hasUnreportedLoss && ['ready', 'writing', 'rotating', 'gathering'].includes(after.state.at)),
  },
  {
    name: 'the engine gives up: all that is not written is reported, and nothing else changes',
    holds: ({ happening, taken, before, after }) => {
      if (happening.fact !== 'givenUp') return true;
      if (before.state.at === 'failing') return after.waiting === 0 && !after.hasUnreportedLoss;
      return (
        after.state.at === before.state.at &&
        taken.effects.join() === (before.waiting > 0 ? 'report waiting' : '')
      );
    },
  },
  {
    name: 'effects have the facts that they may come of',
    holds: ({ before, happening, taken }) => {
      const facts: Partial<Record<string, readonly string[]>> = {
        write: ['fits'],
        rotate: ['full'],
        'report waiting': ['givenUp'],
        'drop excess': ['queued', 'writeFailed'],
        'drop all': ['queued', 'writeFailed', 'givenUp'],
        'end gathering': before.state.at === 'gathering' ? ['awaited', 'closing', 'timeUp'] : ['little'],
      };
      return taken.effects.every(
        (effect) => typeof effect === 'object' || facts[effect]?.includes(happening.fact) !== false,
      );
    },
  },
  {
    name: 'somebody who waits has nothing dropped, somebody who closes has',
    holds: ({ before, happening, taken }) =>
      happening.fact !== 'writeFailed' || before.isToClose || !taken.effects.includes('drop all'),
  },
  {
    name: 'it gathers only because little waits',
    holds: ({ before, happening, after }) =>
      after.state.at !== 'gathering' || happening.fact === 'little' || before.state.at === 'gathering',
  },
  {
    name: 'a failure and its end are each reported once',
    holds: ({ happening, after: { reported } }) => {
      switch (happening.fact) {
        case 'writeFailed':
          return reported.has('write');
        case 'written':
          return !reported.has('write');
        case 'rotationFailed':
          return reported.has('rotate');
        case 'rotated':
          return !reported.has('rotate');
        case 'notRecreated':
          return reported.has('create');
        case 'recreated':
          return !reported.has('create');
        default:
          return true;
      }
    },
  },
  {
    name: 'only what fails or is done again is reported',
    holds: ({ happening, taken }) => {
      const allowed: Partial<Record<string, readonly string[]>> = {
        writeFailed: ['failed write'],
        written: ['restored write'],
        rotationFailed: ['failed rotate'],
        rotated: ['restored rotate'],
        recreated: ['failed create', 'restored create'],
        notRecreated: ['failed create'],
      };
      return taken.effects.every(
        (effect) =>
          typeof effect !== 'object' ||
          allowed[happening.fact]?.includes(`${effect.kind} ${effect.trouble}`) === true,
      );
    },
  },
  {
    name: 'a deleted file is reported also if it could be created again at once',
    holds: ({ before, happening, taken }) =>
      happening.fact !== 'recreated' || before.reported.has('create') || taken.effects.length >= 4,
  },
  {
    name: 'a failed write is repeated after twice the time, at most after five seconds',
    holds: ({ before, happening, after }) => {
      if (happening.fact === 'writeFailed') {
        const expected = Math.min(5_000, before.state.retryMs === 0 ? 100 : before.state.retryMs * 2);
        return after.state.retryMs === expected;
      }
      return after.state.retryMs === (happening.fact === 'written' ? 0 : before.state.retryMs);
    },
  },
  {
    name: 'no writer stays paused while nothing is under way',
    holds: (passage) => {
      const { at } = passage.after.state;
      return !passage.after.isWriterPaused || !['resting', 'gathering', 'failing', 'closed'].includes(at);
    },
  },
  {
    name: 'anyone who waits is answered as soon as all is written or cannot be, and nothing is gathered meanwhile',
    holds: ({ after }) => !after.isAwaited || ['writing', 'rotating', 'ready'].includes(after.state.at),
  },
  {
    name: 'anyone who waits has a write that failed repeated at once',
    holds: ({ before, happening, after }) =>
      before.state.at !== 'failing' ||
      !['awaited', 'closing', 'replaced', 'timeUp'].includes(happening.fact) ||
      after.state.at === 'ready',
  },
  {
    name: 'what was gathered for long enough is written',
    holds: ({ happening, before, after }) =>
      happening.fact !== 'timeUp' ||
      before.state.at !== 'gathering' ||
      (after.state.at === 'ready' && !after.mayGather),
  },
  {
    name: 'it is gathered only as long as little waits',
    holds: ({ happening, before, after }) =>
      before.state.at !== 'gathering' || happening.fact !== 'queued' || after.state.at === 'ready',
  },
  {
    name: 'a file is closed only if it was asked for, when nothing more can be written, and stays closed',
    holds: (passage) => {
      const { before, after, happening } = passage;
      if (before.state.at === 'closed') return after.state.at === 'closed' && after.waiting === 0;
      if (after.state.at === 'closed')
        return (
          after.isToClose && (happening.fact === 'writeFailed' || before.waiting === 0) && after.waiting === 0
        );
      return !isSettled(passage) || !after.isToClose || after.underWay !== undefined;
    },
  },
  {
    name: 'each prospect is followed',
    holds: ({ happening, before, after }) => {
      const states: Partial<Record<string, readonly string[]>> = {
        nothing: before.isToClose ? ['closed'] : ['resting'],
        little: before.isAwaited ? ['ready'] : ['gathering'],
        fits: ['writing'],
        full: ['rotating'],
      };
      return states[happening.fact]?.includes(after.state.at) ?? true;
    },
  },
];

interface Exploration {
  readonly worlds: ReadonlyMap<string, World>;
  /** What answers alone lead to. */
  readonly answers: ReadonlyMap<string, readonly string[]>;
}

function explore(tables: Tables, visit: (passage: Passage) => void = () => {}): Exploration {
  const worlds = new Map([[keyOf(NEW_WORLD), NEW_WORLD]]);
  const answers = new Map<string, readonly string[]>();
  // A Map iterates over what is added while it is iterated over: that is the queue.
  for (const [from, world] of worlds) {
    const own = new Set(possibleAnswers(world).map(({ fact, isAll }) => `${fact} ${isAll}`));
    const into: string[] = [];
    for (const happening of possibleHappenings(world)) {
      const passage = take(world, happening, tables);
      visit(passage);
      const key = keyOf(passage.after);
      if (!worlds.has(key)) worlds.set(key, passage.after);
      if (own.has(`${happening.fact} ${happening.isAll}`)) into.push(key);
    }
    answers.set(from, into);
    if (worlds.size > MAX_WORLDS) throw new Error(`more than ${MAX_WORLDS} worlds`);
  }
  return { worlds, answers };
}

/** @returns the worlds in which somebody waits, and that can go on for ever or end without an answer. */
function waitingForEver({ worlds, answers }: Exploration): readonly World[] {
  const ends = new Set(
    [...worlds].filter(([, { isAwaited, isOver }]) => !isAwaited || isOver).map(([key]) => key),
  );
  for (let found = -1; found !== ends.size; ) {
    found = ends.size;
    for (const [key, into] of answers)
      if (!ends.has(key) && into.length > 0 && into.every((next) => ends.has(next))) ends.add(key);
  }
  return [...worlds].filter(([key]) => !ends.has(key)).map(([, world]) => world);
}

/** @returns the worlds from which no answers lead to rest. */
function unsettled({ worlds, answers }: Exploration): readonly World[] {
  const rests = ({ state, isOver }: World): boolean =>
    isOver || state.at === 'resting' || state.at === 'closed';
  const reaches = new Set([...worlds].filter(([, world]) => rests(world)).map(([key]) => key));
  for (let found = -1; found !== reaches.size; ) {
    found = reaches.size;
    for (const [key, into] of answers) if (into.some((next) => reaches.has(next))) reaches.add(key);
  }
  return [...worlds].filter(([key]) => !reaches.has(key)).map(([, world]) => world);
}

for (const property of PROPERTIES) {
  test(`a log file in every reachable world: ${property.name}`, () => {
    explore(TABLES, (passage) => {
      if (!property.holds(passage)) assert.fail(JSON.stringify(passage, null, 1));
    });
  });
}

test('anyone who waits for a log file, or closes it, gets an answer whatever fails', () => {
  assert.deepEqual(waitingForEver(explore(TABLES)), []);
});

test('from every world of a log file there is a way to rest, if its disk heals', () => {
  assert.deepEqual(unsettled(explore(TABLES)), []);
});

const CELLS = { facts: FACTS, reconcile: RECONCILE };

test('every cell of the tables of a log file is reached', () => {
  const reached = new Set<string>();
  explore({ ...TABLES, ...recording(CELLS, reached) } as Tables);
  const names = allCells(CELLS).map(cellName);
  assert.deepEqual(
    names.filter((name) => !reached.has(name)),
    [],
  );
});

/** Wrong cells and moves that behave exactly as the right ones do, each with the reason. */
const EQUIVALENT_MUTANTS: readonly string[] = [
  // Nothing waits: looking leads back to rest, and what is wanted is done by either table.
  'facts.resting.awaited = look',
  'facts.resting.awaited = rest',
  'facts.resting.awaited = settle',
  'facts.resting.givenUp = rest',
  'facts.resting.closing = look',
  'facts.resting.closing = rest',
  'facts.resting.closing = close',
  // The other table hastens it.
  'facts.gathering.awaited = look',
  'facts.gathering.awaited = gather',
  'facts.gathering.awaited = hasten',
  'facts.gathering.closing = look',
  'facts.gathering.closing = gather',
  'facts.gathering.closing = hasten',
  // What is wanted is done by either table.
  'facts.closed.awaited = settle',
  'facts.closed.closing = settle',
  // Nothing waits any more: it rests, and is closed.
  'reconcile.failing.closed = abandon',
  // They are used in that state only.
  'recreate without to',
  'complain without to',
  'shed to failing',
  'refuse to closed',
  'reject to closed',
];

test('every wrong cell and every wrong move of a log file is caught', () => {
  const all = mutants();
  const survivors = all.filter(({ tables }) => !isCaught(tables));
  const share = (1 - survivors.length / all.length) * 100;
  const { worlds } = explore(TABLES);
  console.log(`# ${worlds.size} worlds; ${all.length} mutants, ${share.toFixed(2)} % caught`);
  assert.deepEqual(
    survivors.map(({ name }) => name),
    EQUIVALENT_MUTANTS,
  );
});

interface Mutant {
  readonly name: string;
  readonly tables: Tables;
}

function mutants(): readonly Mutant[] {
  const names = Object.keys(MOVES);
  const ofCell = (cell: Cell): readonly Mutant[] =>
    names
      .filter((name) => name !== cell.value)
      .map((name) => ({
        name: `${cellName(cell)} = ${name}`,
        tables: { ...TABLES, ...withCell(CELLS, cell, name) } as Tables,
      }));
  return [
    ...allCells(CELLS).flatMap(ofCell),
    ...Object.entries(MOVES).flatMap(([name, move]) => (name === 'impossible' ? [] : ofMove(name, move))),
  ];
}

/** One with another state, without one of its effects, and without each of its other properties. */
function ofMove(name: string, move: Move): readonly Mutant[] {
  const changed = (what: string, value: Move): Mutant => ({
    name: `${name} ${what}`,
    tables: { ...TABLES, moves: { ...MOVES, [name]: value } },
  });
  const states = Object.keys(FACTS).filter((state) => state !== move.to);
  return [
    ...states.map((to) => changed(`to ${to}`, { ...move, to } as Move)),
    ...(move.effects ?? []).map((left) =>
      changed(`without ${left}`, {
        ...move,
        effects: move.effects?.filter((effect) => effect !== left) ?? [],
      }),
    ),
    ...(['to', 'fails', 'heals', 'opens'] as const)
      .filter((key) => key in move)
      .map((key) => {
        const { [key]: _, ...rest } = move;
        return changed(`without ${key}`, rest);
      }),
  ];
}

function isCaught(tables: Tables): boolean {
  try {
    const exploration = explore(tables, (passage) => {
      if (!PROPERTIES.every((property) => property.holds(passage))) throw new Error('caught');
    });
    return waitingForEver(exploration).length > 0 || unsettled(exploration).length > 0;
  } catch {
    return true;
  }
}
