/** Which cells of tables an exploration looks up, by lending it tables that keep a record. */

export interface Cell {
  readonly table: string;
  readonly row: string;
  readonly column: string;
  readonly value: string;
}

type Rows = Readonly<Record<string, Readonly<Record<string, string>>>>;
/** Tables by name. */
type Tables<T> = { readonly [K in keyof T]: Rows };

const rowsOf = (tables: object, name: string): Rows => (tables as Record<string, Rows>)[name] ?? {};
export const cellName = (cell: Cell): string => `${cell.table}.${cell.row}.${cell.column}`;

export function allCells<T extends Tables<T>>(tables: T): readonly Cell[] {
  return Object.keys(tables).flatMap((table) =>
    Object.entries(rowsOf(tables, table)).flatMap(([row, columns]) =>
      Object.entries(columns).map(([column, value]) => ({ table, row, column, value })),
    ),
  );
}

/** @returns the same tables with one cell changed. */
export function withCell<T extends Tables<T>>(tables: T, cell: Cell, value: string): T {
  const rows = rowsOf(tables, cell.table);
  const changed = { ...rows, [cell.row]: { ...rows[cell.row], [cell.column]: value } };
  return { ...tables, [cell.table]: changed };
}

/** The values that other cells of the same table have. */
export function alternatives<T extends Tables<T>>(tables: T, cell: Cell): readonly string[] {
  const used = new Set(
    allCells(tables).flatMap((other) => (other.table === cell.table ? [other.value] : [])),
  );
  used.delete(cell.value);
  return [...used];
}

/** @returns tables that answer alike and add the name of each cell looked up to `reached`. */
export function recording<T extends Tables<T>>(tables: T, reached: Set<string>): T {
  const record = (table: string): unknown =>
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
  return Object.fromEntries(Object.keys(tables).map((name) => [name, record(name)])) as unknown as T;
}
