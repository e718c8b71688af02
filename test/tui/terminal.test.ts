import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { closeSync, readSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { TerminalOwner } from '../../src/terminal/owner.ts';
import { type BoardOutput, Terminal } from '../../src/tui/ends/terminal.ts';
import { eventually } from '../support/eventually.ts';
import { openPipe } from '../support/pipe.ts';

test('one that took nothing when it was lent takes frames again when it is back, and none of the old', async (t) => {
  const { readFd, writeFd: fd } = openPipe();
  t.after(() => {
    closeSync(readFd);
    closeSync(fd);
  });
  const taken = (): string => {
    const bytes = Buffer.alloc(1_048_576);
    try {
      return bytes.toString('latin1', 0, readSync(readFd, bytes));
    } catch {
      return '';
    }
  };
  const output = Object.assign(new EventEmitter(), {
    fd,
    columns: 80,
    rows: 24,
    write: () => true,
  }) as unknown as BoardOutput;
  const owner = new TerminalOwner({
    input: Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} }),
    output,
    fd,
    show: () => {},
    writeNow: () => {},
    signals: () => () => {},
    canStop: () => false,
    stop: () => {},
    askSize: () => {},
    exit: () => {},
  });
  const none = (): void => {};
  const terminal = new Terminal(owner, output, {
    onTyped: none,
    onResize: none,
    onReady: none,
    onLeave: none,
  });
  t.after(() => terminal.close());
  terminal.open();
  // More than a pipe holds: the rest waits.
  terminal.write('o'.repeat(200_000));
  let seen = '';
  await eventually(() => {
    seen += taken();
    return seen.includes('o'.repeat(1_000));
  });
  terminal.lend();
  terminal.takeBack();
  assert.equal(terminal.isReady, true);
  while (taken() !== '') {}
  terminal.write('new');
  let after = '';
  await eventually(() => {
    after += taken();
    return after.includes('new');
  });
  await eventually(() => terminal.isReady);
  assert.doesNotMatch(after, /o/);
});
