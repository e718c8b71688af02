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

export class Place {
  readonly source: SourceFile;
  readonly path: KeyPath;
  readonly findings: Findings;

  /** It is written elsewhere, and this process inherits it. */
  readonly isInherited: boolean;

  constructor(source: SourceFile, path: KeyPath, findings: Findings, isInherited = false) {
    this.source = source;
    this.path = path;
    this.findings = findings;
    this.isInherited = isInherited;
  }

  /** What is inherited is where it is written, in whatever file. */
  at(...parts: readonly (string | number)[]): Place {
    return parts.reduce<Place>((place, part) => place.#child(part), this);
  }

  #child(part: string | number): Place {
    const path = [...this.path, part];
    const origin = findNode(this.source.root, path)?.origin;
    return origin === undefined
      ? new Place(this.source, path, this.findings, this.isInherited)
      : new Place(origin.source, origin.path, this.findings, true);
  }

  /** True where the file has the key; false where its value is a default of the schema. */
  isGiven(...parts: readonly (string | number)[]): boolean {
    return findNode(this.source.root, [...this.path, ...parts]) !== undefined;
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
