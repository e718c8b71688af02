/**
 * A text as cells of a terminal: what goes into each, and how wide it is. Terminals do not agree on joined emoji and
 * variation selectors, so the joiners are left out: each part is then drawn by itself, and is as wide everywhere.
 */

import { eastAsianWidth } from 'get-east-asian-width';

export interface Character {
  /** A base with the marks that combine with it. */
  readonly text: string;
  readonly width: 1 | 2;
}

/** All of ASCII that is printed. */
const PLAIN = /^[\x20-\x7e]*$/;
/** Nonspacing and enclosing marks: drawn over the character before them. */
const MARK = /^[\p{Mn}\p{Me}]$/u;
/** Invisible ones: joiners, selectors, tags. They would only make the width a matter of opinion. */
const INVISIBLE = /^(?:\p{Cf}|\p{Cc}|\p{Cs}|[\ufe00-\ufe0f]|[\u{e0100}-\u{e01ef}])$/u;
/** More marks on one base are a prank. */
const MOST_MARKS = 4;

/** True where every character takes one cell and needs no look. */
export function isPlain(text: string): boolean {
  return PLAIN.test(text);
}

export function charactersOf(text: string): readonly Character[] {
  if (isPlain(text)) return Array.from(text, (character) => ({ text: character, width: 1 }));
  const found: Character[] = [];
  let marks = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (isDrawing(code)) {
      marks = 0;
      found.push({ text: character, width: 1 });
      continue;
    }
    if (INVISIBLE.test(character)) continue;
    const last = found.at(-1);
    if (MARK.test(character)) {
      marks += 1;
      if (last === undefined || marks > MOST_MARKS) continue;
      found[found.length - 1] = { text: last.text + character, width: last.width };
      continue;
    }
    marks = 0;
    found.push({ text: character, width: eastAsianWidth(code) });
  }
  return found;
}

/**
 * Arrows, frames, blocks, `…` and `×`: what the board draws with. Unicode's tables cost a millisecond when they are
 * first asked, and the first screen of most needs nothing else.
 */
function isDrawing(code: number): boolean {
  const isArrow = code >= 0x2190 && code <= 0x21ff;
  const isFrameOrBlock = code >= 0x2500 && code <= 0x259f;
  return isArrow || isFrameOrBlock || code === 0x2026 || code === 0xd7;
}

/** Cells that a text takes. */
export function widthOf(text: string): number {
  if (isPlain(text)) return text.length;
  return charactersOf(text).reduce((sum, { width }) => sum + width, 0);
}

/** The text within so many cells, ending in … where something was cut. */
export function fit(text: string, width: number): string {
  if (width <= 0) return '';
  if (isPlain(text) ? text.length <= width : widthOf(text) <= width) return text;
  let used = 0;
  let kept = '';
  for (const character of charactersOf(text.slice(0, width * 8))) {
    if (used + character.width > width - 1) break;
    used += character.width;
    kept += character.text;
  }
  return `${kept}…`;
}

/** The text in pieces of at most so many cells; one empty piece for an empty text. */
export function wrap(text: string, width: number): readonly string[] {
  if (width < 2) return [fit(text, width)];
  if (isPlain(text)) {
    if (text.length <= width) return [text];
    return Array.from({ length: Math.ceil(text.length / width) }, (_, piece) =>
      text.slice(piece * width, (piece + 1) * width),
    );
  }
  const pieces: string[] = [];
  let piece = '';
  let used = 0;
  for (const character of charactersOf(text)) {
    if (used + character.width > width) {
      pieces.push(piece);
      piece = '';
      used = 0;
    }
    piece += character.text;
    used += character.width;
  }
  return [...pieces, piece];
}

/** As `wrap`, but between words where there is a blank to do so. */
export function wrapWords(text: string, width: number): readonly string[] {
  if (width < 2) return [fit(text, width)];
  const lines: string[] = [];
  let rest = isPlain(text) ? text : charactersOf(text).reduce((all, one) => all + one.text, '');
  while (widthOf(rest) > width) {
    const [piece = ''] = wrap(rest.slice(0, 8 * width), width);
    // A blank right after what fits is as good as one in it.
    const blank = rest[piece.length] === ' ' ? piece.length : piece.lastIndexOf(' ');
    const cut = blank > piece.length / 3 ? blank : piece.length;
    lines.push(rest.slice(0, cut).trimEnd());
    rest = rest.slice(cut).trimStart();
  }
  return [...lines, rest];
}
