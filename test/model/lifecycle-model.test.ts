import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Rules } from '../../src/lifecycle/rules.ts';
import { TABLES, type Tables } from '../../src/lifecycle/transitions.ts';
import { allCells, alternatives, cellName, recording, withCell } from './coverage.ts';
import { explore, RULE_SETS } from './explore.ts';
import { PROPERTIES as LIFE_PROPERTIES, unsettled } from './properties.ts';
import { SCHEDULE_PROPERTIES } from './schedule-properties.ts';
import { STEP_PROPERTIES } from './step-properties.ts';

const PROPERTIES = [...LIFE_PROPERTIES, ...STEP_PROPERTIES, ...SCHEDULE_PROPERTIES];

for (const property of PROPERTIES) {
  test(`in every reachable world: ${property.name}`, () => {
    for (const rules of RULE_SETS) {
      explore(rules, TABLES, (passage) => {
        if (!property.holds(passage)) assert.fail(JSON.stringify(passage, null, 1));
      });
    }
  });
}

test('from every reachable world, with no further command, it settles', () => {
  for (const rules of RULE_SETS) {
    assert.deepEqual(unsettled(explore(rules, TABLES)), []);
  }
});

test('every declared cell is reached, and no cell that says never', () => {
  const reached = reachedCells(TABLES);
  for (const cell of allCells(TABLES)) {
    assert.equal(reached.has(cellName(cell)), cell.value !== 'never', `${cellName(cell)} = ${cell.value}`);
  }
});

test('nearly every wrong cell is caught by the properties, and each survivor is known', () => {
  // A wrong value where the right one is `never` is caught by the test above: nothing reaches it.
  const cells = allCells(TABLES).filter((cell) => cell.value !== 'never');
  const mutants = cells.flatMap((cell) => alternatives(TABLES, cell).map((value) => ({ cell, value })));
  const reached = RULE_SETS.map((rules) => reachedCells(TABLES, [rules]));
  const survivors = mutants.filter(({ cell, value }) => {
    // Under rules by which nothing comes to this cell, all is as it was.
    const isConcerned = (index: number): boolean => reached[index]?.has(cellName(cell)) === true;
    const concerned = RULE_SETS.filter((_, index) => isConcerned(index));
    const elsewhere = reached.filter((_, index) => !isConcerned(index)).flatMap((cells) => [...cells]);
    return !isCaught(withCell(TABLES, cell, value), concerned, elsewhere);
  });
  const share = (1 - survivors.length / mutants.length) * 100;
  const worlds = RULE_SETS.map((rules) => explore(rules, TABLES).worlds.size);
  console.log(`# ${worlds.join(' + ')} worlds; ${mutants.length} mutants, ${share.toFixed(2)} % caught`);
  const names = survivors.map(({ cell, value }) => `${cellName(cell)} = ${value}`);
  assert.deepEqual(names, EQUIVALENT_MUTANTS);
});

/** Wrong cells that behave exactly as the right ones do, each with the reason. */
const EQUIVALENT_MUTANTS: readonly string[] = [
  // What was never started has had no life that could have been brief.
  'facts.idle.rulesChanged = forget restarts',
  // What starts with a connection has no schedule.
  'facts.listening.rulesChanged = renew schedule',
  // Between two runs no restart is counted.
  'facts.scheduled.due = enter waiting',
  'facts.scheduled.due = begin again',
  // A run is asked for there only when what is under way is given up already.
  'reconcile.preparing.once = end step',
  'reconcile.starting.once = abort',
  // What a connection starts listens again, and never completes.
  'reconcile.completed.start = begin',
  'reconcile.completed.restart = begin',
];

/** @param elsewhere the cells that are reached under all other rules. */
function isCaught(tables: Tables, ruleSets: readonly Rules[], elsewhere: readonly string[]): boolean {
  const reached = new Set(elsewhere);
  const recorded = recording(tables, reached);
  try {
    for (const rules of ruleSets) {
      const exploration = explore(rules, recorded, (passage) => {
        if (!PROPERTIES.every((property) => property.holds(passage))) throw new Error('caught');
      });
      if (unsettled(exploration).length > 0) return true;
    }
  } catch {
    return true;
  }
  return allCells(tables).some((cell) => reached.has(cellName(cell)) === (cell.value === 'never'));
}

function reachedCells(tables: Tables, ruleSets: readonly Rules[] = RULE_SETS): ReadonlySet<string> {
  const reached = new Set<string>();
  for (const rules of ruleSets) explore(rules, recording(tables, reached));
  return reached;
}
