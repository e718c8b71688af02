/** Lines as they are edited, and as a terminal shows them. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LineEditor } from '../../src/terminal/line-editor.ts';
import { emulator, textOf } from '../support/screen.ts';

const KEYS: Readonly<Record<string, string>> = {
  left: '\u001b[D',
  right: '\u001b[C',
  home: '\u001b[H',
  end: '\u001bOF',
  delete: '\u001b[3~',
  back: '\u007f',
  u: '\u0015',
  w: '\u0017',
  k: '\u000b',
  y: '\u0019',
  t: '\u0014',
  wordLeft: '\u001bb',
  wordRight: '\u001b[1;5C',
  wordBack: '\u001b\u007f',
};

interface Typing {
  readonly editor: LineEditor;
  /** Keys by name in braces, all else as it is. */
  type(text: string): Promise<void>;
  /** The rows, and where the cursor is. */
  shown(): readonly [text: string, column: number, row: number];
  resize(columns: number): Promise<void>;
}

function begin(columns = 20, prompt = '> ', before = ''): Typing {
  const terminal = emulator(columns, 10);
  const written: Promise<void>[] = [];
  const write = (text: string): void => {
    written.push(new Promise((done) => terminal.write(text.replaceAll('\n', '\r\n'), done)));
  };
  if (before !== '') write(before);
  let isEnded = false;
  const editor = new LineEditor({
    write,
    columns: () => terminal.cols,
    shown: (line) => ({ prompt, line }),
    onKey: (key) => {
      if (key !== 'enter') return 'edit';
      isEnded = true;
      editor.draw();
      editor.view.end();
      return 'stop';
    },
  });
  editor.view.begin(before.length);
  editor.draw();
  return {
    editor,
    type: async (text) => {
      for (const piece of text.split(/(\{\w+\})/)) {
        const key = KEYS[piece.slice(1, -1)];
        if (piece !== '' && !isEnded) editor.take(Buffer.from(key ?? piece));
      }
      await Promise.all(written);
    },
    shown: () => {
      const { active } = terminal.buffer;
      return [textOf(terminal).trimEnd(), active.cursorX, active.cursorY + active.baseY];
    },
    resize: async (to) => {
      terminal.resize(to, 10);
      editor.view.resized();
      editor.draw();
      await Promise.all(written);
    },
  };
}

describe('a line is edited', () => {
  const cases: readonly [keys: string, text: string, column: number][] = [
    ['abc{left}{left}X', 'aXbc', 4],
    ['abc{home}{delete}', 'bc', 2],
    ['abc{back}{back}x', 'ax', 4],
    ['one two{w}', 'one ', 6],
    ['one two{left}{u}', 'o', 2],
    ['one two{home}{right}{k}', 'o', 3],
    ['one two{w}{home}{y}', 'twoone ', 5],
    ['ab{t}', 'ba', 4],
    ['one two{wordLeft}X', 'one Xtwo', 7],
    ['one two{home}{wordRight}X', 'oneX two', 6],
    ['one-two{wordBack}', 'one-', 6],
    ['日本{back}x', '日x', 5],
    ['日本{left}x', '日x本', 5],
    ['a\u001b[200~paste\u001b[201~b', 'apasteb', 9],
    ['a\u001b[99;5~b\u001b[5~', 'ab', 4],
    ['{left}{delete}{back}', '', 2],
  ];
  for (const [keys, text, column] of cases) {
    test(`${JSON.stringify(keys)} makes ${JSON.stringify(text)}`, async () => {
      const typing = begin(40);
      await typing.type(keys);
      assert.equal(typing.editor.line.text, text);
      assert.deepEqual(typing.shown(), [`> ${text}`.trimEnd(), column, 0]);
    });
  }

  test('an arrow in two pieces types nothing', async () => {
    const typing = begin();
    await typing.type('ab\u001b');
    await typing.type('[D');
    await typing.type('x');
    assert.deepEqual(typing.shown(), ['> axb', 4, 0]);
  });

  test('a mark goes with its base', async () => {
    const typing = begin();
    await typing.type('ae\u0301');
    assert.deepEqual(typing.shown().slice(1), [4, 0]);
    await typing.type('{back}');
    assert.deepEqual(typing.shown(), ['> a', 3, 0]);
  });
});

describe('the rows of a line', () => {
  test('it wraps while it is typed, pasted, erased and walked through; nothing stray is left', async () => {
    const typing = begin(10);
    await typing.type('12345678');
    assert.deepEqual(typing.shown(), ['> 12345678', 0, 1]);
    await typing.type('9abcdefghijk');
    assert.deepEqual(typing.shown(), ['> 12345678\n9abcdefghi\njk', 2, 2]);
    await typing.type('{home}X');
    assert.deepEqual(typing.shown(), ['> X1234567\n89abcdefgh\nijk', 3, 0]);
    await typing.type('{end}{w}');
    assert.deepEqual(typing.shown(), ['>', 2, 0]);
  });

  test('what is written ahead of it stays: it begins where the cursor was', async () => {
    const typing = begin(10, '', 'name? ');
    await typing.type('abcdef{back}{back}{back}{left}X');
    assert.deepEqual(typing.shown(), ['name? abXc', 9, 0]);
    await typing.type('{u}');
    assert.deepEqual(typing.shown(), ['name? c', 6, 0]);
  });

  test('wide ones do not fit on the last column; Backspace over a tab and a wide one takes all of it', async () => {
    const typing = begin(10);
    await typing.type('1234567日本');
    assert.deepEqual(typing.shown(), ['> 1234567\n日本', 4, 1]);
    await typing.type('{back}{back}');
    assert.deepEqual(typing.shown(), ['> 1234567', 9, 0]);
    const tab = begin(40, '');
    await tab.type('a\tb{back}');
    assert.deepEqual(tab.shown(), ['a', 8, 0]);
    await tab.type('{back}');
    assert.deepEqual(tab.shown(), ['a', 1, 0]);
  });

  test('Enter leaves it whole, and what comes next begins below, at the edge too', async () => {
    for (const [text, row] of [
      ['123', 1],
      ['12345678', 1],
      ['123456789', 2],
    ] as const) {
      const typing = begin(10);
      await typing.type(`${text}\r`);
      assert.deepEqual(typing.shown().slice(1), [0, row]);
    }
    const middle = begin(10);
    await middle.type('123456789{home}');
    middle.editor.view.end();
    await middle.type('');
    assert.deepEqual(middle.shown().slice(1), [0, 2]);
  });

  test('another width', async () => {
    const typing = begin(20);
    await typing.type('1234567890abcdefghij');
    await typing.resize(12);
    assert.deepEqual(typing.shown()[0].split('\n').join(''), '> 1234567890abcdefghij');
    await typing.type('k');
    await typing.resize(40);
    assert.match(typing.shown()[0], /^> 1234567890abcdefghijk$/m);
  });
});
