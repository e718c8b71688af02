import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { closeSync, readSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import type { ReadStream } from 'node:tty';
import { Terminal, type TerminalOutput } from '../../src/tui/terminal.ts';
import { eventually } from '../support/eventually.ts';
import { openPipe } from '../support/pipe.ts';

test('one that took nothing when it was closed takes frames again when it is opened, and none of the old', async (t) => {
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
  const input = Object.assign(new PassThrough(), { setRawMode: () => {} }) as unknown as ReadStream;
  const output = Object.assign(new EventEmitter(), {
    fd,
    columns: 80,
    rows: 24,
  }) as unknown as TerminalOutput;
  const none = (): void => {};
  const terminal = new Terminal(input, output, {
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
  terminal.close();
  terminal.open();
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
