import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FileLines } from '../../src/output/files/file-lines.ts';
import { LineStamps } from '../../src/output/lines/line-stamps.ts';
import { BlockPool } from '../../src/output/memory/block-pool.ts';
import { HandClock } from '../supervisor/rig.ts';

function rig(mayGoOn: () => boolean = () => true) {
  const clock = new HandClock();
  const pool = new BlockPool();
  const written: string[] = [];
  const kept: number[] = [];
  const waiting: (() => void)[] = [];
  const lines = new FileLines({
    clock,
    pool,
    write: (bytes, keep) => {
      written.push(Buffer.from(bytes).toString());
      if (keep !== undefined) kept.push(bytes.length);
      return mayGoOn();
    },
    onDrain: (resume) => void waiting.push(resume),
  });
  const resumed: string[] = [];
  const writer = (name: string) => {
    const { write, end } = lines.writerFor(() => void resumed.push(name));
    return { write: (text: string) => write(Buffer.from(text)), raw: write, end };
  };
  return { clock, pool, lines, writer, written, kept, waiting, resumed, text: () => written.join('') };
}

test('one writer alone writes what it has, as it is, in the block it was read into', () => {
  const { writer, kept, written } = rig();
  const one = writer('one');
  one.raw(Buffer.from('no newline'), () => Buffer.alloc(0));
  one.write(' yet\nand ');
  one.end();
  assert.deepEqual(written, ['no newline', ' yet\nand ']);
  assert.deepEqual(kept, [10]);
});

test('lines of several writers stay whole, however they are cut', () => {
  const { writer, text } = rig();
  const [a, b] = [writer('a'), writer('b')];
  for (let index = 0; index < 100; index++) {
    a.write(`aaaa${index}`);
    b.write(`bbbb${index}\nbb`);
    a.write('aaaa\naa');
    b.write('bb\n');
  }
  a.end();
  b.end();
  for (const line of text().split('\n').slice(0, -1)) assert.match(line, /^(a+\d+a+|b+\d*|a+)$/);
  assert.equal(text().replaceAll(/\D/g, '').length, 2 * 190);
});

test('a part of a line is written after a while, and nobody waits for its end', () => {
  const { writer, text, clock } = rig();
  const [a, b] = [writer('a'), writer('b')];
  a.write('begun');
  b.write('whole\n');
  assert.equal(text(), 'whole\n');
  clock.advance(1_500);
  assert.equal(text(), 'whole\nbegun');
  b.write('next\n');
  clock.advance(10_000);
  assert.equal(text(), 'whole\nbegunnext\n');
  assert.equal(clock.pending, 0);
});

test('a writer that joins waits for the end of the line that was begun', () => {
  const { writer, text, clock } = rig();
  const a = writer('a');
  a.write('begun');
  const b = writer('b');
  b.write('whole\n');
  assert.equal(text(), 'begun');
  a.write(', ended\n');
  assert.equal(text(), 'begun, ended\nwhole\n');
  a.write('held');
  b.end();
  a.write('!');
  assert.equal(text(), 'begun, ended\nwhole\nheld!');
  clock.advance(5_000);
  assert.equal(clock.pending, 0);
});

test('the last line of a writer that ends gets its newline if others write on', () => {
  const { writer, text } = rig();
  const [a, b] = [writer('a'), writer('b')];
  a.write('last words');
  a.end();
  b.write('next\n');
  b.end();
  assert.equal(text(), 'last words\nnext\n');
});

test('a line that is longer than the bound is written in parts, and memory stays bounded', () => {
  const { writer, text, pool } = rig();
  const [a] = [writer('a'), writer('b')];
  for (let index = 0; index < 1_000; index++) a.write('x'.repeat(10_000));
  assert.ok(text().length > 9_900_000);
  assert.ok(pool.bytesInUse < 400_000, `${pool.bytesInUse}`);
});

test('a writer that waits for another’s line is asked to pause, and resumed', () => {
  const { writer, resumed, text } = rig();
  const a = writer('a');
  a.write('begun');
  const b = writer('b');
  let count = 0;
  while (b.write(`${'b'.repeat(999)}\n`)) count += 1;
  assert.ok(count < 100);
  assert.deepEqual(resumed, []);
  a.write('\n');
  assert.deepEqual(resumed, ['b']);
  assert.equal(text().length, 6 + 1_000 * (count + 1));
});

test('what was put aside is written when the engine shuts down', () => {
  const { writer, lines, text } = rig();
  const [a, b] = [writer('a'), writer('b')];
  a.write('a');
  b.write('b');
  lines.flush();
  assert.equal(text(), 'ab');
});

test('each line gets one time, however it is cut', () => {
  let now = 0;
  const stamps = new LineStamps(() => `T${now}`);
  const pieces = ['one\ntw', 'o', '\n', '\n', 'three\nfour\n'];
  const stamped = pieces.map((piece) => {
    now += 1;
    return stamps.stamp(Buffer.from(piece)).toString();
  });
  assert.deepEqual(stamped, ['T1 one\nT1 tw', 'o', '\n', 'T4 \n', 'T5 three\nT5 four\n']);
  assert.ok(stamps.isAtLineStart);
});
