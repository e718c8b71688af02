import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { MemoryTrim } from '../../src/system/memory-trim.ts';

const MIB = 2 ** 20;

/** An engine whose time, heap and use of the processor the test sets. */
function anEngine() {
  const timers: (() => void)[] = [];
  const engine = { heap: 12 * MIB, cpuMs: 0, collected: 0, afterwards: 8 * MIB };
  const trim = new MemoryTrim({
    clock: {
      after: (_delay, callback) => {
        timers.push(callback);
        return () => timers.splice(timers.indexOf(callback), 1);
      },
    },
    heapBytes: () => engine.heap,
    cpuMs: () => engine.cpuMs,
    collect: () => {
      engine.collected += 1;
      engine.heap = engine.afterwards;
    },
  });
  return { engine, trim, timers, pass: () => timers.shift()?.() };
}

test('some time after the start the memory that it used is collected, and then nothing wakes the engine', () => {
  const { engine, trim, timers, pass } = anEngine();
  trim.noteWork();
  trim.noteWork();
  assert.equal(timers.length, 1);
  pass();
  assert.equal(engine.collected, 1);
  assert.equal(timers.length, 0);
});

test('an engine at work is left alone until it rests', () => {
  const { engine, trim, pass } = anEngine();
  trim.noteWork();
  engine.cpuMs += 5_000;
  pass();
  assert.equal(engine.collected, 0);
  pass();
  assert.equal(engine.collected, 1);
});

test('a heap that has hardly grown is left alone, one that has grown is collected again', () => {
  const { engine, trim, pass } = anEngine();
  const work = (heap: number): void => {
    trim.noteWork();
    engine.heap = heap;
    pass();
  };
  work(12 * MIB);
  work(9 * MIB);
  assert.equal(engine.collected, 1);
  work(11 * MIB);
  assert.equal(engine.collected, 2);
});

test('closed, it leaves no timer that would keep the program running', () => {
  const { trim, timers } = anEngine();
  trim.noteWork();
  trim.close();
  assert.equal(timers.length, 0);
});

test('the real collection gives memory back, and V8 still takes compiled code afterwards', () => {
  const root = resolve(import.meta.dirname, '../..');
  const program = `
    import { readFileSync } from 'node:fs';
    import { Script } from 'node:vm';
    import { collectGarbage } from '${root}/src/system/memory-trim.ts';
    let rubbish = Array.from({ length: 200_000 }, (_, index) => ({ index }));
    const full = process.memoryUsage().heapTotal;
    rubbish = undefined;
    collectGarbage();
    const execa = (ending, encoding) => readFileSync('${root}/dist/execa.' + ending, encoding);
    const script = new Script(execa('cjs', 'latin1'), { filename: 'execa.cjs', cachedData: execa('cache') });
    console.log(JSON.stringify({ full, left: process.memoryUsage().heapTotal, refused: script.cachedDataRejected }));`;
  const words = ['--no-warnings', '--input-type=module', '-e', program];
  const { full, left, refused } = JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8' }));
  assert.ok(left < full - 5 * MIB, `${full} before, ${left} after`);
  assert.equal(refused, false);
});
