/** Tables of tables that have names: `[processes.NAME]`, `[sockets.NAME]`, `[groups.NAME]`. */

import type { ConfigSource } from '../schema/schema.ts';
import { type Findings, Place } from './place.ts';
import type { ReadFile } from './read-files.ts';

/** One of them, and how what is in it is kept beside its place. */
export interface NamedTable<Value, Placed> {
  readonly name: keyof ConfigSource;
  /** What each of its tables is called in messages. */
  readonly what: string;
  readonly in: (document: ConfigSource) => Readonly<Record<string, Value>> | undefined;
  readonly placed: (place: Place, value: Value) => Placed;
}

/** By name, in the order of the files; a name that is there twice is a problem of the second place. */
export function collectNamed<Value, Placed extends { readonly place: Place }>(
  files: readonly ReadFile[],
  table: NamedTable<Value, Placed>,
  findings: Findings,
): Map<string, Placed> {
  const placed = new Map<string, Placed>();
  for (const { source, document } of files) {
    const values = table.in(document.value);
    // The order of the positions: JavaScript would put names such as "1" first.
    for (const name of source.root.children.get(table.name)?.children.keys() ?? []) {
      const place = new Place(source, [table.name, name], findings);
      const first = placed.get(name);
      const value = values?.[name];
      if (first !== undefined) {
        const message = `the ${table.what} ${JSON.stringify(name)} is defined twice; first at ${first.place.inWords()}`;
        place.problem({ message, hint: 'give one of the two another name' }, 'key');
      } else if (value !== undefined) placed.set(name, table.placed(place, value));
    }
  }
  return placed;
}
