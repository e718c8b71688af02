/** Looks things up in the schema by where a value stands; only messages need it, so nothing is prepared. */

import type { KeyPath } from '../text/source-file.ts';
import { configSchema } from './schema.ts';
import type { ReloadTreatment } from './values.ts';

export interface SchemaNode {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly expected?: string;
  /** Its text may differ from copy to copy: `${instance}`. */
  readonly perInstance?: boolean;
  readonly description?: string;
  /**
   * `keys`: an inherited table is merged with the process's own by key; `none`: it is not inherited. Otherwise the own
   * value replaces the inherited one.
   */
  readonly merge?: 'keys' | 'none';
  /** What a reload does with a change of it; absent: as of the table around it. */
  readonly reload?: ReloadTreatment;
  /** Keys beside it that are not inherited if it is given. */
  readonly displaces?: readonly string[];
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode;
  readonly required?: readonly string[];
}

const ROOT: SchemaNode = configSchema;

/** @returns the schema for the value at a path, or undefined where the schema has no such place. */
export function schemaAt(path: KeyPath): SchemaNode | undefined {
  let node: SchemaNode | undefined = ROOT;
  for (const part of path) node = node === undefined ? undefined : childSchema(node, part);
  return node;
}

/** @returns what a reload does with a change of the value at a path: what the nearest key says of it. */
export function reloadAt(path: KeyPath): ReloadTreatment | undefined {
  let node: SchemaNode | undefined = ROOT;
  let reload: ReloadTreatment | undefined;
  for (const part of path) {
    node = node === undefined ? undefined : childSchema(node, part);
    reload = node?.reload ?? reload;
  }
  return reload;
}

function childSchema(node: SchemaNode, part: string | number): SchemaNode | undefined {
  if (typeof part === 'number') return node.items;
  if (node.properties !== undefined && Object.hasOwn(node.properties, part)) return node.properties[part];
  return typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined;
}

/** @returns the names that may stand below a path. */
export function knownKeys(path: KeyPath): readonly string[] {
  return Object.keys(schemaAt(path)?.properties ?? {});
}

/** @returns what may stand at a path, in words. */
export function expectedAt(path: KeyPath): string | undefined {
  const schema = schemaAt(path);
  if (schema === undefined) return undefined;
  if (schema.expected !== undefined) return schema.expected;
  if (schema.enum !== undefined) return listOfWords(schema.enum);
  const bounds =
    schema.minimum === undefined || schema.maximum === undefined
      ? ''
      : ` from ${schema.minimum} to ${schema.maximum}`;
  const words: Readonly<Record<string, string>> = {
    integer: `a whole number${bounds}`,
    number: `a number${bounds}`,
    boolean: 'true or false',
    string: 'a string',
    array: 'an array',
    object: 'a table',
  };
  return typesOf(schema)
    .map((type) => words[type] ?? type)
    .join(' or ');
}

function listOfWords(words: readonly unknown[]): string {
  const shown = words.map((word) => JSON.stringify(word));
  const last = shown.pop();
  return shown.length === 0 ? String(last) : `${shown.join(', ')} or ${last}`;
}

/** @returns the types that a value may have. */
export function typesOf(schema: SchemaNode | undefined): readonly string[] {
  const type = schema?.type;
  return typeof type === 'string' ? [type] : (type ?? []);
}
