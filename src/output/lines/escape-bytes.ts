/** Bytes that are no UTF-8 as text that loses nothing. Pure. */

import { isUtf8 } from 'node:buffer';

const BACKSLASH = 0x5c;
const LONGEST_CHARACTER = 4;

/** Invalid bytes become `\xff`, and a backslash becomes two, so that the bytes can be had back. */
export function escapeBytes(bytes: Buffer): string {
  let text = '';
  let plainFrom = 0;
  let at = 0;
  const show = (count: number, shown: string): void => {
    text += bytes.toString('utf8', plainFrom, at) + shown;
    at += count;
    plainFrom = at;
  };
  while (at < bytes.length) {
    const byte = bytes[at] ?? 0;
    if (byte === BACKSLASH) show(1, '\\\\');
    else if (byte < 0x80) at += 1;
    else {
      const length = characterLength(byte);
      if (length > 0 && at + length <= bytes.length && isUtf8(bytes.subarray(at, at + length))) at += length;
      else show(1, `\\x${byte.toString(16)}`);
    }
  }
  return text + bytes.toString('utf8', plainFrom);
}

/** How many bytes at the end are the beginning of a character of which the rest is yet to come. */
export function unfinishedCharacter(bytes: Buffer): number {
  for (let back = 1; back < LONGEST_CHARACTER && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return characterLength(byte) > back ? back : 0;
  }
  return 0;
}

/** By its first byte (RFC 3629); 0 where no character begins with it. */
function characterLength(first: number): number {
  if (first >= 0xc2 && first <= 0xdf) return 2;
  if (first >= 0xe0 && first <= 0xef) return 3;
  return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}
