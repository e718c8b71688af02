/**
 * The pieces of a text as a POSIX shell reads it (POSIX.1-2024, Shell Command Language 2.2). Nothing is expanded.
 * Commands of the configuration and lines at the prompt are both made of these. Pure.
 */

export type ShellPiece =
  /** White space, which ends a word. */
  | { readonly kind: 'blank' }
  /** Without quotes: the one kind in which `;`, `#` and `|` could mean something. */
  | { readonly kind: 'bare'; readonly text: string }
  /** `'…'`, or a character after a backslash. */
  | { readonly kind: 'literal'; readonly text: string }
  /** `"…"`; `source` is what is between the quotes, with its backslashes. */
  | { readonly kind: 'quoted'; readonly text: string; readonly source: string }
  /** A backslash at the end of a line, which joins it with the next. */
  | { readonly kind: 'joined' }
  /** The last piece: a quote that is not closed, with what follows it, or a backslash with nothing after it. */
  | { readonly kind: 'unfinished'; readonly opening: '"' | "'" | '\\'; readonly text: string };

/** An expression between two NUL characters is one character of a word (`config/text/instance-text.ts`). */
const PIECE =
  /\s+|'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\(\0[^\0]*\0|[\s\S])|((?:\0[^\0]*\0|[^\s'"\\])+)|(['"\\])([\s\S]*)/gy;

export function* shellPieces(text: string): Generator<ShellPiece> {
  for (const [, single, double, escaped, bare, opening, rest = ''] of text.matchAll(PIECE)) {
    if (opening === '"') yield { kind: 'unfinished', opening, text: withoutEscapes(rest) };
    else if (opening === "'" || opening === '\\') yield { kind: 'unfinished', opening, text: rest };
    else if (single !== undefined) yield { kind: 'literal', text: single };
    else if (double !== undefined) yield { kind: 'quoted', text: withoutEscapes(double), source: double };
    else if (escaped === '\n') yield { kind: 'joined' };
    else if (escaped !== undefined) yield { kind: 'literal', text: escaped };
    else if (bare !== undefined) yield { kind: 'bare', text: bare };
    else yield { kind: 'blank' };
  }
}

/** In double quotes a backslash escapes only what would mean something there. */
function withoutEscapes(quoted: string): string {
  return quoted.replace(/\\(["\\$`\n])/g, (_, char: string) => (char === '\n' ? '' : char));
}
