/**
 * What a program writes to a terminal, cut into texts and control sequences however it is split between chunks
 * (ECMA-48, 5.4; xterm's ctlseqs). Works on bytes, as latin1 strings: nothing is lost, and UTF-8 passes.
 */

export type Piece =
  | { readonly kind: 'text'; readonly raw: string }
  /** C0 but ESC. */
  | { readonly kind: 'control'; readonly raw: string }
  /** ESC and what follows it, other than below; `body` is empty where nothing does that belongs to it. */
  | { readonly kind: 'escape'; readonly raw: string; readonly body: string }
  /** CSI; `prefix` is one of `<=>?`, `final` is empty for one that is not of its form. */
  | {
      readonly kind: 'csi';
      readonly raw: string;
      readonly prefix: string;
      readonly parameters: string;
      readonly intermediates: string;
      readonly final: string;
    }
  /** OSC, DCS, APC, PM or SOS (by the letter that begins them after ESC); whole: ended by BEL or ST. */
  | {
      readonly kind: 'string';
      readonly raw: string;
      readonly type: string;
      readonly body: string;
      readonly isWhole: boolean;
    };

/** Longer strings are images and the like; of a string that has no end so much is held. */
const MAX_STRING = 65_536;
const MAX_SEQUENCE = 256;
const ESC = '\u001b';
/** Text, C0, and C1 as UTF-8 has it (U+0080 to U+009F): some terminals heed these, too. */
const TEXT = /^(?:[\x20-\xc1\xc3-\xff]|\xc2(?=[^\x80-\x9f]))+/;
const CSI = /^([<=>?]?)([0-9:;]*)([ -/]*)([@-~])/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const STRING_END = /\x07|\x1b\\|\xc2\x9c|\x18|\x1a|\x1b/;
const STRINGS = 'P]X^_';

export class SequenceReader {
  #rest = '';

  /** True in the middle of a sequence. */
  get isInside(): boolean {
    return this.#rest !== '';
  }

  push(bytes: Uint8Array): readonly Piece[] {
    this.#rest += Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
    const pieces: Piece[] = [];
    while (this.#rest !== '') {
      const piece = next(this.#rest);
      if (piece === undefined) break;
      pieces.push(piece);
      this.#rest = this.#rest.slice(piece.raw.length);
    }
    return pieces;
  }

  /** What has no end, given up. */
  takeRest(): string {
    const rest = this.#rest;
    this.#rest = '';
    return rest;
  }
}

/** @returns undefined where the end has not come yet. */
function next(rest: string): Piece | undefined {
  const text = TEXT.exec(rest)?.[0];
  if (text !== undefined) return { kind: 'text', raw: text };
  if (rest === '\u00c2') return undefined;
  const first = rest[0] ?? '';
  if (first === '\u00c2') return escapeSequence(rest, 2, String.fromCharCode(rest.charCodeAt(1) - 0x40));
  if (first !== ESC) return { kind: 'control', raw: first };
  const second = rest[1];
  return second === undefined ? undefined : escapeSequence(rest, 2, second);
}

/** @param from where what belongs to `letter` begins */
function escapeSequence(rest: string, from: number, letter: string): Piece | undefined {
  if (letter === '[') return controlSequence(rest, from);
  if (STRINGS.includes(letter)) return string(rest, from, letter);
  if (letter < ' ' || letter > '~') return { kind: 'escape', raw: rest.slice(0, from - 1), body: '' };
  if (letter > '/') return { kind: 'escape', raw: rest.slice(0, from), body: letter };
  const match = /^[ -/]*[0-~]/.exec(rest.slice(from, from + MAX_SEQUENCE));
  if (match === null && rest.length < MAX_SEQUENCE && /^[ -/]*$/.test(rest.slice(from))) return undefined;
  const body = letter + (match?.[0] ?? '');
  return { kind: 'escape', raw: rest.slice(0, from) + (match?.[0] ?? ''), body };
}

function controlSequence(rest: string, from: number): Piece | undefined {
  const after = rest.slice(from, from + MAX_SEQUENCE);
  const match = CSI.exec(after);
  if (match !== null) {
    const [all, prefix = '', parameters = '', intermediates = '', final = ''] = match;
    return { kind: 'csi', raw: rest.slice(0, from) + all, prefix, parameters, intermediates, final };
  }
  // An odd one: what is not of its form ends it.
  const odd = /^[ -?]*/.exec(after)?.[0] ?? '';
  if (odd.length === after.length && after.length < MAX_SEQUENCE) return undefined;
  const raw = rest.slice(0, from + odd.length);
  return { kind: 'csi', raw, prefix: '', parameters: '', intermediates: '', final: '' };
}

function string(rest: string, from: number, type: string): Piece | undefined {
  const after = rest.slice(from);
  const end = STRING_END.exec(after);
  // An ESC at the end of what came may be the first half of ST.
  const isHalf = end !== null && end[0] === ESC && end.index === after.length - 1;
  if (end === null || isHalf) {
    if (after.length < MAX_STRING) return undefined;
    return { kind: 'string', raw: rest, type, body: after, isWhole: false };
  }
  const mark = end[0] === ESC ? '' : end[0];
  const body = after.slice(0, end.index);
  const isWhole = mark !== '' && mark !== '\u0018' && mark !== '\u001a';
  return { kind: 'string', raw: rest.slice(0, from + end.index + mark.length), type, body, isWhole };
}
