/** A terminal that nobody sits at, for warm-up.ts: taskboard draws on it until its keys are typed. */

import { EventEmitter } from 'node:events';
import { openSync } from 'node:fs';

/** Long enough that the first screen is drawn before each key. */
const PAUSE_MS = 100;

export function takeTerminal(keys: readonly string[]): void {
  const input = Object.assign(new EventEmitter(), {
    isTTY: true,
    setRawMode: () => {},
    resume: () => {},
    pause: () => {},
  });
  const output = Object.assign(new EventEmitter(), {
    isTTY: true,
    columns: 80,
    rows: 24,
    fd: openSync('/dev/null', 'w'),
  });
  Object.defineProperty(process, 'stdin', { value: input, configurable: true });
  Object.defineProperty(process, 'stdout', { value: output, configurable: true });
  for (const [index, key] of keys.entries()) {
    setTimeout(() => input.emit('data', Buffer.from(key)), PAUSE_MS * (index + 1));
  }
}
