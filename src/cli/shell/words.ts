/** Splits a line into commands and their words as a POSIX shell would. */

import { shellPieces } from '../../shell-words.ts';

export interface SplitLine {
  /** Those between `;`, empty ones left out but for the last, which may be about to be typed. */
  readonly commands: readonly (readonly string[])[];
  /** What the line lacks: a quote is not closed, or it ends in a backslash. */
  readonly missing?: string;
}

/** A `;` ends a command, a `#` at the beginning of a word starts a comment. */
export function splitLine(line: string): SplitLine {
  const commands: string[][] = [[]];
  let word: string | undefined;
  let missing: string | undefined;
  const endWord = (): void => {
    if (word !== undefined) commands.at(-1)?.push(word);
    word = undefined;
  };
  /** @returns false at a comment. */
  const addBare = (text: string): boolean => {
    for (const character of text) {
      if (character === '#' && word === undefined) return false;
      if (character === ';') {
        endWord();
        commands.push([]);
      } else word = (word ?? '') + character;
    }
    return true;
  };
  for (const piece of shellPieces(line)) {
    if (piece.kind === 'blank') endWord();
    else if (piece.kind === 'bare') {
      if (!addBare(piece.text)) break;
    } else if (piece.kind === 'unfinished') {
      const isQuote = piece.opening !== '\\';
      if (isQuote) word = (word ?? '') + piece.text;
      missing = isQuote ? `a closing ${piece.opening}` : 'a character after the backslash';
    } else if (piece.kind !== 'joined') word = (word ?? '') + piece.text;
  }
  endWord();
  const kept = commands.filter((words, index) => words.length > 0 || index === commands.length - 1);
  return missing === undefined ? { commands: kept } : { commands: kept, missing };
}
