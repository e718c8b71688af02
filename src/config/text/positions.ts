/**
 * Where each key of a document stands: a tree beside the values, made by the parser. Maps, never objects: names come
 * from the document.
 */

import type { KeyPath, SourceFile } from './source-file.ts';

/** A key's or an array element's place in the text, and what it holds. */
export interface PositionNode {
  /** Offset of the key in the text (of the header's last name for a table). */
  keyOffset: number;
  /** Offset of the value; the same as `keyOffset` for a table. */
  valueOffset: number;
  /**
   * `table`: may still grow. `closed`: a plain value or an inline table or array, complete where it stands.
   * `tables`: an array of tables `[[x]]`.
   */
  kind: 'table' | 'closed' | 'tables';
  /** Where it is written, if it is inherited. */
  readonly origin?: { readonly source: SourceFile; readonly path: KeyPath };
  /** By name, or by index (`"0"`) in arrays. */
  readonly children: Map<string, PositionNode>;
}

export function positionNode(
  kind: PositionNode['kind'],
  keyOffset: number,
  valueOffset = keyOffset,
): PositionNode {
  return { kind, keyOffset, valueOffset, children: new Map() };
}

/** @returns the node of a path, or undefined where the document has no such key. */
export function findNode(root: PositionNode, path: readonly (string | number)[]): PositionNode | undefined {
  let node: PositionNode | undefined = root;
  for (const part of path) {
    node = node?.children.get(String(part));
    if (node === undefined) return undefined;
  }
  return node;
}

/** @returns the node of the path, or of its nearest ancestor in the document (a default has no place of its own). */
export function nearestNode(root: PositionNode, path: readonly (string | number)[]): PositionNode {
  let node = root;
  for (const part of path) {
    const child = node.children.get(String(part));
    if (child === undefined) return node;
    node = child;
  }
  return node;
}

export interface LineAndColumn {
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
  /** The line's text. */
  readonly excerpt: string;
}

/** @returns line and column of an offset; only errors ask, so nothing is indexed ahead. */
export function lineAndColumn(text: string, offset: number): LineAndColumn {
  const at = Math.min(Math.max(offset, 0), text.length);
  const lineStart = at === 0 ? 0 : text.lastIndexOf('\n', at - 1) + 1;
  const lineEnd = text.indexOf('\n', at);
  let line = 1;
  for (let found = text.indexOf('\n'); found !== -1 && found < at; found = text.indexOf('\n', found + 1))
    line++;
  return {
    line,
    column: at - lineStart + 1,
    excerpt: text.slice(lineStart, lineEnd === -1 ? undefined : lineEnd),
  };
}

/** @returns the inherited node at the path or above it, or undefined if the path is written in this document. */
export function inheritedNode(
  root: PositionNode,
  path: readonly (string | number)[],
): PositionNode | undefined {
  let node: PositionNode | undefined = root;
  for (const part of path) {
    node = node.children.get(String(part));
    if (node === undefined || node.origin !== undefined) return node;
  }
  return undefined;
}
