/**
 * Typed bytes as text and back, without loss: a byte that is no part of UTF-8 becomes a lone surrogate (U+DC00 + byte,
 * as in PEP 383), so that Latin-1 reaches a process as it was typed.
 */

const ESCAPED = 0xdc00;
/** By the first byte of a sequence: its length and the least code point (Unicode, table 3-7). */
const LENGTHS: readonly { readonly from: number; readonly to: number; readonly bytes: number }[] = [
  { from: 0xc2, to: 0xdf, bytes: 2 },
  { from: 0xe0, to: 0xef, bytes: 3 },
  { from: 0xf0, to: 0xf4, bytes: 4 },
];

/** Puts characters together that come split between reads. */
export class TypedText {
  #rest = Buffer.alloc(0);

  /** True while the beginning of a character waits for its end. */
  get isUnfinished(): boolean {
    return this.#rest.length > 0;
  }

  push(chunk: Uint8Array): string {
    const bytes = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk]);
    this.#rest = Buffer.alloc(0);
    let text = '';
    let at = 0;
    while (at < bytes.length) {
      const plain = endOfAscii(bytes, at);
      if (plain > at) {
        text += bytes.toString('latin1', at, plain);
        at = plain;
        continue;
      }
      const length = lengthOf(bytes, at);
      if (length === 'unfinished') {
        this.#rest = bytes.subarray(at);
        break;
      }
      text +=
        length === 'invalid'
          ? String.fromCharCode(ESCAPED + (bytes[at] ?? 0))
          : bytes.toString('utf8', at, at + length);
      at += length === 'invalid' ? 1 : length;
    }
    return text;
  }

  /** The bytes that wait, given up. */
  takeRest(): Buffer {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    return rest;
  }
}

function endOfAscii(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && (bytes[at] ?? 0) < 0x80) at += 1;
  return at;
}

function lengthOf(bytes: Buffer, at: number): number | 'invalid' | 'unfinished' {
  const first = bytes[at] ?? 0;
  const length = LENGTHS.find(({ from, to }) => first >= from && first <= to)?.bytes;
  if (length === undefined) return 'invalid';
  for (let index = 1; index < length; index++) {
    const byte = bytes[at + index];
    if (byte === undefined) return 'unfinished';
    if ((byte & 0xc0) !== 0x80 || (index === 1 && !isSecond(first, byte))) return 'invalid';
  }
  return length;
}

/** Overlong forms, surrogates and what is beyond U+10FFFF show in the second byte. */
function isSecond(first: number, second: number): boolean {
  if (first === 0xe0) return second >= 0xa0;
  if (first === 0xed) return second < 0xa0;
  if (first === 0xf0) return second >= 0x90;
  return first !== 0xf4 || second < 0x90;
}

/** The bytes that were typed. */
export function typedBytes(text: string): Buffer {
  if (!/[\udc80-\udcff]/.test(text)) return Buffer.from(text, 'utf8');
  const parts: Buffer[] = [];
  for (const character of text) {
    const code = character.charCodeAt(0);
    const isByte = character.length === 1 && code >= ESCAPED + 0x80 && code <= ESCAPED + 0xff;
    parts.push(isByte ? Buffer.of(code - ESCAPED) : Buffer.from(character, 'utf8'));
  }
  return Buffer.concat(parts);
}
