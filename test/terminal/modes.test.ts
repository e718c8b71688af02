import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type headless from '@xterm/headless';
import { ModeTracker } from '../../src/terminal/modes.ts';
import { emulator } from '../support/screen.ts';

/** What programs set, in pieces as they come; undone, a terminal is as it was. */
const SET: Readonly<Record<string, readonly string[]>> = {
  vim: [
    '\u001b[?1049h\u001b[22;0;0t\u001b[>4;2m\u001b[?1h\u001b=\u001b[?2004h\u001b[?1004h',
    '\u001b[?1006;1000h',
  ],
  'a cursor that is hidden, in two pieces': ['\u001b[?2', '5l'],
  'several modes in one': ['\u001b[?1;25;1002;2004h\u001b[?25;7l'],
  'insert, a region, another charset': ['\u001b[4h\u001b[5;10r\u001b(0\u000e'],
  'colours, and a link': ['\u001b[1;31m\u001b]8;;http://a\u0007text'],
  'a sequence that has no end': ['\u001b[?25l\u001b]0;title'],
};

const written = (terminal: headless.Terminal, text: string): Promise<void> =>
  new Promise((done) => terminal.write(text, done));

/** How a terminal looks that is written to. */
async function looksAfter(...texts: readonly string[]): Promise<unknown> {
  const terminal = emulator(40, 12);
  for (const text of texts) await written(terminal, text);
  await written(terminal, '\r\n\u001b[Kq');
  const { active } = terminal.buffer;
  const cell = active.getLine(active.baseY + active.cursorY)?.getCell(0);
  type Inner = { readonly _core: { readonly coreService: { readonly isCursorHidden: boolean } } };
  return {
    modes: { ...terminal.modes },
    type: active.type,
    shown: cell?.getChars(),
    isPlain: cell?.isFgDefault() && cell.isBold() === 0,
    isHidden: (terminal as unknown as Inner)._core.coreService.isCursorHidden,
  };
}

describe('what a program has set is undone', () => {
  for (const [name, pieces] of Object.entries(SET)) {
    test(name, async () => {
      const tracker = new ModeTracker();
      for (const piece of pieces) tracker.push(Buffer.from(piece));
      assert.deepEqual(await looksAfter(...pieces, tracker.undo()), await looksAfter());
    });
  }

  test('and set again', async () => {
    const [vim = []] = Object.values(SET);
    const tracker = new ModeTracker();
    for (const piece of vim) tracker.push(Buffer.from(piece));
    assert.deepEqual(await looksAfter(...vim, tracker.undo(), tracker.redo()), await looksAfter(...vim));
  });
});

test('nothing is undone where nothing is set, or where the program has put it back', () => {
  const tracker = new ModeTracker();
  assert.equal(tracker.undo(), '');
  tracker.push(Buffer.from('\u001b[?1049h\u001b[?25l\u001b[?1000h\u001b=\u001b[31m\u001b[2;3r\u001b[>1u'));
  tracker.push(Buffer.from('\u001b[<u\u001b[r\u001b[m\u001b>\u001b[?1000l\u001b[?25h\u001b[?1049l'));
  assert.equal(tracker.undo(), '');
  tracker.push(Buffer.from('\u001b[?25l\u001bc'));
  assert.equal(tracker.undo(), '', 'a full reset');
});

test('the alternate screen goes last', () => {
  const tracker = new ModeTracker();
  tracker.push(Buffer.from('\u001b[?1049h\u001b[?25l'));
  assert.equal(tracker.undo(), '\u001b[?25h\u001b[?1049l');
});
