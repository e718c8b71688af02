/** Which cells of the tables an exploration looks up, by lending it tables that keep a record. */

import type { Tables } from '../../src/lifecycle/transitions.ts';

export type TableName = keyof Tables;
export interface Cell {
  readonly table: TableName;
  readonly row: string;
  readonly column: string;
  readonly value: string;
}

type Rows = Readonly<Record<string, Readonly<Record<string, string>>>>;

const TABLE_NAMES: readonly TableName[] = ['facts', 'decisions', 'reconcile'];
const rowsOf = (tables: Tables, name: TableName): Rows => tables[name];
export const cellName = (cell: Cell): string => `${cell.table}.${cell.row}.${cell.column}`;

export function allCells(tables: Tables): readonly Cell[] {
  return TABLE_NAMES.flatMap((table) =>
    Object.entries(rowsOf(tables, table)).flatMap(([row, columns]) =>
      Object.entries(columns).map(([column, value]) => ({ table, row, column, value })),
    ),
  );
}

/** @returns the same tables with one cell changed. */
export function withCell(tables: Tables, cell: Cell, value: string): Tables {
  const rows = rowsOf(tables, cell.table);
  const changed = { ...rows, [cell.row]: { ...rows[cell.row], [cell.column]: value } };
  return { ...tables, [cell.table]: changed } as Tables;
}

/** @returns tables that answer alike and add the name of each cell looked up to `reached`. */
export function recording(tables: Tables, reached: Set<string>): Tables {
  const record = (table: TableName): unknown =>
    Object.fromEntries(
      Object.entries(rowsOf(tables, table)).map(([row, columns]) => [
        row,
        new Proxy(columns, {
          get: (cells, column) => {
            reached.add(`${table}.${row}.${String(column)}`);
            return Reflect.get(cells, column);
          },
        }),
      ]),
    );
  return Object.fromEntries(TABLE_NAMES.map((name) => [name, record(name)])) as unknown as Tables;
}
