/** Splits a line into words as a POSIX shell would, without ever expanding anything (POSIX.1-2024, 2.2). */

export type SplitLine =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  /** A quote is not closed, or the line ends in a backslash. */
  | { readonly kind: 'unfinished'; readonly words: readonly string[]; readonly missing: string };

/** A `#` at the beginning of a word starts a comment. */
export function splitLine(line: string): SplitLine {
  const words: string[] = [];
  let word: string | undefined;
  let quote: '"' | "'" | undefined;
  for (let at = 0; at < line.length; at++) {
    const character = line[at] ?? '';
    if (quote === "'") {
      if (character === "'") quote = undefined;
      else word += character;
    } else if (character === '\\') {
      const next = line[++at];
      if (next === undefined) {
        return { kind: 'unfinished', words: ended(words, word), missing: 'a character after the backslash' };
      }
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
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === '#' && word === undefined) {
      break;
    } else {
      word = (word ?? '') + character;
    }
  }
  if (quote !== undefined)
    return { kind: 'unfinished', words: ended(words, word), missing: `a closing ${quote}` };
  return { kind: 'words', words: ended(words, word) };
}

function ended(words: readonly string[], word: string | undefined): readonly string[] {
  return word === undefined ? words : [...words, word];
}
