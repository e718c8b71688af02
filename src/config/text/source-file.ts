/** A configuration file that was read: its text and where each key stands, for telling people about it. */

import { lineAndColumn, nearestNode, type PositionNode } from './positions.ts';
import type { Problem } from './problem.ts';
import { showKey } from './show-value.ts';

export type KeyPath = readonly (string | number)[];

export interface SourceFile {
  /** Absolute path. */
  readonly path: string;
  /** What the positions count in: without byte order mark and carriage returns. */
  readonly text: string;
  readonly root: PositionNode;
}

/** What a problem says beside its place. */
export interface ProblemText {
  readonly message: string;
  readonly expected?: string | undefined;
  readonly hint?: string | undefined;
}

/** @returns the problem at a place of the text. */
export function problemAtOffset(
  file: { readonly path: string; readonly text: string },
  offset: number,
  key: string,
  said: ProblemText,
): Problem {
  const { line, column, excerpt } = lineAndColumn(file.text, offset);
  return {
    file: file.path,
    line,
    column,
    key,
    message: said.message,
    ...(said.expected === undefined ? {} : { expected: said.expected }),
    ...(said.hint === undefined ? {} : { hint: said.hint }),
    excerpt,
  };
}

/** @returns the problem at a key (`at: 'key'`) or at its value. */
export function problemAtKey(
  file: SourceFile,
  path: KeyPath,
  at: 'key' | 'value',
  said: ProblemText,
): Problem {
  const node = nearestNode(file.root, path);
  return problemAtOffset(file, at === 'key' ? node.keyOffset : node.valueOffset, showKey(path), said);
}

/** @returns `FILE:LINE` of a key, for messages that name a second place. */
export function placeInWords(file: SourceFile, path: KeyPath): string {
  return `${file.path}:${lineAndColumn(file.text, nearestNode(file.root, path).keyOffset).line}`;
}

/** A problem with a file as a whole. */
export function problemWithFile(path: string, said: ProblemText): Problem {
  return {
    file: path,
    line: 0,
    column: 0,
    key: '',
    message: said.message,
    ...(said.expected === undefined ? {} : { expected: said.expected }),
    ...(said.hint === undefined ? {} : { hint: said.hint }),
  };
}
