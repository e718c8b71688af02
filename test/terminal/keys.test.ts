import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { KeyReader, type Typed } from '../../src/terminal/keys.ts';

const key = (name: string): Typed => ({ kind: 'key', name });

/** The keys in pieces as the bytes came. */
function read(...pieces: readonly (string | Buffer)[]): readonly Typed[] {
  const reader = new KeyReader();
  return pieces.flatMap((piece) => [...reader.push(Buffer.from(piece as string))]);
}

describe('keys', () => {
  const cases: readonly [what: string, bytes: string, names: string[]][] = [
    ['letters, one by one', 'dG', ['d', 'G']],
    ['arrows', '\u001b[A\u001b[B', ['up', 'down']],
    ['arrows of the application mode', '\u001bOA\u001bOD', ['up', 'left']],
    ['Home and End of three families', '\u001b[H\u001b[1~\u001b[4~\u001bOF', ['home', 'home', 'end', 'end']],
    ['control keys', '\u0003\u0010\r\t\u007f ', ['ctrl-c', 'ctrl-p', 'enter', 'tab', 'backspace', 'space']],
    ['letters beyond ASCII', 'é日', ['é', '日']],
    ['a sequence nobody knows, passed over whole', '\u001b[99;5~x', ['x']],
  ];
  for (const [what, bytes, names] of cases) {
    test(what, () => assert.deepEqual(read(bytes), names.map(key)));
  }

  test('the mouse: a click and the wheel count from 0; letting go, moving and other buttons are nothing', () => {
    assert.deepEqual(
      read('\u001b[<0;1;3M\u001b[<0;1;3m', '\u001b[<2;1;1M\u001b[<35;1;1M', '\u001b[<64;200;', '60M'),
      [
        { kind: 'pointed', action: 'click', row: 2, column: 0 },
        { kind: 'pointed', action: 'wheel-up', row: 59, column: 199 },
      ],
    );
    assert.deepEqual(read('\u001b[<81;1;1M'), [{ kind: 'pointed', action: 'wheel-down', row: 0, column: 0 }]);
  });

  test('a sequence that comes byte by byte is one key', () => {
    assert.deepEqual(read('\u001b', '[', 'A'), [key('up')]);
  });

  test('a character that is split between chunks is one key', () => {
    const bytes = Buffer.from('日');
    assert.deepEqual(read(bytes.subarray(0, 1), bytes.subarray(1)), [key('日')]);
  });

  test('a lone ESC waits, and is a key when nothing follows', () => {
    const reader = new KeyReader();
    assert.deepEqual(reader.push(Buffer.from('\u001b')), []);
    assert.equal(reader.isUnsure, true);
    assert.deepEqual(reader.flush(), [key('escape')]);
    assert.equal(reader.isUnsure, false);
  });

  test('a paste is a text, not keys, however it is split', () => {
    const wanted: Typed[] = [{ kind: 'paste', text: 'quit\nq' }, key('x')];
    assert.deepEqual(read('\u001b[200~quit\nq\u001b[201~x'), wanted);
    assert.deepEqual(read('\u001b[200~qu', 'it\nq\u001b[20', '1~x'), wanted);
  });

  test('a paste without an end does not grow', () => {
    const reader = new KeyReader();
    reader.push(Buffer.from('\u001b[200~'));
    for (let times = 0; times < 100; times++) reader.push(Buffer.alloc(1_000, 'x'));
    const [typed] = reader.push(Buffer.from('\u001b[201~'));
    assert.equal(typed?.kind === 'paste' && typed.text.length, 4_096);
  });
});
