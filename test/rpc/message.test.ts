import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_BATCH, readMessage } from '../../src/rpc/protocol/message.ts';

function read(text: string | Buffer) {
  return readMessage(Buffer.from(text as string));
}

function singleOf(text: string | Buffer) {
  const message = read(text);
  assert.equal(message.kind, 'single');
  return message.kind === 'single' ? message.entry : assert.fail();
}

const MALFORMED: readonly [what: string, line: string | Buffer, code: number, id: unknown][] = [
  ['half an object', '{"jsonrpc": "2.0", "method"', -32700, null],
  ['a word', 'hello', -32700, null],
  ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), -32700, null],
  ['a NUL', '\0', -32700, null],
  ['a number', '1', -32600, null],
  ['null', 'null', -32600, null],
  ['a string', '"status"', -32600, null],
  ['an empty batch', '[]', -32600, null],
  ['a batch that is too long', JSON.stringify(Array(MAX_BATCH + 1).fill(1)), -32600, null],
  ['no version', '{"id":1,"method":"status"}', -32600, 1],
  ['another version', '{"jsonrpc":"1.0","id":1,"method":"status"}', -32600, 1],
  ['a method that is a number', '{"jsonrpc":"2.0","id":"x","method":1}', -32600, 'x'],
  ['no method', '{"jsonrpc":"2.0","id":7}', -32600, 7],
  ['params that are a string', '{"jsonrpc":"2.0","id":7,"method":"m","params":"bar"}', -32600, 7],
  ['params that are null', '{"jsonrpc":"2.0","id":7,"method":"m","params":null}', -32600, 7],
  ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"m"}', -32600, null],
  ['an id that is a boolean', '{"jsonrpc":"2.0","id":true,"method":"m"}', -32600, null],
];

for (const [what, line, code, id] of MALFORMED) {
  test(`${what} is answered with ${code} and the id ${JSON.stringify(id)}`, () => {
    const entry = singleOf(line);
    assert.equal(entry.kind, 'malformed');
    if (entry.kind === 'malformed') assert.deepEqual([entry.error.code, entry.id], [code, id]);
  });
}

test('a request without an id is a notification, one with the id null is not', () => {
  const notification = singleOf('{"jsonrpc":"2.0","method":"m"}');
  const request = singleOf('{"jsonrpc":"2.0","method":"m","id":null}');
  assert.deepEqual(
    [notification.kind === 'call' && notification.id, request.kind === 'call' && request.id],
    [undefined, null],
  );
});

test('a batch keeps its order, and what is wrong in it is wrong alone', () => {
  const message = read('[1, {"jsonrpc":"2.0","method":"m","id":2}]');
  assert.equal(message.kind, 'batch');
  if (message.kind !== 'batch') return;
  assert.deepEqual(
    message.entries.map(({ kind }) => kind),
    ['malformed', 'call'],
  );
});
