import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inNaturalOrder } from '../../src/tui/model/natural-order.ts';

const IN_ORDER = [
  '1',
  '2',
  '10',
  'a',
  'a:1',
  'a:2',
  'a:10',
  'a:10b',
  'a1x',
  'a2',
  'a10',
  'ab',
  'b',
  'web',
  'web-2',
  'web:*',
  'web:1',
];

test('numbers in names are compared as numbers, and it is an order', () => {
  const shuffled = [...IN_ORDER].reverse();
  for (const one of IN_ORDER) {
    assert.equal(inNaturalOrder(one, one), 0);
    for (const other of IN_ORDER) {
      assert.equal(Math.sign(inNaturalOrder(one, other)), -Math.sign(inNaturalOrder(other, one)) + 0);
    }
  }
  const sorted = shuffled.sort(inNaturalOrder);
  assert.ok(sorted.indexOf('a:2') < sorted.indexOf('a:10'));
  assert.ok(sorted.indexOf('a2') < sorted.indexOf('a10'));
  assert.ok(sorted.indexOf('web') < sorted.indexOf('web:1'));
  assert.ok(sorted.indexOf('2') < sorted.indexOf('10'));
  // Sorted again from another beginning it is the same.
  assert.deepEqual([...IN_ORDER].sort(inNaturalOrder), sorted);
});

test('leading zeros do not make two names one', () => {
  assert.notEqual(inNaturalOrder('a01', 'a1'), 0);
});
