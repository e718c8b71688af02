/** The columns of the table: what each shows, and which are shown where there is not room for all. Pure. */

import { plainLine } from '../../cli/plain-text.ts';
import { fit, widthOf } from '../../terminal/characters.ts';
import { age, percent, shortBytes, sparkline } from '../model/figures.ts';
import { reasonOf, statesOf } from '../model/instance-text.ts';
import type { Row, SortKey } from '../model/rows.ts';
import { ageOf, memoryOf, type Tracked } from '../model/tracked.ts';
import { type Style, YELLOW } from '../screen/cells.ts';
import { NORMAL, QUIET, STATE_STYLES } from '../screen/tones.ts';

export interface Cell {
  readonly text: string;
  readonly style: Style;
}

export interface Column {
  readonly title: string;
  readonly width: number;
  readonly isRight: boolean;
  readonly sort: SortKey | undefined;
  cell(row: Row, now: number): Cell;
}

export const GAP = 2;
const TRAIL_WIDTH = 12;
/** One processor fills the sparkline. */
const FULL_CPU = 100;
const LEAST_REASON = 20;
const LEAST_NAME = 8;
/** Shares of the screen's width: a single long name is not worth the columns of all. */
const MOST_NAME = 0.28;
const MOST_NAME_IF_NARROW = 0.4;
const ENOUGH_NAME = 14;

const NOTHING: Cell = { text: '-', style: QUIET };
const plain = (text: string): Cell => ({ text, style: NORMAL });
const quiet = (text: string): Cell => ({ text, style: QUIET });

/** The member that speaks for the row. */
function first(row: Row): Tracked | undefined {
  return row.members[0];
}

function sum(row: Row, figure: (tracked: Tracked) => number | undefined): number | undefined {
  const known = row.members.map(figure).filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((total, value) => total + value, 0);
}

function trailOf(row: Row, trail: (tracked: Tracked) => readonly number[]): readonly number[] {
  const trails = row.members.map(trail);
  const length = Math.max(0, ...trails.map((samples) => samples.length));
  return Array.from({ length }, (_, index) =>
    trails.reduce((total, samples) => total + (samples[samples.length - length + index] ?? 0), 0),
  );
}

export function nameOf(row: Row): string {
  return row.isFolded ? `${plainLine(row.process)} ×${row.members.length}` : plainLine(row.id);
}

type Optional = Column & { readonly importance: number };

function optional(
  importance: number,
  title: string,
  width: number,
  cell: Column['cell'],
  rest: { readonly isRight?: boolean; readonly sort?: SortKey } = {},
): Optional {
  return { importance, title, width, cell, isRight: rest.isRight === true, sort: rest.sort };
}

const RIGHT = { isRight: true } as const;

/** In the order of the screen; the least number is dropped last. */
const OPTIONAL: readonly Optional[] = [
  optional(1, 'AGE', 6, (row, now) => cellOf(row, (tracked) => quiet(age(ageOf(tracked, now))))),
  optional(7, 'HEALTH', 9, (row) =>
    cellOf(row, ({ instance }) => (instance.health === 'none' ? NOTHING : plain(instance.health))),
  ),
  optional(
    6,
    'PID',
    7,
    (row) =>
      row.isFolded
        ? NOTHING
        : cellOf(row, ({ instance }) => (instance.pid === null ? NOTHING : plain(String(instance.pid)))),
    RIGHT,
  ),
  optional(
    4,
    'CPU',
    5,
    (row) =>
      figure(
        sum(row, ({ cpuPercent }) => cpuPercent),
        percent,
      ),
    {
      ...RIGHT,
      sort: 'cpu',
    },
  ),
  optional(8, '', TRAIL_WIDTH, (row) =>
    quiet(
      sparkline(
        trailOf(row, ({ cpuTrail }) => cpuTrail),
        TRAIL_WIDTH,
        FULL_CPU,
      ),
    ),
  ),
  optional(5, 'MEM', 5, (row) => figure(sum(row, memoryOf), shortBytes), { ...RIGHT, sort: 'memory' }),
  optional(9, '', TRAIL_WIDTH, (row) =>
    quiet(
      sparkline(
        trailOf(row, ({ memoryTrail }) => memoryTrail),
        TRAIL_WIDTH,
        0,
      ),
    ),
  ),
  optional(3, 'RST', 4, (row) => restarts(row), { ...RIGHT, sort: 'restarts' }),
  optional(2, 'REASON', LEAST_REASON, (row, now) =>
    row.isFolded ? plain(statesOf(row)) : cellOf(row, (tracked) => plain(reasonOf(tracked, now))),
  ),
];

function cellOf(row: Row, cell: (tracked: Tracked) => Cell): Cell {
  const tracked = first(row);
  return tracked === undefined ? NOTHING : cell(tracked);
}

function figure(value: number | undefined, text: (value: number) => string): Cell {
  return value === undefined ? NOTHING : plain(text(value));
}

function restarts(row: Row): Cell {
  const count = sum(row, ({ instance }) => instance.restarts) ?? 0;
  const inARow = sum(row, ({ instance }) => instance.consecutive_restarts) ?? 0;
  return { text: String(count), style: inARow > 0 ? YELLOW : count > 0 ? NORMAL : QUIET };
}

function mostNameOf(width: number): number {
  const narrow = Math.min(ENOUGH_NAME, Math.floor(width * MOST_NAME_IF_NARROW));
  return Math.max(LEAST_NAME, narrow, Math.floor(width * MOST_NAME));
}

/** What tells the instances of a process apart stands at the end of their names: it is not cut off. */
function fitName(name: string, width: number): string {
  const tail = /(?:[:\u00d7]\d+)$/.exec(name)?.[0] ?? '';
  if (tail === '' || widthOf(name) <= width || tail.length > width / 2) return name;
  return fit(name.slice(0, -tail.length), width - tail.length) + tail;
}

/**
 * The columns that fit, in the order of the screen; REASON takes what is left.
 * @param names of all instances, so that the width does not depend on which are shown
 */
export function columnsFor(width: number, names: Iterable<string>): readonly Column[] {
  let longest = LEAST_NAME;
  for (const name of names) longest = Math.max(longest, widthOf(plainLine(name)));
  const nameWidth = Math.min(longest, mostNameOf(width));
  const always: readonly Column[] = [
    {
      title: 'NAME',
      width: nameWidth,
      isRight: false,
      sort: 'name',
      cell: (row) => plain(fitName(nameOf(row), nameWidth)),
    },
    {
      title: 'STATE',
      width: 11,
      isRight: false,
      sort: 'state',
      cell: (row) => cellOf(row, ({ instance: { state } }) => ({ text: state, style: STATE_STYLES[state] })),
    },
  ];
  let left = width - nameWidth - 11 - GAP;
  const chosen = new Set<Column>();
  for (const column of [...OPTIONAL].sort((one, other) => one.importance - other.importance)) {
    if (column.width + GAP > left) continue;
    left -= column.width + GAP;
    chosen.add(column);
  }
  const fitting = OPTIONAL.filter((column) => chosen.has(column));
  return [...always, ...fitting].map((column) =>
    column.title === 'REASON' ? { ...column, width: column.width + left } : column,
  );
}
