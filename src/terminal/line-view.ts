/** The line being typed on the terminal: drawn over as many rows as it takes, taken off it, and put there again. */

import { charactersOf, isPlain, widthOf } from './characters.ts';
import { charactersIn, type Line } from './line.ts';

/** Where the cursor is, in rows and columns from the beginning of the row on which the line begins. */
interface Place {
  readonly row: number;
  readonly column: number;
}

export interface LineViewUse {
  readonly write: (text: string) => void;
  /** At this moment. */
  readonly columns: () => number;
}

const TAB = 8;

export class LineView {
  readonly #use: LineViewUse;
  /** The column at which it begins: others may have written ahead of it on that row. */
  #start = 0;
  #text = '';
  #cursor = 0;
  #place: Place = { row: 0, column: 0 };
  #isShown = false;

  constructor(use: LineViewUse) {
    this.#use = use;
  }

  /** From where the cursor is, `column` columns from the left. */
  begin(column: number): void {
    this.#start = column % this.#columns;
    this.#text = '';
    this.#cursor = 0;
    this.#place = { row: 0, column: this.#start };
    this.#isShown = true;
  }

  /** Draws only what is another. */
  draw(prompt: string, line: Line): void {
    const text = prompt + line.text;
    const cursor = prompt.length + line.cursor;
    if (this.#isShown && this.#append(text, cursor)) return;
    const columns = this.#columns;
    const from = this.#isShown ? this.#toStart() : '';
    const [shown, end] = shownFrom(text, this.#start, columns);
    this.#place = cursor === text.length ? end : shownFrom(text.slice(0, cursor), this.#start, columns)[1];
    this.#use.write(`${from}\u001b[J${shown}${moved(end, this.#place)}`);
    this.#text = text;
    this.#cursor = cursor;
    this.#isShown = true;
  }

  /** Clears what it takes; the cursor stays where it began. */
  hide(): void {
    if (!this.#isShown) return;
    this.#use.write(`${this.#toStart()}\u001b[J`);
    this.#isShown = false;
  }

  /** It stays, and what comes next begins on a row of its own. */
  end(): void {
    if (!this.#isShown) return;
    const [, end] = shownFrom(this.#text, this.#start, this.#columns);
    // A text that ends at the edge has its own row below it already.
    this.#use.write(`${moved(this.#place, end)}${end.column === 0 && end.row > 0 ? '' : '\n'}`);
    this.#isShown = false;
  }

  /** The terminal is not as we know it: another owner has left the cursor somewhere. */
  forget(): void {
    this.#isShown = false;
    this.#start = 0;
  }

  /** The rows have another width: terminals fold the text again, and keep the cursor in it. */
  resized(): void {
    if (!this.#isShown) return;
    this.#place = shownFrom(this.#text.slice(0, this.#cursor), this.#start, this.#columns)[1];
    this.#use.write(`${this.#toStart()}\u001b[J`);
    this.#isShown = false;
  }

  get #columns(): number {
    return Math.max(2, this.#use.columns() || 80);
  }

  /** What was typed at the end is written behind it, what was erased there is wiped; @returns false for all else. */
  #append(text: string, cursor: number): boolean {
    const wasAtEnd = this.#cursor === this.#text.length;
    if (!wasAtEnd || cursor !== text.length || this.#text === '') return false;
    if (text.startsWith(this.#text)) {
      const added = text.slice(this.#text.length);
      // A mark combines with what is there already.
      if (/^\p{M}|\u200d|[\ufe00-\ufe0f]/u.test(added)) return false;
      const [shown, place] = shownFrom(added, this.#place.column, this.#columns);
      this.#use.write(shown);
      this.#place = { row: this.#place.row + place.row, column: place.column };
    } else {
      const gone = this.#text.startsWith(text) ? this.#text.slice(text.length) : '\t';
      if (!isPlain(gone) || gone.length >= this.#place.column) return false;
      const back = '\b'.repeat(gone.length);
      this.#use.write(`${back}${' '.repeat(gone.length)}${back}`);
      this.#place = { row: this.#place.row, column: this.#place.column - gone.length };
    }
    this.#text = text;
    this.#cursor = cursor;
    return true;
  }

  #toStart(): string {
    const { row } = this.#place;
    const up = row > 0 ? `\u001b[${row}A` : '';
    return `\r${up}${this.#start > 0 ? `\u001b[${this.#start}C` : ''}`;
  }
}

/** A text as it is written to a terminal, and where the cursor is then; the row counts from 0. */
function shownFrom(text: string, start: number, columns: number): readonly [shown: string, end: Place] {
  if (isPlain(text)) {
    const end = start + text.length;
    const place = { row: Math.floor(end / columns), column: end % columns };
    return [text + (place.column === 0 && text !== '' ? EDGE : ''), place];
  }
  let shown = '';
  let row = 0;
  let column = start;
  for (const character of charactersIn(text)) {
    const cell = cellOf(character, column);
    const width = widthOf(cell);
    if (column + width > columns) {
      // A wide one does not fit on the last column.
      shown += column < columns ? ' '.repeat(columns - column) : '';
      row += 1;
      column = 0;
    }
    shown += cell;
    column += width;
    if (column >= columns) {
      row += Math.floor(column / columns);
      column %= columns;
    }
  }
  return [shown + (column === 0 && row > 0 ? EDGE : ''), { row, column }];
}

/** A terminal stays on the last column until something more comes: a blank takes it to the next row, and is wiped. */
const EDGE = ' \r\u001b[K';

function cellOf(character: string, column: number): string {
  if (isPlain(character)) return character;
  if (character === '\t') return ' '.repeat(TAB - (column % TAB));
  const code = character.charCodeAt(0);
  if (code < 0x20) return `^${String.fromCharCode(code + 0x40)}`;
  if (code === 0x7f) return '^?';
  const shown = charactersOf(character).reduce((text, one) => text + one.text, '');
  // Bytes that are no UTF-8, and what has no look.
  return shown === '' ? '\ufffd' : shown;
}

/** ECMA-48: CUU, CUD, CUF. */
function moved(from: Place, to: Place): string {
  const rows = to.row - from.row;
  const vertical = rows < 0 ? `\u001b[${-rows}A` : rows > 0 ? `\u001b[${rows}B` : '';
  if (rows === 0 && from.column === to.column) return '';
  return `${vertical}\r${to.column > 0 ? `\u001b[${to.column}C` : ''}`;
}
