import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isAnswered, PastLines, SequenceFilter } from '../../src/terminal/filters.ts';
import { emulator } from '../support/screen.ts';

/** What terminals answer as if somebody typed. */
const QUERIES: Readonly<Record<string, string>> = {
  DA1: '\u001b[c',
  'DA1 with a parameter': '\u001b[0c',
  DA2: '\u001b[>c',
  DA3: '\u001b[=c',
  DECID: '\u001bZ',
  'DSR, status': '\u001b[5n',
  'DSR, cursor': '\u001b[6n',
  'DSR, private': '\u001b[?6n',
  'DSR, colour scheme': '\u001b[?996n',
  DECRQM: '\u001b[?2026$p',
  'DECRQM, ANSI': '\u001b[4$p',
  XTVERSION: '\u001b[>0q',
  'kitty keyboard': '\u001b[?u',
  'window size': '\u001b[14t',
  title: '\u001b[21t',
  DECREQTPARM: '\u001b[x',
  DECRQSS: '\u001bP$qm\u001b\\',
  XTGETTCAP: '\u001bP+q544e\u001b\\',
  'colour 4': '\u001b]4;1;?\u0007',
  foreground: '\u001b]10;?\u001b\\',
  background: '\u001b]11;?\u0007',
  cursor: '\u001b]12;?\u0007',
  clipboard: '\u001b]52;c;?\u0007',
  'through tmux': '\u001bPtmux;\u001b\u001b[c\u001b\\',
  'image, asked about': '\u001b_Gi=1,a=q;AAAA\u001b\\',
  ENQ: '\u0005',
  'as C1 in UTF-8': '\u009bc',
  'OSC as C1 in UTF-8': '\u009d11;?\u009c',
};

/** Terminals carry out a control within a sequence, or pass over it, and go on with the sequence. */
const BROKEN: Readonly<Record<string, string>> = {
  'a control within': '\u001b[6\u0001n',
  'DEL within': '\u001b[6\u007fn',
  'a newline behind ESC': '\u001b\n[6n',
  'ESC twice': '\u001b\u001b[6n',
  'one that is left out within another': '\u001b\u001b[6n[6n',
  'a title that is not ended': '\u001b]0;a\u001b[6n',
};

const asked = (): SequenceFilter => new SequenceFilter((piece) => !isAnswered(piece));

function past(): SequenceFilter {
  const lines = new PastLines();
  return new SequenceFilter((piece) => lines.keeps(piece));
}

describe('what a terminal answers is left out, in one piece and byte by byte', () => {
  for (const [name, query] of Object.entries(QUERIES)) {
    test(name, () => {
      const bytes = Buffer.from(`before${query}after`);
      for (const make of [asked, past]) {
        assert.equal(make().push(bytes).toString(), 'beforeafter');
        const filter = make();
        const parts = Array.from(bytes, (byte) => filter.push(Buffer.of(byte)));
        assert.equal(Buffer.concat(parts).toString(), 'beforeafter');
      }
    });
  }

  test('an emulator has nothing to say to what is left of all of them together', async () => {
    const terminal = emulator(80, 24);
    let answers = '';
    terminal.onData((text) => {
      answers += text;
    });
    const all = Buffer.from(Object.values(QUERIES).join('x'));
    await new Promise<void>((done) => terminal.write(all, done));
    assert.notEqual(answers, '', 'it answers otherwise');
    answers = '';
    await new Promise<void>((done) => terminal.write(asked().push(all), done));
    assert.equal(answers, '');
  });
});

describe('no answer comes of what is broken, either', () => {
  for (const [name, text] of Object.entries(BROKEN)) {
    test(name, async () => {
      for (const make of [asked, past]) {
        const terminal = emulator(80, 24);
        let answers = '';
        terminal.onData((answer) => {
          answers += answer;
        });
        const kept = make().push(Buffer.from(`${text} and on`));
        await new Promise<void>((done) => terminal.write(kept, done));
        assert.equal(answers, '');
        assert.match(kept.toString(), / and on$/);
      }
    });
  }
});

test('what asks nothing passes as it is, bytes that are no UTF-8 too', () => {
  const shown = Buffer.concat([
    Buffer.from(
      'é日⛔\u001b[31mred\u001b[0m\u001b[2J\u001b[?1049h\u001b]0;title\u0007\r\n\u001b(B\u001b7\u001b[4;5r',
    ),
    Buffer.of(0xe9, 0xc2, 0x20, 0xff),
  ]);
  assert.deepEqual(asked().push(shown), shown);
});

test('of the past, lines are left, and nothing of the alternate screen', () => {
  const written =
    'one\r\n\u001b[32mtwo\u001b[0m\r\n\u001b[?1049h\u001b[2J\u001b[Hvim\u001b[?1049l$ ls\b\b\u001b[K\u001b[5;1Hx';
  assert.equal(
    past().push(Buffer.from(written)).toString(),
    'one\r\n\u001b[32mtwo\u001b[0m\r\n$ ls\b\b\u001b[Kx',
  );
});

test('a string without an end is not held for ever', () => {
  const filter = asked();
  for (let times = 0; times < 100; times++) filter.push(Buffer.alloc(1_000, '\u001b]0;x'));
  const kept = filter.push(Buffer.from('\u0007shown'));
  assert.match(kept.toString(), /shown$/);
});
