/**
 * What is shown of a program to a terminal that is not its window. A terminal answers some sequences as if somebody had
 * typed: an answer to what a program asked long ago, or asked of another terminal, would be typed into whatever reads.
 */

import { type Piece, SequenceReader } from './sequences.ts';

/** CSI sequences that a terminal answers, or that make it print: `prefix`, `intermediates`, `final`. */
const ASKING: ReadonlySet<string> = new Set([
  ...['c', '>c', '=c'], // DA1, DA2, DA3
  ...['n', '?n'], // DSR, CPR
  ...['x', 't', '>t'], // DECREQTPARM, window reports
  ...['$p', '?$p'], // DECRQM
  ...['>q', '?u', '?S', '?m'], // XTVERSION, kitty's keyboard, XTSMGRAPHICS, XTQMODKEYS
  ...['$w', '$u', '&u', '+x', '*y', "'|", '#R', '#|'], // reports of state, checksum, locator, colours
  ...['i', '?i'], // media copy
]);
/** ENQ. */
const ENQUIRY = '\u0005';
/** DECID; an ESC by itself, which would make a sequence of what follows; and an end of something that was left out. */
const NO_ESCAPES: ReadonlySet<string> = new Set(['Z', '', '\\']);
/** Titles and links ask nothing; any other OSC may, or sets the clipboard. */
const SILENT_OSC = /^(?:[012]|8);/;

/**
 * True for what a terminal answers, or may make an answered one of: sequences that are not of their form too, for
 * terminals pass over controls within them. Other strings than OSC (images, settings, what tmux passes on) are as well.
 */
export function isAnswered(piece: Piece): boolean {
  switch (piece.kind) {
    case 'text':
      return false;
    case 'control':
      return piece.raw === ENQUIRY;
    case 'escape':
      return NO_ESCAPES.has(piece.body);
    case 'csi':
      return piece.final === '' || ASKING.has(piece.prefix + piece.intermediates + piece.final);
    case 'string':
      return piece.type !== ']' || !piece.isWhole || !SILENT_OSC.test(piece.body);
  }
}

/** Colours, and what moves or erases within the row: SGR, CUF, CUB, CHA, EL, ICH, DCH, ECH. */
const WITHIN_ROW = 'mCDGK@PX';
/** Bell, Backspace, Tab, newline, carriage return. */
const HARMLESS_CONTROLS = '\u0007\b\t\n\r';
const ALTERNATE_SCREEN = /^(?:47|1047|1049)$/;

/** What is left of lines that were printed long ago: no cursor jumps, no modes, nothing of the alternate screen. */
export class PastLines {
  #isAlternate = false;

  keeps(piece: Piece): boolean {
    if (piece.kind === 'csi' && piece.prefix === '?' && 'hl'.includes(piece.final)) {
      const isIt = piece.parameters.split(';').some((mode) => ALTERNATE_SCREEN.test(mode));
      if (isIt) this.#isAlternate = piece.final === 'h';
      return false;
    }
    if (this.#isAlternate) return false;
    if (piece.kind === 'text') return true;
    if (piece.kind === 'control') return HARMLESS_CONTROLS.includes(piece.raw);
    if (piece.kind !== 'csi' || piece.prefix !== '' || piece.intermediates !== '') return false;
    return piece.final !== '' && WITHIN_ROW.includes(piece.final);
  }
}

/** Leaves pieces out of a stream that comes in chunks. */
export class SequenceFilter {
  readonly #reader = new SequenceReader();
  readonly #keeps: (piece: Piece) => boolean;

  constructor(keeps: (piece: Piece) => boolean) {
    this.#keeps = keeps;
  }

  push(bytes: Uint8Array): Buffer {
    let kept = '';
    for (const piece of this.#reader.push(bytes)) if (this.#keeps(piece)) kept += piece.raw;
    return Buffer.from(kept, 'latin1');
  }
}
