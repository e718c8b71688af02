import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonPieces } from '../../src/rpc/protocol/json-pieces.ts';

/** @returns the text, and how many pauses there were. */
function written(value: unknown): readonly [string, number] {
  const pieces = jsonPieces(value);
  for (let pauses = 0; ; pauses += 1) {
    const next = pieces.next();
    if (next.done === true) return [next.value.join(''), pauses];
  }
}

test('the pieces are what JSON.stringify writes', () => {
  const many = Array.from({ length: 100 }, (_, index) => ({ index, text: 'a "b"' }));
  for (const value of [
    null,
    7,
    'text',
    {},
    [],
    { a: undefined, b: 1 },
    { a: undefined },
    [undefined, 1],
    { list: many, none: [], deep: { list: many, deeper: { list: many } } },
    many,
    { when: new Date(0) },
  ])
    assert.equal(written(value)[0], JSON.stringify(value));
});

test('a list, and an object of 200,000 members, are written with pauses', () => {
  assert.equal(written(Array.from({ length: 160 }, () => 1))[1], 10);
  const value = {
    environment: Object.fromEntries(Array.from({ length: 200_000 }, (_, index) => [`V${index}`, 'x'])),
  };
  const [text, pauses] = written(value);
  assert.equal(text, JSON.stringify(value));
  assert.ok(pauses >= 12_500);
});
