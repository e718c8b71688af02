/** Splits a line into commands and their words as a POSIX shell would, without ever expanding anything (POSIX.1-2024, 2.2). */

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
  let quote: '"' | "'" | undefined;
  const endWord = (): void => {
    if (word !== undefined) commands.at(-1)?.push(word);
    word = undefined;
  };
  const result = (missing?: string): SplitLine => {
    endWord();
    const kept = commands.filter((words, index) => words.length > 0 || index === commands.length - 1);
    return missing === undefined ? { commands: kept } : { commands: kept, missing };
  };
  for (let at = 0; at < line.length; at++) {
    const character = line[at] ?? '';
    if (quote === "'") {
      if (character === "'") quote = undefined;
      else word += character;
    } else if (character === '\\') {
      const next = line[++at];
      if (next === undefined) return result('a character after the backslash');
      // Inside double quotes a backslash escapes only what would mean something there.
      const isLiteral = quote === '"' && next !== '"' && next !== '\\';
      word = (word ?? '') + (isLiteral ? `\\${next}` : next);
    } else if (quote === '"') {
      if (character === '"') quote = undefined;
      else word += character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (/\s/.test(character)) {
      endWord();
    } else if (character === ';') {
      endWord();
      commands.push([]);
    } else if (character === '#' && word === undefined) {
      break;
    } else {
      word = (word ?? '') + character;
    }
  }
  return result(quote === undefined ? undefined : `a closing ${quote}`);
}
