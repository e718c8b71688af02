import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BoundedWriter, type Sink } from '../../src/output/bounded-writer.ts';

/** A reader that takes what it is given only when the test says so. */
class HeldSink {
  readonly taken: Buffer[] = [];
  #done: ((error: Error | null) => void) | undefined;

  readonly sink: Sink = (bytes, done) => {
    this.taken.push(bytes);
    this.#done = done;
  };

  finish(error: Error | null = null): void {
    const done = this.#done;
    this.#done = undefined;
    done?.(error);
  }

  finishAll(): void {
    while (this.#done !== undefined) this.finish();
  }

  get text(): string {
    return Buffer.concat(this.taken).toString();
  }
}

const CAPACITY = 1_000;
const line = (index: number): Buffer => Buffer.from(`line ${String(index).padStart(4, '0')}\n`);

test('what is written leaves in order, one write at a time', () => {
  const held = new HeldSink();
  const writer = new BoundedWriter(held.sink, CAPACITY, () => assert.fail('nothing is dropped'));
  for (let index = 0; index < 50; index++) writer.write(line(index));
  assert.equal(held.taken.length, 1);
  held.finishAll();
  assert.equal(held.text, Array.from({ length: 50 }, (_, index) => line(index).toString()).join(''));
});

test('a reader that is stuck loses the oldest lines, whole, and is told how many bytes once it reads again', () => {
  const held = new HeldSink();
  const losses: number[] = [];
  const writer = new BoundedWriter(held.sink, CAPACITY, (bytes) => losses.push(bytes));
  for (let index = 0; index < 500; index++) writer.write(line(index));
  assert.deepEqual(losses, []);
  held.finishAll();
  const lines = held.text.split('\n').slice(0, -1);
  assert.equal(lines[0], 'line 0000', 'what was under way arrives');
  assert.equal(lines.at(-1), 'line 0499');
  for (const text of lines) assert.match(text, /^line \d{4}$/);
  const written = held.text.length;
  assert.ok(written > CAPACITY - 2 * line(0).length && written <= CAPACITY + line(0).length, `${written}`);
  assert.deepEqual(losses, [500 * line(0).length - written]);
});

test('one write larger than the bound leaves its end', () => {
  const held = new HeldSink();
  const losses: number[] = [];
  const writer = new BoundedWriter(held.sink, CAPACITY, (bytes) => losses.push(bytes));
  writer.write(Buffer.alloc(5_000, 'x'));
  held.finishAll();
  assert.equal(held.text.length + (losses[0] ?? 0), 5_000);
  assert.ok(held.text.length <= CAPACITY);
});

test('the bytes may change as soon as they were handed over', () => {
  const held = new HeldSink();
  const writer = new BoundedWriter(held.sink, CAPACITY, () => {});
  const shared = Buffer.from('mine');
  writer.write(shared);
  shared.fill('x');
  assert.equal(held.text, 'mine');
});

test('a reader that is gone takes nothing more and disturbs nobody', async () => {
  const held = new HeldSink();
  const writer = new BoundedWriter(held.sink, CAPACITY, () => assert.fail('nobody counts what nobody reads'));
  for (let index = 0; index < 500; index++) writer.write(line(index));
  held.finish(new Error('EPIPE'));
  writer.write(line(0));
  await writer.idle();
  assert.equal(held.taken.length, 1);
});

test('it is idle once all has been written, not before', async () => {
  const held = new HeldSink();
  const writer = new BoundedWriter(held.sink, CAPACITY, () => {});
  await writer.idle();
  writer.write(line(1));
  writer.write(line(2));
  let isIdle = false;
  const idle = writer.idle().then(() => {
    isIdle = true;
  });
  held.finish();
  await Promise.resolve();
  assert.ok(!isIdle);
  held.finish();
  await idle;
});
