import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { charactersOf, fit, widthOf, wrap, wrapWords } from '../../src/terminal/characters.ts';

describe('the width of a text', () => {
  const widths: readonly [text: string, width: number][] = [
    ['', 0],
    ['nginx', 5],
    ['日本語', 6],
    ['e\u0301te\u0301', 3],
    ['ü', 1],
    ['🚀', 2],
    // A family and a flag are drawn part by part, the same everywhere.
    ['👨\u200d👩\u200d👧', 6],
    ['\ufe0f', 0],
    ['\u0301', 0],
    ['a\u202eb', 2],
  ];
  for (const [text, width] of widths) {
    test(JSON.stringify(text), () => assert.equal(widthOf(text), width));
  }
});

test('marks stay with their base, and a prank of a hundred of them does not', () => {
  assert.deepEqual(charactersOf('e\u0301x'), [
    { text: 'e\u0301', width: 1 },
    { text: 'x', width: 1 },
  ]);
  assert.equal(charactersOf(`z${'\u0301'.repeat(100)}`)[0]?.text.length, 5);
});

test('what does not fit ends in …, and no character is cut in half', () => {
  assert.equal(fit('nginx', 5), 'nginx');
  assert.equal(fit('nginx', 4), 'ngi…');
  assert.equal(fit('日本語', 6), '日本語');
  assert.equal(fit('日本語', 5), '日本…');
  assert.equal(fit('日本語', 4), '日…');
  assert.equal(fit('abc', 0), '');
});

test('a text is wrapped at the edge, wide characters too', () => {
  assert.deepEqual(wrap('abcdef', 4), ['abcd', 'ef']);
  assert.deepEqual(wrap('日本語', 5), ['日本', '語']);
  assert.deepEqual(wrap('', 5), ['']);
});

test('sentences are wrapped between words, and a word that is too long within itself', () => {
  assert.deepEqual(wrapWords('healthy once its check succeeds', 12), [
    'healthy once',
    'its check',
    'succeeds',
  ]);
  assert.deepEqual(wrapWords('abcdefghij kl', 4), ['abcd', 'efgh', 'ij', 'kl']);
  assert.deepEqual(wrapWords('日本 語\u200dで', 5), ['日本', '語で']);
  assert.deepEqual(wrapWords('', 4), ['']);
});
