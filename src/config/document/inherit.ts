/**
 * How a table takes keys from another one. A key that it gives itself replaces the inherited one, unless the key's row in
 * the schema says `merge: 'keys'`: then the two tables are merged; `merge: 'none'` is not inherited. A row's `displaces`
 * names the keys that are not inherited beside it. Who inherits from whom is in `templates.ts`.
 */

import type { SchemaNode } from '../schema/walk.ts';
import { findNode, type PositionNode } from '../text/positions.ts';
import type { KeyPath, SourceFile } from '../text/source-file.ts';
import type { InterpolatedDocument } from './interpolation.ts';

type Table = Record<string, unknown>;

/** A file as it was parsed, its variables filled in. */
export interface ParsedFile {
  readonly source: SourceFile;
  readonly value: Table;
  readonly interpolated: InterpolatedDocument;
}

/** A table that others inherit from, or one that inherits. */
export interface Holder {
  readonly file: ParsedFile;
  readonly path: KeyPath;
  readonly table: Table;
  readonly node: PositionNode;
}

/** @returns the tables below `[table]` of all files, in the order they are written. */
export function holdersIn(files: readonly ParsedFile[], table: string): readonly Holder[] {
  return files.flatMap((file) =>
    [...(file.source.root.children.get(table)?.children.keys() ?? [])].flatMap(
      (name) => holderAt(file, [table, name]) ?? [],
    ),
  );
}

/** Gives the heir what the other table has for it, in place: values and positions. */
export function inherit(heir: Holder, from: Holder, schema: SchemaNode): void {
  const displaced = new Set(Object.keys(heir.table).flatMap((key) => rowOf(schema, key)?.displaces ?? []));
  for (const key of Object.keys(from.table)) {
    const row = rowOf(schema, key);
    // What the schema does not know is reported where it is.
    if (row === undefined || row.merge === 'none' || displaced.has(key)) continue;
    if (!Object.hasOwn(heir.table, key)) {
      copy(heir, from, key);
      continue;
    }
    const own = below(heir, key);
    const inherited = below(from, key);
    if (row.merge === 'keys' && own !== undefined && inherited !== undefined) inherit(own, inherited, row);
  }
}

/** The copy is the heir's own, because checking fills defaults in and others may be merged; its position stays where it is written. */
function copy(heir: Holder, from: Holder, key: string): void {
  const path = [...from.path, key];
  heir.table[key] = structuredClone(from.table[key]);
  const node = from.node.children.get(key);
  if (node !== undefined)
    heir.node.children.set(key, { origin: { source: from.file.source, path }, ...copyOf(node) });
  const target = [...heir.path, key];
  const { changed, broken } = from.file.interpolated;
  // The texts of the value, not all that ever changed: a thousand heirs would make that a million.
  for (const below of textsIn(from.table[key], [])) {
    if (changed.has(JSON.stringify([...path, ...below])))
      heir.file.interpolated.changed.add(JSON.stringify([...target, ...below]));
  }
  for (const one of [...broken]) {
    const moved = movedPath(one, path, target);
    if (moved !== undefined) heir.file.interpolated.broken.push(moved);
  }
}

function textsIn(value: unknown, path: KeyPath): readonly KeyPath[] {
  if (typeof value === 'string') return [path];
  if (typeof value !== 'object' || value === null) return [];
  const entries = Array.isArray(value) ? value.entries() : Object.entries(value);
  return [...entries].flatMap(([key, child]) => textsIn(child, [...path, key]));
}

function copyOf(node: PositionNode): PositionNode {
  return { ...node, children: new Map([...node.children].map(([key, child]) => [key, copyOf(child)])) };
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

export function holderAt(file: ParsedFile, path: readonly string[]): Holder | undefined {
  const node = findNode(file.source.root, path);
  const table = path.reduce<Table | undefined>((parent, key) => parent && tableAt(parent, key), file.value);
  return table === undefined || node === undefined ? undefined : { file, path, table, node };
}

function tableAt(parent: Table, key: string): Table | undefined {
  const value = Object.hasOwn(parent, key) ? parent[key] : undefined;
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Table) : undefined;
}
