/** The rows of the table: which instances are shown, folded by process or not, in which order. Pure. */

import type { WireInstance } from '../../rpc/contract/contract.ts';
import { STATES } from '../../wire/states.ts';
import { inNaturalOrder } from './natural-order.ts';
import { memoryOf, type Tracked } from './tracked.ts';

export type State = WireInstance['state'];
export type SortKey = 'trouble' | 'name' | 'state' | 'cpu' | 'memory' | 'restarts';
export const SORT_KEYS: readonly SortKey[] = ['trouble', 'name', 'state', 'cpu', 'memory', 'restarts'];

export interface Row {
  /** The instance's name; a folded process or group has its own with `:*`. */
  readonly id: string;
  /** Of the process, or of the group if it is one. */
  readonly process: string;
  /** What actions are told to act on. */
  readonly target: string;
  /** More than one only in a fold; the one in the worst state first. */
  readonly members: readonly Tracked[];
  readonly isFolded: boolean;
}

export interface RowsAsked {
  readonly instances: ReadonlyMap<string, Tracked>;
  readonly filter: string;
  readonly isTroubleOnly: boolean;
  readonly sort: SortKey;
  readonly folded: ReadonlySet<string>;
}

const SEVERITY = Object.keys(STATES) as readonly State[];

/** Also while it runs between two failures: what flaps keeps its place. */
export function isTroubled({ instance }: Tracked): boolean {
  return STATES[instance.state].tone === 'bad' || instance.consecutive_restarts > 0;
}

export function rowsOf(asked: RowsAsked): readonly Row[] {
  const words = asked.filter.toLowerCase().split(' ').filter(Boolean);
  const shown = [...asked.instances.values()].filter(
    (tracked) => matches(tracked, words) && (!asked.isTroubleOnly || isTroubled(tracked)),
  );
  const rows = [...single(shown, asked.folded), ...folded(shown, asked.folded)];
  const compare = COMPARE[asked.sort];
  return rows.sort((one, other) => compare(one, other) || byName(one, other));
}

function single(shown: readonly Tracked[], foldedNames: ReadonlySet<string>): readonly Row[] {
  return shown
    .filter(({ instance }) => foldOf(instance, foldedNames) === undefined)
    .map((tracked) => {
      const { name, process } = tracked.instance;
      return { id: name, process, target: name, members: [tracked], isFolded: false };
    });
}

function folded(shown: readonly Tracked[], foldedNames: ReadonlySet<string>): readonly Row[] {
  const folds = new Map<string, Tracked[]>();
  for (const tracked of shown) {
    const name = foldOf(tracked.instance, foldedNames);
    if (name === undefined) continue;
    const fold = folds.get(name) ?? [];
    fold.push(tracked);
    folds.set(name, fold);
  }
  return [...folds].map(([process, members]) => {
    const sorted = members.sort(
      (one, other) => severityOf(one) - severityOf(other) || inNaturalOrder(nameOf(one), nameOf(other)),
    );
    return { id: `${process}:*`, process, target: process, members: sorted, isFolded: true };
  });
}

/**
 * What it can be folded into: the first of its groups, then its process. A process of one instance has nothing to fold.
 * No group has the name of a process.
 */
export function foldsOf({ name, process, groups = [] }: WireInstance): readonly string[] {
  return [...groups, ...(name === process ? [] : [process])];
}

function foldOf(instance: WireInstance, foldedNames: ReadonlySet<string>): string | undefined {
  return foldsOf(instance).find((name) => foldedNames.has(name));
}

/** All words, each in the name, the state, the health or the reason. */
function matches({ instance }: Tracked, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  const { name, state, health, reason } = instance;
  const text = `${name} ${state} ${health} ${reason ?? ''}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

const nameOf = ({ instance }: Tracked): string => instance.name;
const severityOf = ({ instance }: Tracked): number => SEVERITY.indexOf(instance.state);
const worst = ({ members }: Row): Tracked | undefined => members[0];
const sumOf = ({ members }: Row, figure: (tracked: Tracked) => number | undefined): number =>
  members.reduce((sum, tracked) => sum + (figure(tracked) ?? 0), 0);

function byName(one: Row, other: Row): number {
  return inNaturalOrder(one.id, other.id);
}

function byFigure(figure: (tracked: Tracked) => number | undefined): (one: Row, other: Row) => number {
  return (one, other) => sumOf(other, figure) - sumOf(one, figure);
}

const trouble = (row: Row): number => (row.members.some(isTroubled) ? 0 : 1);
const severity = (row: Row): number => {
  const tracked = worst(row);
  return tracked === undefined ? SEVERITY.length : severityOf(tracked);
};

/** Only what is in trouble moves to the top: rows that come and go would jump under the reader's eyes. */
const COMPARE: Readonly<Record<SortKey, (one: Row, other: Row) => number>> = {
  trouble: (one, other) => trouble(one) - trouble(other),
  name: () => 0,
  state: (one, other) => severity(one) - severity(other),
  cpu: byFigure(({ cpuPercent }) => cpuPercent),
  memory: byFigure(memoryOf),
  restarts: byFigure(({ instance }) => instance.restarts),
};
