/** What a reload does to an instance, in every state that one can be in, no matter who wanted that. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Instance } from '../../src/lifecycle/instance.ts';
import {
  type ChangeKind,
  type Found,
  findingOf,
  RELOAD,
  type ReloadMove,
  type ReloadTable,
  type WantedBy,
} from '../../src/lifecycle/reload.ts';
import { TABLES } from '../../src/lifecycle/transitions.ts';
import { allCells, alternatives, cellName, recording, withCell } from './coverage.ts';
import { explore, RULE_SETS } from './explore.ts';

interface Case extends Found {
  readonly kind: ChangeKind;
  readonly instance: Instance;
}

const KINDS: readonly ChangeKind[] = ['restart', 'update', 'revive'];
const WISHERS: readonly WantedBy[] = ['user', 'policy', 'reload', 'shutdown'];

function reachableCases(): readonly Case[] {
  const pairs = new Map<string, Pick<Case, 'instance' | 'policy' | 'keepsSchedule'>>();
  for (const rules of RULE_SETS) {
    for (const { instance } of explore(rules, TABLES).worlds.values()) {
      const { policy } = rules.restart;
      const keepsSchedule = rules.schedule !== undefined;
      const key = `${policy} ${keepsSchedule} ${instance.monitor} ${instance.desired}`;
      pairs.set(key, { instance, policy, keepsSchedule });
    }
  }
  return KINDS.flatMap((kind) =>
    WISHERS.flatMap((wantedBy) => [...pairs.values()].map((pair) => ({ kind, wantedBy, ...pair }))),
  );
}

const CASES = reachableCases();

const isUsersStop = ({ instance, wantedBy }: Case): boolean =>
  wantedBy === 'user' && ['down', 'killed', 'once', 'last'].includes(instance.desired);
/** It waits for a connection or for its time, or a run of its schedule is under way. */
const goesOn = ({ instance, keepsSchedule }: Case): boolean =>
  ['idle', 'listening', 'scheduled'].includes(instance.monitor) ||
  (keepsSchedule && instance.monitor !== 'stopped' && !['down', 'killed'].includes(instance.desired));
const isNeverStarted = ({ instance }: Case): boolean =>
  instance.monitor === 'idle' && (instance.desired === 'down' || instance.desired === 'killed');

interface Property {
  readonly name: string;
  readonly holds: (found: Case, move: ReloadMove) => boolean;
}

const PROPERTIES: readonly Property[] = [
  {
    name: 'never undoes the stop of a person, but with autorestart = always or what it has itself removed',
    holds: (found, move) =>
      !isUsersStop(found) || found.kind === 'revive' || (move === 'restart') === (found.policy === 'always'),
  },
  {
    name: 'starts nothing that was never started',
    holds: (found, move) => !isNeverStarted(found) || isUsersStop(found) || move === 'leave',
  },
  {
    name: 'is a new chance for what has failed',
    holds: (found, move) => isUsersStop(found) || found.instance.monitor !== 'failed' || move === 'restart',
  },
  {
    name: 'replaces whatever runs, is on its way or has ended, if only a new program can take the change over',
    holds: (found, move) =>
      found.kind !== 'restart' || isUsersStop(found) || (move === 'restart') === !goesOn(found),
  },
  {
    name: 'leaves whatever can take the change over as it is',
    holds: (found, move) =>
      found.kind !== 'update' ||
      isUsersStop(found) ||
      (move === 'restart') === (found.instance.monitor === 'failed'),
  },
  {
    name: 'starts again what it takes back',
    holds: (found, move) =>
      found.kind !== 'revive' || (move === 'restart') === (isUsersStop(found) || !goesOn(found)),
  },
];

const moveFor = (found: Case, table: ReloadTable): ReloadMove => table[found.kind][findingOf(found)];

for (const property of PROPERTIES) {
  test(`in whatever state it finds an instance, a reload ${property.name}`, () => {
    for (const found of CASES) {
      assert.ok(property.holds(found, moveFor(found, RELOAD)), JSON.stringify(found));
    }
  });
}

test('every cell of RELOAD is reached, and every wrong one is caught', () => {
  const tables = { reload: RELOAD };
  const reached = new Set<string>();
  for (const found of CASES) moveFor(found, recording(tables, reached).reload);
  const cells = allCells(tables);
  assert.deepEqual(
    cells.map(cellName).filter((name) => !reached.has(name)),
    [],
  );
  const mutants = cells.flatMap((cell) => alternatives(tables, cell).map((value) => ({ cell, value })));
  const survivors = mutants.filter(({ cell, value }) => {
    const { reload } = withCell(tables, cell, value);
    return CASES.every((found) => PROPERTIES.every(({ holds }) => holds(found, moveFor(found, reload))));
  });
  console.log(
    `# reload: ${CASES.length} cases; ${mutants.length} mutants, ${mutants.length - survivors.length} caught`,
  );
  assert.deepEqual(survivors, []);
});
