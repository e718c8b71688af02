/**
 * What a process takes from `[defaults]`. A key that it gives itself replaces the inherited one, unless the key's row in
 * the schema says `merge: 'keys'`: then the two tables are merged. A row's `displaces` names the keys that are not
 * inherited beside it. Runs before the documents are checked, so that the schema's own defaults come last.
 */

import { type SchemaNode, schemaAt } from '../schema/walk.ts';
import { findNode, type PositionNode } from '../text/positions.ts';
import type { KeyPath, SourceFile } from '../text/source-file.ts';
import type { InterpolatedDocument } from './interpolation.ts';
import { type Findings, Place } from './place.ts';

type Table = Record<string, unknown>;

/** A file as it was parsed, its variables filled in. */
export interface ParsedFile {
  readonly source: SourceFile;
  readonly value: Table;
  readonly interpolated: InterpolatedDocument;
}

/** A table that others inherit from, or one that inherits. */
interface Holder {
  readonly file: ParsedFile;
  readonly path: KeyPath;
  readonly table: Table;
  readonly node: PositionNode;
}

/** Gives every process what `[defaults]` has for it, in place: values and positions. */
export function inheritDefaults(files: readonly ParsedFile[], findings: Findings): void {
  const [first, ...others] = files.filter(({ source }) => source.root.children.has('defaults'));
  if (first === undefined) return;
  const firstPlace = new Place(first.source, ['defaults'], findings).inWords();
  for (const { source } of others) {
    const message = `[defaults] is in more than one file; first at ${firstPlace}`;
    new Place(source, ['defaults'], findings).problem({ message, hint: 'merge the two' }, 'key');
  }
  const defaults = holderAt(first, ['defaults']);
  const schema = schemaAt(['defaults']);
  if (defaults === undefined || schema === undefined) return;
  for (const file of files) {
    for (const name of Object.keys(tableAt(file.value, 'processes') ?? {})) {
      const process = holderAt(file, ['processes', name]);
      if (process !== undefined) inherit(process, defaults, schema);
    }
  }
}

function inherit(heir: Holder, from: Holder, schema: SchemaNode): void {
  const displaced = new Set(Object.keys(heir.table).flatMap((key) => rowOf(schema, key)?.displaces ?? []));
  for (const key of Object.keys(from.table)) {
    const row = rowOf(schema, key);
    // What the schema does not know is reported where it is.
    if (row === undefined || displaced.has(key)) continue;
    if (!Object.hasOwn(heir.table, key)) {
      copy(heir, from, key);
      continue;
    }
    const own = below(heir, key);
    const inherited = below(from, key);
    if (row.merge === 'keys' && own !== undefined && inherited !== undefined) inherit(own, inherited, row);
  }
}

/** The copy is the heir's own, because checking fills defaults in; its position stays where it is written. */
function copy(heir: Holder, from: Holder, key: string): void {
  const path = [...from.path, key];
  heir.table[key] = structuredClone(from.table[key]);
  const node = from.node.children.get(key);
  if (node !== undefined)
    heir.node.children.set(key, { ...node, origin: { source: from.file.source, path } });
  const target = [...heir.path, key];
  const { changed, broken } = from.file.interpolated;
  for (const text of [...changed]) {
    const moved = movedPath(JSON.parse(text), path, target);
    if (moved !== undefined) heir.file.interpolated.changed.add(JSON.stringify(moved));
  }
  for (const one of [...broken]) {
    const moved = movedPath(one, path, target);
    if (moved !== undefined) heir.file.interpolated.broken.push(moved);
  }
}

function movedPath(path: KeyPath, from: KeyPath, to: KeyPath): KeyPath | undefined {
  return from.every((part, index) => path[index] === part) ? [...to, ...path.slice(from.length)] : undefined;
}

function rowOf(schema: SchemaNode, key: string): SchemaNode | undefined {
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, key)) return schema.properties[key];
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}

function below({ file, path, table, node }: Holder, key: string): Holder | undefined {
  const child = tableAt(table, key);
  const childNode = node.children.get(key);
  return child === undefined || childNode === undefined
    ? undefined
    : { file, path: [...path, key], table: child, node: childNode };
}

function holderAt(file: ParsedFile, path: readonly string[]): Holder | undefined {
  const node = findNode(file.source.root, path);
  const table = path.reduce<Table | undefined>((parent, key) => parent && tableAt(parent, key), file.value);
  return table === undefined || node === undefined ? undefined : { file, path, table, node };
}

function tableAt(parent: Table, key: string): Table | undefined {
  const value = Object.hasOwn(parent, key) ? parent[key] : undefined;
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Table) : undefined;
}
