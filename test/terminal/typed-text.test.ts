import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TypedText, typedBytes } from '../../src/terminal/typed-text.ts';

test('bytes come back as they were typed, however they are split', () => {
  const all = Buffer.concat([
    Buffer.from('aé日😀 e\u0301'),
    Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
    // Latin-1, overlong, a surrogate, beyond the last, cut short.
    Buffer.of(
      0xe9,
      0x74,
      0xe9,
      0xc0,
      0xaf,
      0xed,
      0xa0,
      0x80,
      0xf4,
      0x90,
      0x80,
      0x80,
      0xe2,
      0x82,
      0x0d,
      0xf0,
      0x9f,
    ),
  ]);
  for (const size of [1, 2, 3, 5, 7, all.length]) {
    const text = new TypedText();
    let typed = '';
    for (let from = 0; from < all.length; from += size) typed += text.push(all.subarray(from, from + size));
    assert.deepEqual(Buffer.concat([typedBytes(typed), text.takeRest()]), all, `${size} at a time`);
  }
});

test('characters are whole, and what is none is one of its own', () => {
  const text = new TypedText();
  const [first, second] = [Buffer.from('日').subarray(0, 2), Buffer.from('日').subarray(2)];
  assert.equal(text.push(first), '');
  assert.equal(text.isUnfinished, true);
  assert.equal(text.push(second), '日');
  assert.equal(text.push(Buffer.of(0xe9, 0x0d)), '\udce9\r');
});
