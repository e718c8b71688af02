import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineSplitter } from '../../src/output/lines/line-splitter.ts';

function split(longest: number, pieces: readonly (string | Buffer)[], flush = true): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter(longest, (line, isPart) =>
    lines.push(line.toString() + (isPart ? '…' : '')),
  );
  for (const piece of pieces) splitter.push(Buffer.from(piece));
  if (flush) splitter.flush();
  return lines;
}

test('lines are joined from pieces and cut apart, empty ones included', () => {
  assert.deepEqual(split(100, ['o', 'ne\ntw', 'o\n\nthree']), ['one', 'two', '', 'three']);
});

test('an unfinished line waits until it is flushed', () => {
  assert.deepEqual(split(100, ['one\ntwo'], false), ['one']);
});

test('a line longer than the bound comes in parts, and only its end is not one', () => {
  assert.deepEqual(split(4, ['abcdefghij\nk\n']), ['abcd…', 'efgh…', 'ij', 'k']);
  assert.deepEqual(split(4, ['ab', 'cd', 'ef', '\n']), ['abcd…', 'ef']);
});

test('a line of exactly the bound, or twice that, makes no empty line', () => {
  assert.deepEqual(split(4, ['abcd\n', 'abcdefgh\n']), ['abcd', 'abcd…', 'efgh']);
});

test('the rest of a line is kept by itself, not with all that was read', () => {
  const lines: string[] = [];
  const splitter = new LineSplitter(100, (line) => lines.push(line.toString()));
  const shared = Buffer.from('whole\nrest');
  splitter.push(shared);
  shared.fill('x');
  splitter.push(Buffer.from(' of it\n'));
  assert.deepEqual(lines, ['whole', 'rest of it']);
});

test('cutting anywhere gives the same lines', () => {
  const text = Array.from({ length: 200 }, (_, index) => `${'-'.repeat(index % 23)}${index}\n`).join('');
  const expected = split(1_000, [text]);
  for (const size of [1, 2, 3, 7, 64, 999]) {
    const pieces = text.match(new RegExp(`[\\s\\S]{1,${size}}`, 'g')) ?? [];
    assert.deepEqual(split(1_000, pieces), expected, `pieces of ${size}`);
  }
});
