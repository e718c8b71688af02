/**
 * The bytes that turn one screen into another: only the cells that differ, by the control sequences of ECMA-48 that
 * every terminal of the last thirty years knows.
 */

import { isPlain } from '../../terminal/characters.ts';
import {
  BOLD,
  COLOUR_BITS,
  CONTINUED,
  FAINT,
  type Grid,
  INVERSE,
  PLAIN,
  type Style,
  UNDERLINED,
} from './cells.ts';

/** A terminal that knows the mode shows the frame whole; others take no notice. */
const BEGIN_FRAME = '\u001b[?2026h';
const END_FRAME = '\u001b[?2026l';
/** Unchanged cells between two changed ones that are cheaper to write again than to step over. */
const CHEAP_GAP = 4;

/**
 * @param before what the terminal shows; undefined: not known, so all is written
 * @returns '' where nothing differs
 */
export function paint(before: Grid | undefined, after: Grid, hasColour: boolean): string {
  const isSameSize = before?.columns === after.columns && before.rows === after.rows;
  const painter = new Painter(isSameSize ? before : undefined, after, hasColour);
  const body = painter.run();
  if (isSameSize && body === '') return '';
  const start = isSameSize ? '' : '\u001b[0m\u001b[2J';
  return `${BEGIN_FRAME}${start}${body}${END_FRAME}`;
}

class Painter {
  readonly #before: Grid | undefined;
  readonly #after: Grid;
  readonly #styleMask: number;
  #out = '';
  #style: Style = PLAIN;
  /** Where the terminal's cursor is; -1: nobody knows. */
  #row = -1;
  #column = -1;

  constructor(before: Grid | undefined, after: Grid, hasColour: boolean) {
    this.#before = before;
    this.#after = after;
    this.#styleMask = hasColour ? 0xff : 0xff & ~COLOUR_BITS;
  }

  run(): string {
    for (let row = 0; row < this.#after.rows; row++) this.#paintRow(row);
    if (this.#style !== PLAIN) this.#out += '\u001b[0m';
    return this.#out;
  }

  #paintRow(row: number): void {
    const { columns } = this.#after;
    const blankFrom = this.#blankFrom(row);
    for (let column = 0; column < columns; column++) {
      if (!this.#differs(row, column)) continue;
      if (column >= blankFrom && columns - column > 3) {
        this.#moveTo(row, column);
        this.#useStyle(PLAIN);
        this.#out += '\u001b[K';
        return;
      }
      // Half a wide character cannot be written.
      const start = this.#textAt(row, column) === CONTINUED ? Math.max(0, column - 1) : column;
      column = this.#writeCell(row, start);
    }
  }

  /** The column from which the row holds nothing but blanks. */
  #blankFrom(row: number): number {
    let column = this.#after.columns;
    while (
      column > 0 &&
      this.#textAt(row, column - 1) === ' ' &&
      this.#styleAt(this.#after, row, column - 1) === PLAIN
    ) {
      column -= 1;
    }
    return column;
  }

  #differs(row: number, column: number): boolean {
    const cell = row * this.#after.columns + column;
    if (this.#before === undefined) {
      return this.#after.texts[cell] !== ' ' || this.#styleAt(this.#after, row, column) !== PLAIN;
    }
    return (
      this.#before.texts[cell] !== this.#after.texts[cell] ||
      this.#styleAt(this.#before, row, column) !== this.#styleAt(this.#after, row, column)
    );
  }

  #textAt(row: number, column: number): string {
    return this.#after.texts[row * this.#after.columns + column] ?? ' ';
  }

  #styleAt(grid: Grid, row: number, column: number): Style {
    return (grid.styles[row * grid.columns + column] ?? PLAIN) & this.#styleMask;
  }

  /** @returns the last column that was written. */
  #writeCell(row: number, column: number): number {
    this.#moveTo(row, column);
    this.#useStyle(this.#styleAt(this.#after, row, column));
    const text = this.#textAt(row, column);
    const isWide = column + 1 < this.#after.columns && this.#textAt(row, column + 1) === CONTINUED;
    // A terminal that takes it for narrow would leave in its second cell what stood there.
    if (isWide) this.#out += `  \u001b[${row + 1};${column + 1}H`;
    this.#out += text;
    const last = isWide ? column + 1 : column;
    // After what terminals may measure differently, and at the edge, nobody knows where the cursor is.
    const isSure = isPlain(text) && last + 1 < this.#after.columns;
    this.#row = isSure ? row : -1;
    this.#column = last + 1;
    return last;
  }

  #moveTo(row: number, column: number): void {
    if (this.#row === row && this.#column === column) return;
    const gap = column - this.#column;
    if (this.#row === row && gap > 0 && gap <= CHEAP_GAP && this.#rewriteGap(row, column)) return;
    this.#out += `\u001b[${row + 1};${column + 1}H`;
    this.#row = row;
    this.#column = column;
  }

  /** Writes the unchanged cells again where that needs no change of style. */
  #rewriteGap(row: number, until: number): boolean {
    let text = '';
    for (let column = this.#column; column < until; column++) {
      const cell = this.#textAt(row, column);
      if (cell.length !== 1 || !isPlain(cell)) return false;
      if (this.#styleAt(this.#after, row, column) !== this.#style) return false;
      text += cell;
    }
    this.#out += text;
    this.#column = until;
    return true;
  }

  #useStyle(style: Style): void {
    if (style === this.#style) return;
    this.#style = style;
    this.#out += sgr(style);
  }
}

/** ECMA-48, 8.3.117: always from the default, so that no attribute is left over. */
function sgr(style: Style): string {
  const codes: number[] = [0];
  if (style & BOLD) codes.push(1);
  if (style & FAINT) codes.push(2);
  if (style & UNDERLINED) codes.push(4);
  if (style & INVERSE) codes.push(7);
  if (style & COLOUR_BITS) codes.push(30 + (style & COLOUR_BITS));
  return codes.length === 1 ? '\u001b[0m' : `\u001b[${codes.join(';')}m`;
}
