import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entriesOf } from '../../src/journal/output-block.ts';
import { OutputTap } from '../../src/journal/output-tap.ts';
import { InstanceOutput } from '../../src/output/instance-output.ts';
import type { OutputEntry } from '../../src/supervisor/ports/journal.ts';
import type { EngineEvent } from '../../src/wire/engine-event.ts';
import { HandClock } from '../supervisor/rig.ts';

function linesRig() {
  const clock = new HandClock();
  const outlets = new Map([['web', new InstanceOutput()]]);
  const taken: OutputEntry[] = [];
  const lines = new OutputTap({
    clock,
    follow: (instance, listener) => outlets.get(instance)?.follow(listener) ?? (() => {}),
    take: (lines) => taken.push(...(entriesOf({ ...lines, firstId: taken.length + 1 }) as OutputEntry[])),
  });
  const tell = (event: string): void =>
    lines.consider({ event, instance: 'web', process: 'web' } as unknown as EngineEvent);
  const print = (bytes: string | Buffer, incarnation = 1, stream: 'stdout' | 'stderr' = 'stdout'): void =>
    outlets.get('web')?.take({ stream, incarnation, bytes: Buffer.from(bytes), time: clock.wallTime() });
  const texts = (): readonly string[] => taken.map(({ text }) => text);
  return { clock, outlets, taken, lines, tell, print, texts };
}

test('nothing is followed while nobody wants it', () => {
  const { lines, tell, print, texts } = linesRig();
  tell('process_spawned');
  print('unheard\n');
  lines.use(true, [{ name: 'web', process: 'web' }]);
  print('heard\n');
  lines.use(false, []);
  print('unheard\n');
  assert.deepEqual(texts(), ['heard']);
});

test('each stream is cut into lines for itself, over restarts', () => {
  const { lines, tell, print, taken } = linesRig();
  lines.use(true, []);
  tell('process_spawned');
  print('ha');
  print('oops\r\n', 1, 'stderr');
  print('lf\nrest');
  tell('process_spawned');
  print('new\n', 2);
  assert.deepEqual(
    taken.map(({ stream, incarnation, text }) => [stream, incarnation, text]),
    [
      ['stderr', 1, 'oops'],
      ['stdout', 1, 'half'],
      ['stdout', 1, 'rest'],
      ['stdout', 2, 'new'],
    ],
  );
});

test('the last words of a program need no newline', () => {
  const { clock, lines, tell, print, texts } = linesRig();
  lines.use(true, []);
  tell('process_spawned');
  tell('process_exited');
  print('panic: out of luck');
  assert.deepEqual(texts(), []);
  clock.advance(200);
  assert.deepEqual(texts(), ['panic: out of luck']);
});

test('one that was removed and is added again is followed where it prints then', () => {
  const { outlets, lines, tell, print, texts } = linesRig();
  lines.use(true, []);
  tell('process_spawned');
  outlets.set('web', new InstanceOutput());
  tell('process_spawned');
  print('once\n');
  assert.deepEqual(texts(), ['once']);
});

test('a long line comes in parts, and what is no UTF-8 is marked', () => {
  const { lines, tell, print, taken } = linesRig();
  lines.use(true, []);
  tell('process_spawned');
  print(`${'x'.repeat(40_000)}\n`);
  print(Buffer.from([0x61, 0xff, 0x62, 0x0a]));
  print('\ufffd is one\n');
  assert.deepEqual(
    taken.map(({ text, is_part: isPart, is_binary: isBinary }) => [text.length, isPart, isBinary]),
    [
      [16_384, true, undefined],
      [16_384, true, undefined],
      [7_232, undefined, undefined],
      [3, undefined, true],
      [8, undefined, undefined],
    ],
  );
});
