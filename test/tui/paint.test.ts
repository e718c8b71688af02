import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type headless from '@xterm/headless';
import { BOLD, FAINT, GREEN, Grid, INVERSE, PLAIN, RED } from '../../src/tui/screen/cells.ts';
import { paint } from '../../src/tui/screen/paint.ts';
import { emulator, textOf } from '../support/screen.ts';

const SIZE = { columns: 20, rows: 4 };

function gridOf(...lines: readonly string[]): Grid {
  const grid = new Grid(SIZE);
  for (const [row, line] of lines.entries()) grid.put(row, 0, line);
  return grid;
}

const written = (terminal: headless.Terminal, text: string): Promise<void> =>
  new Promise((done) => terminal.write(text, done));

/** Numbers that look random and are the same each time (Lehmer, 1951). */
function sequence(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

describe('what is painted', () => {
  test('is nothing where nothing differs', () => {
    assert.equal(paint(gridOf('one', 'two'), gridOf('one', 'two'), true), '');
  });

  test('is the changed cells, in one synchronized frame', () => {
    assert.equal(
      paint(gridOf('up 10s', 'two'), gridOf('up 11s', 'two'), true),
      '\u001b[?2026h\u001b[1;5H1\u001b[?2026l',
    );
  });

  test('writes a short gap again rather than stepping over it', () => {
    assert.ok(paint(gridOf('a b c'), gridOf('x b y'), true).includes('[1;1Hx b y'));
  });

  test('erases the rest of a line that has become shorter', () => {
    assert.ok(paint(gridOf('a long line'), gridOf('a'), true).includes('[1;3H\u001b[K'));
  });

  test('has no colours where they are not wanted, and keeps what is not colour', () => {
    const grid = gridOf();
    grid.put(0, 0, 'failed', RED | BOLD);
    assert.ok(paint(gridOf(), grid, true).includes('\u001b[0;1;31mfailed'));
    assert.ok(paint(gridOf(), grid, false).includes('\u001b[0;1mfailed'));
  });

  test('a change of colour alone is no change without colours', () => {
    const green = gridOf();
    green.put(0, 0, 'x', GREEN);
    const red = gridOf();
    red.put(0, 0, 'x', RED);
    assert.equal(paint(green, red, false), '');
    assert.notEqual(paint(green, red, true), '');
  });
});

test('an emulator that is told only the differences shows the very screen, wide characters and all', async () => {
  const next = sequence(7);
  const pieces = ['a', 'bc ', '日本', 'e\u0301', '   ', '─', 'long piece of text'];
  const styles = [PLAIN, RED, BOLD | GREEN, INVERSE, FAINT];
  const terminal = emulator(SIZE.columns, SIZE.rows);
  let before: Grid | undefined;
  for (let round = 0; round < 300; round++) {
    const after = new Grid(SIZE);
    if (before !== undefined && next(4) > 0) {
      for (const [cell, text] of before.texts.entries()) after.texts[cell] = text;
      after.styles.set(before.styles);
    }
    for (let times = next(4); times >= 0; times--) {
      const style = styles[next(styles.length)] ?? PLAIN;
      const row = next(SIZE.rows);
      after.clear(row, 0, 1, SIZE.columns);
      after.put(row, next(SIZE.columns), pieces[next(pieces.length)] ?? '', style);
    }
    await written(terminal, paint(before, after, true));
    assert.equal(textOf(terminal), after.toText(), `round ${round}`);
    for (let cell = 0; cell < after.texts.length; cell++) {
      const [row, column] = [Math.floor(cell / SIZE.columns), cell % SIZE.columns];
      const shown = terminal.buffer.active.getLine(row)?.getCell(column);
      const style = after.styles[cell] ?? PLAIN;
      assert.equal(Boolean(shown?.isInverse()), (style & INVERSE) !== 0, `inverse, round ${round}`);
      assert.equal(Boolean(shown?.isBold()), (style & BOLD) !== 0, `bold, round ${round}`);
    }
    before = after;
  }
});

test('where the terminal takes a character for narrower, all else stands in its place', async () => {
  // The emulator's tables are those of Unicode 6: the sign has one cell there, two in ours.
  const terminal = emulator(SIZE.columns, SIZE.rows);
  await written(terminal, paint(undefined, gridOf('abcdef'), true));
  await written(terminal, paint(gridOf('abcdef'), gridOf('a⚡def'), true));
  assert.equal(textOf(terminal).split('\n')[0], 'a⚡ def');
});

test('what is laid over the left half of a wide character leaves no other half', () => {
  const grid = gridOf('日本日本日本');
  grid.clear(0, 3, 1, 4);
  assert.equal(grid.toText().split('\n')[0], '日      日本');
  assert.equal(grid.texts.slice(2, 8).join('|'), ' | | | | | ');
});
