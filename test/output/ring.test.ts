import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ring } from '../../src/output/memory/ring.ts';

const CAPACITY = 65_536;

function filled(pieces: readonly { readonly text: string; readonly incarnation?: number }[]): Ring {
  const ring = new Ring();
  for (const [index, { text, incarnation = 1 }] of pieces.entries()) {
    ring.push(Buffer.from(text), { incarnation, time: index * 1_000, sequence: index + 1 });
  }
  return ring;
}

function textOf(ring: Ring): string {
  return Buffer.concat(ring.pieces().map(({ bytes }) => bytes)).toString();
}

test('a ring gives back what was pushed, with its origin', () => {
  const ring = filled([{ text: 'one\n' }, { text: 'two\n', incarnation: 2 }]);
  assert.deepEqual(
    ring
      .pieces()
      .map(({ bytes, incarnation, time, sequence }) => [bytes.toString(), incarnation, time, sequence]),
    [
      ['one\n', 1, 0, 1],
      ['two\n', 2, 1_000, 2],
    ],
  );
});

test('a ring keeps its own copy of the bytes', () => {
  const ring = new Ring();
  const shared = Buffer.from('first');
  ring.push(shared, { incarnation: 1, time: 0, sequence: 1 });
  shared.fill('x');
  assert.equal(textOf(ring), 'first');
});

test('a full ring holds exactly the last 64 KiB, whatever the sizes of what was pushed', () => {
  const ring = new Ring();
  let all = '';
  for (let index = 0; index < 3_000; index++) {
    const text = `${index}:${'y'.repeat((index * 37) % 211)}\n`;
    all += text;
    ring.push(Buffer.from(text), { incarnation: 1, time: index * 50, sequence: index + 1 });
    if (index % 500 === 0) assert.equal(textOf(ring), all.slice(-CAPACITY), `after ${index}`);
  }
  assert.equal(textOf(ring), all.slice(-CAPACITY));
});

test('of one piece larger than the ring the end is kept', () => {
  const large = Buffer.alloc(3 * CAPACITY + 5, 'abcdefg');
  const ring = new Ring();
  ring.push(large, { incarnation: 1, time: 0, sequence: 1 });
  assert.deepEqual(Buffer.concat(ring.pieces().map(({ bytes }) => bytes)), large.subarray(-CAPACITY));
});

test('a process that prints byte by byte is remembered in few pieces, and in full', () => {
  const ring = new Ring();
  for (let index = 0; index < 20_000; index++) {
    ring.push(Buffer.from([97 + (index % 26)]), { incarnation: 1, time: index * 100, sequence: index + 1 });
  }
  assert.equal(textOf(ring).length, 20_000);
  assert.ok(ring.pieces().length <= 512, `${ring.pieces().length} pieces`);
});

test('joining pieces never joins two incarnations', () => {
  const ring = new Ring();
  for (let index = 0; index < 5_000; index++) {
    const incarnation = 1 + Math.floor(index / 1_000);
    const origin = { incarnation, time: index * 100, sequence: index + 1 };
    ring.push(Buffer.from(String(incarnation)), origin);
  }
  for (const { incarnation, bytes } of ring.pieces()) {
    assert.equal(bytes.toString().replaceAll(String(incarnation), ''), '');
  }
});

test('pieces read within the same moment are one, unless the other stream came between', () => {
  const ring = new Ring();
  ring.push(Buffer.from('a'), { incarnation: 1, time: 0, sequence: 1 });
  ring.push(Buffer.from('b'), { incarnation: 1, time: 5, sequence: 2 });
  ring.push(Buffer.from('c'), { incarnation: 1, time: 6, sequence: 4 });
  assert.deepEqual(
    ring.pieces().map(({ bytes }) => bytes.toString()),
    ['ab', 'c'],
  );
});

test('a ring that is made smaller keeps the end, one that is made larger keeps all, and memory follows', () => {
  const ring = new Ring(4_096);
  const all = Array.from({ length: 3_000 }, (_, index) => `${index}\n`).join('');
  for (let from = 0, sequence = 1; from < all.length; from += 700, sequence++)
    ring.push(Buffer.from(all.slice(from, from + 700)), { incarnation: 1, time: sequence * 100, sequence });
  assert.equal(textOf(ring), all.slice(-4_096));
  ring.resize(1_500);
  assert.equal(textOf(ring), all.slice(-1_500));
  assert.equal(ring.memoryBytes, 1_500);
  ring.resize(3_000);
  ring.push(Buffer.from('x'.repeat(2_000)), { incarnation: 2, time: 0, sequence: 1_000 });
  assert.equal(textOf(ring), `${all.slice(-1_000)}${'x'.repeat(2_000)}`);
  assert.equal(ring.memoryBytes, 3_000);
});
