import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escapeBytes, unfinishedCharacter } from '../../src/output/lines/escape-bytes.ts';

const BYTES: readonly (readonly [string, Buffer, string])[] = [
  ['Latin 1', Buffer.from('caf\xe9 au lait', 'latin1'), 'caf\\xe9 au lait'],
  ['valid text around it', Buffer.concat([Buffer.from('ä€😀'), Buffer.from([0xff])]), 'ä€😀\\xff'],
  ['a backslash', Buffer.from([0x5c, 0xfe]), '\\\\\\xfe'],
  ['an overlong slash', Buffer.from([0xc0, 0xaf]), '\\xc0\\xaf'],
  ['half of a surrogate pair', Buffer.from([0xed, 0xa0, 0x80]), '\\xed\\xa0\\x80'],
  ['a character cut short', Buffer.from([0x41, 0xe2, 0x82]), 'A\\xe2\\x82'],
  ['a lone continuation', Buffer.from([0x80, 0x41]), '\\x80A'],
  ['beyond Unicode', Buffer.from([0xf5, 0x80, 0x80, 0x80]), '\\xf5\\x80\\x80\\x80'],
];
for (const [what, bytes, text] of BYTES) {
  test(`${what} is escaped, and nothing else`, () => assert.equal(escapeBytes(bytes), text));
}

test('any bytes can be had back', () => {
  const bytes = Buffer.from(
    Array.from({ length: 4_096 }, (_, index) => (index * 7919 + (index >> 3)) & 0xff),
  );
  const back = escapeBytes(bytes).replace(
    /\\(?:x([0-9a-f]{2})|\\)|[\u0080-\u{10ffff}]/gu,
    (all: string, hex: string | undefined) => {
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
      return all === '\\\\' ? '\\' : Buffer.from(all).toString('latin1');
    },
  );
  assert.deepEqual(Buffer.from(back, 'latin1'), bytes);
});

const CUTS: readonly (readonly [string, number])[] = [
  ['41', 0],
  ['', 0],
  ['c3', 1],
  ['c3a4', 0],
  ['e2', 1],
  ['41e282', 2],
  ['e282ac', 0],
  ['f09f98', 3],
  ['f09f9880', 0],
  ['ff', 0],
  ['80808080', 0],
];
for (const [hex, count] of CUTS) {
  test(`of ${hex || 'nothing'} the last ${count} bytes wait for the rest of their character`, () => {
    assert.equal(unfinishedCharacter(Buffer.from(hex, 'hex')), count);
  });
}
