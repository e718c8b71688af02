/** A key of a file while it is resolved: what resolvers hand down so that whatever they find has a place. */

import { findNode } from '../text/positions.ts';
import type { Problem } from '../text/problem.ts';
import { showKey } from '../text/show-value.ts';
import {
  type KeyPath,
  type ProblemText,
  placeInWords,
  problemAtKey,
  type SourceFile,
} from '../text/source-file.ts';

/** What was found on the way, in the order it was found. */
export interface Findings {
  readonly problems: Problem[];
  /** Whole sentences with their place. */
  readonly warnings: string[];
}

/** The file and path of a value in the process that has it. An inherited value is written elsewhere. */
interface Holding {
  readonly source: SourceFile;
  readonly path: KeyPath;
}

export class Place {
  /** Where it is written: what messages name, and where relative paths start. */
  readonly source: SourceFile;
  readonly path: KeyPath;
  readonly findings: Findings;
  readonly #holding: Holding;

  constructor(source: SourceFile, path: KeyPath, findings: Findings, holding: Holding = { source, path }) {
    this.source = source;
    this.path = path;
    this.findings = findings;
    this.#holding = holding;
  }

  /** It is written elsewhere, and this process inherits it. */
  get isInherited(): boolean {
    return this.#holding.path !== this.path;
  }

  at(...parts: readonly (string | number)[]): Place {
    return parts.reduce<Place>((place, part) => place.#child(part), this);
  }

  #child(part: string | number): Place {
    const { source } = this.#holding;
    const path = [...this.#holding.path, part];
    const origin = findNode(source.root, path)?.origin;
    if (origin !== undefined) return new Place(origin.source, origin.path, this.findings, { source, path });
    return this.isInherited
      ? new Place(this.source, [...this.path, part], this.findings, { source, path })
      : new Place(source, path, this.findings);
  }

  /** True where the file has the key; false where its value is a default of the schema. */
  isGiven(...parts: readonly (string | number)[]): boolean {
    const { source, path } = this.#holding;
    return findNode(source.root, [...path, ...parts]) !== undefined;
  }

  /** The value's text up to white space or punctuation, as it is in the file: `0o77`. Empty for a default. */
  writtenValue(): string {
    const node = findNode(this.source.root, this.path);
    if (node === undefined) return '';
    return /^[^\s,#\]}]*/.exec(this.source.text.slice(node.valueOffset, node.valueOffset + 100))?.[0] ?? '';
  }

  problem(said: ProblemText, at: 'key' | 'value' = 'value'): void {
    this.findings.problems.push(problemAtKey(this.source, this.path, at, said));
  }

  /** @param sentence what is odd, without the place and a full stop. */
  warning(sentence: string): void {
    this.findings.warnings.push(
      `${placeInWords(this.source, this.path)}: ${showKey(this.path)}: ${sentence}`,
    );
  }

  /** `FILE:LINE`, for a message at another place. */
  inWords(): string {
    return placeInWords(this.source, this.path);
  }
}
