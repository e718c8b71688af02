/** A screen as cells: what stands in each, and in which style. */

import { charactersOf, isPlain } from '../../terminal/characters.ts';

/** A style is a number: one colour in the low bits, attributes above. */
export type Style = number;

export const PLAIN: Style = 0;
export const RED: Style = 1;
export const GREEN: Style = 2;
export const YELLOW: Style = 3;
export const BLUE: Style = 4;
export const CYAN: Style = 6;
export const COLOUR_BITS: Style = 0x0f;
export const BOLD: Style = 0x10;
export const FAINT: Style = 0x20;
export const UNDERLINED: Style = 0x40;
export const INVERSE: Style = 0x80;

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** The second cell of a wide character. */
export const CONTINUED = '';

export class Grid {
  readonly columns: number;
  readonly rows: number;
  readonly texts: string[];
  readonly styles: Uint8Array;

  constructor({ columns, rows }: Size) {
    this.columns = columns;
    this.rows = rows;
    this.texts = new Array<string>(columns * rows).fill(' ');
    this.styles = new Uint8Array(columns * rows);
  }

  /**
   * Writes from a cell to the right, up to `until`; what would stand outside is left out.
   * @returns the column after what was written
   */
  put(row: number, column: number, text: string, style: Style = PLAIN, until = this.columns): number {
    if (row < 0 || row >= this.rows) return column;
    const end = Math.min(until, this.columns);
    return isPlain(text)
      ? this.#putPlain(row, column, text, style, end)
      : this.#putOther(row, column, text, style, end);
  }

  #putPlain(row: number, column: number, text: string, style: Style, end: number): number {
    const length = Math.max(0, Math.min(text.length, end - column));
    const from = row * this.columns + column;
    for (let index = 0; index < length; index++) {
      this.texts[from + index] = text[index] ?? ' ';
      this.styles[from + index] = style;
    }
    return column + length;
  }

  #putOther(row: number, column: number, text: string, style: Style, end: number): number {
    let at = column;
    for (const character of charactersOf(text)) {
      if (at + character.width > end) break;
      const cell = row * this.columns + at;
      this.texts[cell] = character.text;
      this.styles[cell] = style;
      if (character.width === 2) {
        this.texts[cell + 1] = CONTINUED;
        this.styles[cell + 1] = style;
      }
      at += character.width;
    }
    return at;
  }

  /** Adds attributes to all of a row, and leaves its colours. */
  mark(row: number, attributes: Style, from = 0, until = this.columns): void {
    for (let column = from; column < until; column++) {
      const cell = row * this.columns + column;
      this.styles[cell] = (this.styles[cell] ?? PLAIN) | attributes;
    }
  }

  /** Blanks a rectangle, for what is laid over it. */
  clear(row: number, column: number, rows: number, columns: number): void {
    for (let below = 0; below < rows; below++) {
      this.put(row + below, column, ' '.repeat(Math.max(0, columns)), PLAIN);
    }
    // A wide character cut in half on its left would be drawn over the rectangle.
    for (let below = 0; below < rows; below++) {
      const left = (row + below) * this.columns + column - 1;
      const right = left + columns + 1;
      if (column > 0 && this.texts[left + 1] !== CONTINUED && isHalved(this.texts[left])) {
        this.texts[left] = ' ';
      }
      if (column + columns < this.columns && this.texts[right] === CONTINUED) this.texts[right] = ' ';
    }
  }

  /** The rows as text, blanks at their ends left out. */
  toText(): string {
    const lines: string[] = [];
    for (let row = 0; row < this.rows; row++) {
      lines.push(
        this.texts
          .slice(row * this.columns, (row + 1) * this.columns)
          .join('')
          .trimEnd(),
      );
    }
    return lines.join('\n');
  }
}

function isHalved(text: string | undefined): boolean {
  return text !== undefined && !isPlain(text) && (charactersOf(text)[0]?.width ?? 1) === 2;
}
