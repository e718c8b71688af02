import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DetachKeys, parseDetachKeys } from '../../src/cli/attach/detach-keys.ts';

const KEYS: readonly (readonly [string, readonly number[]])[] = [
  ['ctrl-p,ctrl-q', [0x10, 0x11]],
  ['ctrl-@', [0]],
  ['ctrl-[', [0x1b]],
  ['ctrl-\\', [0x1c]],
  ['ctrl-^', [0x1e]],
  ['ctrl-_', [0x1f]],
  ['CTRL-A,d', [1, 0x64]],
];
for (const [text, bytes] of KEYS) {
  test(`${text} are the bytes ${bytes.join(' ')}`, () => assert.deepEqual(parseDetachKeys(text), bytes));
}

for (const text of ['', 'ctrl-', 'ctrl-1', 'ctrl-pq', 'ä', 'ctrl-p,', 'ctrl-p ,ctrl-q']) {
  test(`${JSON.stringify(text)} are no keys`, () => {
    assert.throws(() => parseDetachKeys(text), { code: 'bad-arguments' });
  });
}

const typed = (keys: DetachKeys, text: string) => {
  const { bytes, leaves } = keys.push(Buffer.from(text, 'latin1'));
  return [bytes.toString('latin1'), leaves];
};

test('a Ctrl-P that no Ctrl-Q follows was meant for the process', () => {
  const keys = new DetachKeys(parseDetachKeys('ctrl-p,ctrl-q'), false);
  assert.deepEqual(typed(keys, 'a\x10'), ['a', undefined]);
  assert.deepEqual(typed(keys, 'b'), ['\x10b', undefined]);
  assert.deepEqual(typed(keys, '\x10\x10'), ['\x10', undefined]);
  assert.deepEqual(typed(keys, '\x11'), ['', 'detached']);
});

test('a sequence that begins within itself is found', () => {
  const keys = new DetachKeys(parseDetachKeys('a,a,b'), true);
  assert.deepEqual(typed(keys, 'aaab'), ['a', 'detached']);
});

test('Ctrl-C leaves, but passes to a process with a terminal, and a sequence may begin with it', () => {
  assert.deepEqual(typed(new DetachKeys([0x10, 0x11], false), 'a\x10\x03b'), ['a\x10', 'interrupted']);
  assert.deepEqual(typed(new DetachKeys([0x10, 0x11], true), 'a\x03b'), ['a\x03b', undefined]);
  const own = new DetachKeys([0x03, 0x04], false);
  assert.deepEqual(typed(own, '\x03'), ['', undefined]);
  assert.deepEqual(typed(own, '\x04'), ['', 'detached']);
});
