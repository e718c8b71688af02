/** One event as a line for people: time, level, sentence. */

import { HARMFUL } from '../harmful-characters.ts';
import type { Level } from '../levels.ts';
import { type EngineEvent, sentenceFor } from '../wire/engine-event.ts';

const COLOURS: Readonly<Record<Level, string>> = {
  trace: '\x1b[2m',
  debug: '\x1b[2m',
  info: '\x1b[32m',
  warn: '\x1b[33m',
  error: '\x1b[31m',
  fatal: '\x1b[1;31m',
};

export function prettyLine(event: EngineEvent, hasColour: boolean): string {
  const clock = new Date(event.time).toISOString().slice(11, 23);
  const level = event.level.padEnd(5);
  const painted = hasColour
    ? `\x1b[2m${clock}\x1b[0m ${COLOURS[event.level]}${level}\x1b[0m`
    : `${clock} ${level}`;
  // A name or a message from outside must not be able to write to the terminal what it likes.
  const sentence = sentenceFor(event)
    .replace(HARMFUL, '·')
    .replace(/[\t\n]/g, '·');
  return `${painted} ${sentence}\n`;
}
