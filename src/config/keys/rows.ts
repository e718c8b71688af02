/**
 * What the engine makes of each key: one row a key, in the tables `process-keys.ts` and `engine-keys.ts`. What a file
 * may say, and what a reload does with a change, is in the key's row of the schema. The tables are typed by the schema:
 * a key without a row does not compile.
 */

/** How changes of a key show in the resolved configuration. */
export type KeyRow<Config> =
  /** Its value there, plain data; of a table, what its keys below do not say. */
  | { readonly value: (config: Config) => unknown; readonly keys?: Table<Config> }
  | { readonly keys: Table<Config> }
  /** A table whose keys have any names: what is there. */
  | { readonly entries: (config: Config) => readonly (readonly [name: string, value: unknown])[] }
  /** Its value is part of that other key's, under whose name a change is reported. */
  | { readonly partOf: string }
  /** It was applied when the files were read: what it changed shows in other keys, or in which processes there are. */
  | { readonly appliedBy: 'reading' };

type Table<Config> = Readonly<Record<string, KeyRow<Config>>>;

/** A row for each key of a table. */
export type KeyRows<Source, Config> = { readonly [Key in keyof Source]-?: KeyRow<Config> };

/** What all rows of a table that have this method give together. */
export type GivenBy<Rows, Method extends string> = Together<
  {
    [Key in keyof Rows]: Rows[Key] extends { readonly [Name in Method]: (from: never) => infer Part }
      ? Part
      : never;
  }[keyof Rows]
>;
type Together<Union> = (Union extends unknown ? (part: Union) => void : never) extends (
  whole: infer Whole,
) => void
  ? Whole
  : never;

/**
 * Calls this method of each row that has it. The type says what comes of it: a field of the resolved configuration that
 * no row gives does not compile.
 */
export function giveAll<Rows extends Readonly<Record<string, object>>, Method extends string, From>(
  rows: Rows,
  method: Method,
  from: From,
): GivenBy<Rows, Method> {
  const parts = Object.values(rows).map((row) => {
    const give = (row as Readonly<Record<string, (from: From) => object>>)[method];
    return give?.(from);
  });
  return Object.assign({}, ...parts);
}

/** A configuration by the keys of the file; what is undefined is absent there too. */
export type KeyValues = ReadonlyMap<string, { readonly path: readonly string[]; readonly value: unknown }>;

export function keyValues<Config>(rows: Table<Config>, config: Config): KeyValues {
  const values = new Map<string, { path: readonly string[]; value: unknown }>();
  const add = (path: readonly string[], value: unknown): void =>
    void values.set(path.join('.'), { path, value });
  const visit = (table: Table<Config>, above: readonly string[]): void => {
    for (const [key, row] of Object.entries(table)) {
      const path = [...above, key];
      if ('value' in row) add(path, row.value(config));
      if ('entries' in row) for (const [name, value] of row.entries(config)) add([...path, name], value);
      if ('keys' in row && row.keys !== undefined) visit(row.keys, path);
    }
  };
  visit(rows, []);
  return values;
}
