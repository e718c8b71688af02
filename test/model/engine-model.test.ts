/** Visits every world in which an engine can end, and then does so with every wrong row of its tables. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ENGINE,
  ENGINE_PHASES,
  type EngineEffect,
  type EngineMoves,
  type EngineTable,
  MOVES,
} from '../../src/lifecycle/engine.ts';
import { allCells, alternatives, cellName, recording, withCell } from './coverage.ts';
import { type EnginePassage, exploreEngine, neverFinished } from './engine-world.ts';

const TABLES = { engine: ENGINE } as const;

interface Property {
  readonly name: string;
  readonly holds: (passage: EnginePassage) => boolean;
}

const isOver = ({ before }: EnginePassage): boolean => before.finished > 0;
const has = ({ effects }: EnginePassage, ...wanted: EngineEffect[]): boolean =>
  wanted.some((effect) => effects.includes(effect));
const isForced = ({ isKillRequested, time }: EnginePassage['after']): boolean =>
  isKillRequested || time === 'patienceOver' || time === 'timeOver';

/** Written from what a container needs at its end, not from the table. */
const PROPERTIES: readonly Property[] = [
  {
    name: 'a shutdown is reported before anything else, and once',
    holds: ({ before, event, effects, after }) =>
      after.announced === 1 &&
      (effects[0] === 'announce') === (before.announced === 0 && event.fact === 'shutdownRequested'),
  },
  {
    name: 'it finishes once, and nothing happens after that',
    holds: (passage) =>
      isOver(passage)
        ? passage.effects.length === 0 && passage.after.phase === 'done'
        : (passage.after.phase === 'done') === (passage.effects.at(-1) === 'finish'),
  },
  {
    name: 'it finishes when everything has ended, or when the time is over, and then always',
    holds: (passage) => {
      const { before, event } = passage;
      const isAllGone = event.fact === 'straysGone' && before.strays === 'all';
      return isOver(passage) || has(passage, 'finish') === (isAllGone || event.fact === 'timeOver');
    },
  },
  {
    name: 'phases follow one another in their order',
    holds: ({ before, after }) => ENGINE_PHASES.indexOf(after.phase) >= ENGINE_PHASES.indexOf(before.phase),
  },
  {
    name: 'instances are stopped when it begins, and whenever one has changed',
    holds: (passage) => {
      const { before, event } = passage;
      const begins = before.announced === 0 && event.fact === 'shutdownRequested';
      const changed = event.fact === 'instancesChanged' && !isOver(passage);
      return has(passage, 'stop instances') === begins && has(passage, 'stop freed instances') === changed;
    },
  },
  {
    name: 'instances are killed when that is requested or patience is over, and only then',
    holds: (passage) => {
      const { fact } = passage.event;
      const isTime = fact === 'killRequested' || fact === 'patienceOver';
      return has(passage, 'kill instances') === (isTime && !isOver(passage));
    },
  },
  {
    name: 'strays have TERM when the instances rest, or earlier when it is time, and not before',
    holds: ({ before, event, after }) => {
      const isTime = ['straysDue', 'instancesRested', 'timeOver'].includes(event.fact);
      return before.strays !== 'nothing' || (after.strays !== 'nothing') === isTime;
    },
  },
  {
    name: 'strays are looked for once at each of these times, and waited for once at a time',
    holds: (passage) => {
      const { before, event } = passage;
      const isTime = event.fact === 'straysDue' || event.fact === 'instancesRested';
      const looks = has(passage, 'terminate strays');
      return (
        !(looks && (!isTime || before.haveRested)) &&
        !(has(passage, 'await strays') && before.areStraysAwaited)
      );
    },
  },
  {
    name: 'strays are killed without patience once the instances rest, with it after the hooks, and not before',
    holds: (passage) => {
      const { after } = passage;
      if (isOver(passage) || after.time === 'timeOver' || after.hooks === 'settled') return true;
      const areKilled = after.strays === 'KILL' || after.strays === 'all';
      return areKilled === (after.haveRested && isForced(after));
    },
  },
  {
    name: 'hooks have their time from when the instances rest, and are killed at its end',
    holds: (passage) => {
      const { before, event, after } = passage;
      const isFirst = event.fact === 'instancesRested' && !before.haveRested && !isOver(passage);
      const areKilled = after.strays === 'all';
      const isTime = after.hooks === 'settled' || after.time === 'timeOver';
      return has(passage, 'time hooks') === isFirst && areKilled === isTime;
    },
  },
  {
    name: 'hooks are waited for when the strays have gone, and only if they have been given time',
    holds: (passage) => {
      const { before, event } = passage;
      const isNext = event.fact === 'straysGone' && before.strays !== 'all' && !isOver(passage);
      return has(passage, 'await hooks') === isNext && (!isNext || before.hooks === 'timed');
    },
  },
];

for (const property of PROPERTIES) {
  test(`in every world an engine can end in: ${property.name}`, () => {
    exploreEngine(ENGINE, MOVES, (passage) => {
      if (!property.holds(passage)) assert.fail(JSON.stringify(passage, null, 1));
    });
  });
}

test('whatever has happened, an engine that is to end comes to its end without another request', () => {
  assert.deepEqual(neverFinished(exploreEngine(ENGINE, MOVES)), []);
});

test('every declared cell of ENGINE is reached, and no cell that says never', () => {
  const reached = new Set<string>();
  exploreEngine(recording(TABLES, reached).engine, MOVES);
  for (const cell of allCells(TABLES)) {
    assert.equal(reached.has(cellName(cell)), cell.value !== 'never', `${cellName(cell)} = ${cell.value}`);
  }
});

test('every wrong cell of ENGINE and every wrong move is caught by the properties', () => {
  const cells = allCells(TABLES).filter((cell) => cell.value !== 'never');
  const wrongCells = cells.flatMap((cell) =>
    alternatives(TABLES, cell).map((value) => ({
      name: `${cellName(cell)} = ${value}`,
      table: withCell(TABLES, cell, value).engine,
      moves: MOVES,
    })),
  );
  const mutants = [...wrongCells, ...wrongMoves().map((wrong) => ({ ...wrong, table: ENGINE }))];
  const survivors = mutants.filter(({ table, moves }) => !isCaught(table, moves)).map(({ name }) => name);
  const worlds = exploreEngine(ENGINE, MOVES).worlds.size;
  const share = (1 - survivors.length / mutants.length) * 100;
  console.log(
    `# engine: ${worlds} worlds; ${wrongCells.length} wrong cells, ${mutants.length - wrongCells.length} wrong moves, ${share.toFixed(2)} % caught`,
  );
  assert.deepEqual(survivors, EQUIVALENT_MUTANTS);
});

/** What changes nothing, each with the reason. */
const EQUIVALENT_MUTANTS: readonly string[] = [
  // In `purging` all that is left was killed at its beginning.
  'engine.purging.timeOver = finish',
  'engine.purging.straysGone = give up',
];

/** Each move without one of its effects, and each with another end. */
function wrongMoves(): readonly { readonly name: string; readonly moves: EngineMoves }[] {
  return Object.entries(MOVES).flatMap(([name, move]) => {
    const { to, effects } = move;
    const fewer = effects.map((left, index) => ({
      name: `${name} without ${left}`,
      move: { ...move, effects: effects.toSpliced(index, 1) },
    }));
    const elsewhere = ENGINE_PHASES.filter((phase) => phase !== to).map((phase) => ({
      name: `${name} to ${phase}`,
      move: { to: phase, effects },
    }));
    const staying = to === undefined ? [] : [{ name: `${name} stays`, move: { effects } }];
    return [...fewer, ...elsewhere, ...staying].map((wrong) => ({
      name: wrong.name,
      moves: { ...MOVES, [name]: wrong.move },
    }));
  });
}

function isCaught(table: EngineTable, moves: EngineMoves): boolean {
  const reached = new Set<string>();
  try {
    const exploration = exploreEngine(recording({ engine: table }, reached).engine, moves, (passage) => {
      if (!PROPERTIES.every((property) => property.holds(passage))) throw new Error('caught');
    });
    if (neverFinished(exploration).length > 0) return true;
  } catch {
    return true;
  }
  return allCells({ engine: table }).some((cell) => reached.has(cellName(cell)) === (cell.value === 'never'));
}
