import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlockPool } from '../../src/output/memory/block-pool.ts';
import { ByteQueue } from '../../src/output/memory/byte-queue.ts';

function queueOf(...texts: readonly string[]): ByteQueue {
  const queue = new ByteQueue(new BlockPool());
  for (const text of texts) queue.append(Buffer.from(text));
  return queue;
}

const textOf = (pieces: readonly Buffer[]): string => Buffer.concat(pieces).toString();

test('bytes leave a queue in the order in which they came, however they are cut', () => {
  const queue = queueOf();
  let sent = '';
  let received = '';
  for (let index = 0; received.length < 500_000; index++) {
    const text = `${index} ${'z'.repeat((index * 7_919) % 20_011)};`;
    sent += text;
    queue.append(Buffer.from(text));
    const count = Math.min((index * 104_729) % 30_011, queue.length);
    received += textOf(queue.peek(count));
    queue.drop(count);
  }
  received += textOf(queue.peek(queue.length));
  assert.equal(received, sent);
});

test('a queue keeps its own copy of the bytes', () => {
  const queue = queueOf();
  const shared = Buffer.from('mine');
  queue.append(shared);
  shared.fill('x');
  assert.equal(textOf(queue.peek(4)), 'mine');
});

test('what is looked at is not disturbed by what is appended meanwhile', () => {
  const queue = queueOf('first');
  const looked = queue.peek(5);
  queue.append(Buffer.alloc(200_000, 'x'));
  assert.equal(textOf(looked), 'first');
});

test('a queue knows where its lines end', () => {
  const queue = queueOf('one\ntwo\nthr', 'ee\nfour');
  assert.equal(queue.wholeLinesWithin(100), 14);
  assert.equal(queue.wholeLinesWithin(9), 8);
  assert.equal(queue.wholeLinesWithin(3), 0);
  assert.equal(queue.firstLineWithin(100), 4);
  assert.equal(queue.firstLineWithin(3), 0);
  assert.ok(queue.endsLine(8));
  assert.ok(!queue.endsLine(9));
});

test('lines are found across blocks', () => {
  const queue = queueOf('a'.repeat(70_000), '\n', 'b'.repeat(70_000));
  assert.equal(queue.wholeLinesWithin(queue.length), 70_001);
  assert.equal(queue.firstLineWithin(queue.length), 70_001);
});

test('dropping more than there is empties the queue', () => {
  const queue = queueOf('some');
  queue.drop(1_000);
  assert.equal(queue.length, 0);
  queue.append(Buffer.from('more'));
  assert.equal(textOf(queue.peek(100)), 'more');
});

test('a pool that all queues share says when they hold a lot, and when no more', () => {
  const pool = new BlockPool();
  const queues = Array.from({ length: 40 }, () => new ByteQueue(pool));
  for (const queue of queues) queue.append(Buffer.alloc(1_048_576));
  assert.ok(pool.isCrowded);
  for (const queue of queues) queue.drop(queue.length);
  assert.ok(!pool.isCrowded);
});
