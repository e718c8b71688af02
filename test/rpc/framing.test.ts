import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { frame, isBlank, LineSplitter, LineTooLong } from '../../src/rpc/protocol/framing.ts';

function linesOf(chunks: readonly Buffer[], limit = 1024): string[] {
  const splitter = new LineSplitter(limit);
  return chunks.flatMap((chunk) => [...splitter.push(chunk)].map((line) => line.toString('utf8')));
}

describe('lines', () => {
  test('however the chunks fall, the lines are the same', () => {
    const bytes = Buffer.from('{"a":"héllo"}\n\n€uro\r\nlast\n');
    const whole = linesOf([bytes]);
    assert.deepEqual(whole, ['{"a":"héllo"}', '', '€uro\r', 'last']);
    for (let size = 1; size < bytes.length; size++) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.subarray(index * size, (index + 1) * size),
      );
      assert.deepEqual(linesOf(chunks), whole, `chunks of ${size}`);
    }
  });

  test('a line of just the limit is read, one byte more is not', () => {
    assert.equal(linesOf([Buffer.from(`${'x'.repeat(10)}\n`)], 10)[0], 'x'.repeat(10));
    assert.throws(() => linesOf([Buffer.from(`${'x'.repeat(11)}\n`)], 10), LineTooLong);
    assert.throws(() => linesOf([Buffer.from('xxxxxx'), Buffer.from('xxxxx')], 10), LineTooLong);
    assert.deepEqual(linesOf([Buffer.from('xxxxxx'), Buffer.from('xxxx\n')], 10), ['x'.repeat(10)]);
  });

  test('an unfinished line is held whole and given up at the end', () => {
    const splitter = new LineSplitter(100);
    assert.deepEqual([...splitter.push(Buffer.from('one\ntw'))].map(String), ['one']);
    assert.equal(splitter.heldBytes, 2);
    assert.equal(splitter.rest().toString(), 'tw');
    assert.equal(splitter.heldBytes, 0);
  });

  test('what is held is a copy: the chunk may be used again', () => {
    const splitter = new LineSplitter(100);
    const chunk = Buffer.from('abc');
    assert.deepEqual([...splitter.push(chunk)], []);
    chunk.fill(0x78);
    assert.equal(splitter.rest().toString(), 'abc');
  });

  test('a message is one line whatever its strings contain', () => {
    assert.equal(frame({ text: 'a\nb\r\u2028' }).indexOf('\n'), frame({ text: 'a\nb\r\u2028' }).length - 1);
  });

  test('white space alone is blank', () => {
    assert.ok(isBlank(Buffer.from(' \t\r')));
    assert.ok(!isBlank(Buffer.from(' x')));
  });
});
