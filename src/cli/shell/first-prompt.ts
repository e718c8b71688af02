/**
 * The first prompt, and a line typed at it, without a terminal. The build runs this, so that its compiled code is kept
 * beside the bundle.
 */

import { EventEmitter } from 'node:events';
import { TerminalOwner } from '../../terminal/owner.ts';
import type { TerminalInput, TerminalOutput } from '../../terminal/ports.ts';
import type { CliIo } from '../io.ts';
import { LinePrompter } from './line-prompter.ts';

/** @returns what is shown of it */
export function firstPrompt(): string {
  let shown = '';
  const write = (text: string): void => {
    shown += text;
  };
  const nothing = (): void => {};
  const input = Object.assign(new EventEmitter(), { isTTY: true, resume: nothing, pause: nothing });
  const output = Object.assign(new EventEmitter(), { isTTY: true, columns: 80, write });
  const owner = new TerminalOwner({
    input: input as unknown as TerminalInput,
    output: output as unknown as TerminalOutput,
    show: write,
    writeNow: write,
    signals: () => nothing,
    canStop: () => false,
    stop: nothing,
    askSize: nothing,
    exit: nothing,
  });
  const prompter = new LinePrompter({ stdout: output } as unknown as CliIo, owner, {
    newestFirst: () => [],
    complete: async () => ({ words: [], current: '' }),
    onInterrupt: nothing,
    onAsking: nothing,
  });
  void prompter.next();
  input.emit('data', Buffer.from('status\r'));
  prompter.close();
  return shown;
}
