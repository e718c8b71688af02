/** A line being typed, and what each key makes of it. Pure. */

export interface Line {
  readonly text: string;
  /** Into `text`, always between characters. */
  readonly cursor: number;
  /** What was cut last, for Ctrl-Y. */
  readonly cut: string;
}

export const EMPTY_LINE: Line = { text: '', cursor: 0, cut: '' };

/** A base with the marks and invisible signs that belong to it. */
const CHARACTER = /(?:\P{M}|^\p{M})(?:\p{M}|\u200d|[\ufe00-\ufe0f])*/gsu;
const WORD_BEFORE = /[\p{L}\p{N}_]+[^\p{L}\p{N}_]*$/u;
const WORD_AFTER = /^[^\p{L}\p{N}_]*[\p{L}\p{N}_]+/u;

type Edit = (line: Line) => Line;

/** As in most shells (readline(3), emacs mode). */
const EDITS: Readonly<Record<string, Edit>> = {
  left: (line) => at(line, before(line)),
  'ctrl-b': (line) => at(line, before(line)),
  right: (line) => at(line, after(line)),
  'ctrl-f': (line) => at(line, after(line)),
  home: (line) => at(line, 0),
  'ctrl-a': (line) => at(line, 0),
  end: (line) => at(line, line.text.length),
  'ctrl-e': (line) => at(line, line.text.length),
  'ctrl-left': (line) => at(line, wordBefore(line)),
  'alt-b': (line) => at(line, wordBefore(line)),
  'ctrl-right': (line) => at(line, wordAfter(line)),
  'alt-f': (line) => at(line, wordAfter(line)),
  backspace: (line) => without(line, before(line), line.cursor),
  delete: (line) => without(line, line.cursor, after(line)),
  'ctrl-d': (line) => without(line, line.cursor, after(line)),
  'ctrl-u': (line) => cutOut(line, 0, line.cursor),
  'ctrl-k': (line) => cutOut(line, line.cursor, line.text.length),
  'ctrl-w': (line) => cutOut(line, blankBefore(line), line.cursor),
  'alt-backspace': (line) => cutOut(line, wordBefore(line), line.cursor),
  'alt-d': (line) => cutOut(line, line.cursor, wordAfter(line)),
  'ctrl-y': (line) => inserted(line, line.cut),
  'ctrl-t': swapped,
};

/** @returns the same line where the key edits nothing. */
export function edited(line: Line, key: string): Line {
  return EDITS[key]?.(line) ?? line;
}

/** The text that a key types; undefined for those that have a name. */
export function typedBy(key: string): string | undefined {
  if (key === 'space') return ' ';
  if (key === 'tab') return '\t';
  return [...key].length === 1 ? key : undefined;
}

export function inserted(line: Line, text: string): Line {
  const { text: whole, cursor } = line;
  if (cursor === whole.length) return { ...line, text: whole + text, cursor: cursor + text.length };
  return {
    ...line,
    text: whole.slice(0, cursor) + text + whole.slice(cursor),
    cursor: cursor + text.length,
  };
}

export function lineOf(text: string, { cut }: Line = EMPTY_LINE): Line {
  return { text, cursor: text.length, cut };
}

/** The characters of a text, each with what combines with it. */
export function charactersIn(text: string): readonly string[] {
  return text.match(CHARACTER) ?? [];
}

function at(line: Line, cursor: number): Line {
  return cursor === line.cursor ? line : { ...line, cursor };
}

function before({ text, cursor }: Line): number {
  // A character is short: no need to look at the whole line.
  const last = charactersIn(text.slice(Math.max(0, cursor - 64), cursor)).at(-1) ?? '';
  return cursor - last.length;
}

function after({ text, cursor }: Line): number {
  return cursor + (charactersIn(text.slice(cursor, cursor + 64))[0] ?? '').length;
}

function wordBefore({ text, cursor }: Line): number {
  const found = WORD_BEFORE.exec(text.slice(0, cursor));
  return found === null ? 0 : found.index;
}

function wordAfter({ text, cursor }: Line): number {
  const found = WORD_AFTER.exec(text.slice(cursor));
  return found === null ? text.length : cursor + found[0].length;
}

/** As the kernel's Ctrl-W: up to a blank. */
function blankBefore({ text, cursor }: Line): number {
  return text.slice(0, cursor).replace(/\S*\s*$/u, '').length;
}

function without(line: Line, from: number, to: number): Line {
  if (from === to) return line;
  return { ...line, text: line.text.slice(0, from) + line.text.slice(to), cursor: from };
}

function cutOut(line: Line, from: number, to: number): Line {
  return from === to ? line : { ...without(line, from, to), cut: line.text.slice(from, to) };
}

/** The two characters around the cursor, or the last two. */
function swapped(line: Line): Line {
  const right = line.cursor === line.text.length ? at(line, before(line)) : line;
  const [from, middle, to] = [before(right), right.cursor, after(right)];
  if (from === middle || middle === to) return line;
  const { text } = line;
  const turned = text.slice(middle, to) + text.slice(from, middle);
  return { ...line, text: text.slice(0, from) + turned + text.slice(to), cursor: to };
}
