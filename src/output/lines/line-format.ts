/** How a line of a process appears in the container's output: behind the process's name, or as a line of JSON. */

import { isUtf8 } from 'node:buffer';
import type { Level } from '../../levels.ts';
import { levelOf } from '../../line-level.ts';
import type { OutputStream } from '../instance-output.ts';
import { escapeBytes, unfinishedCharacter } from './escape-bytes.ts';
import type { LineBatch } from './line-batch.ts';
import type { Labels } from './line-labels.ts';

/** @param isPart its end is yet to come. Keeps in mind what came before, for one stream of one incarnation. */
export type LineFormat = (line: Buffer, isPart: boolean, into: LineBatch) => void;

const CARRIAGE_RETURN = 13;
const ESCAPE = 27;
const NEWLINE = Buffer.from('\n');
const COLOUR_OFF_NEWLINE = Buffer.from('\x1b[0m\n');

/** The line as it is, but for a carriage return before its newline. @param labels asked for each line: a reload moves them. */
export function prefixFormat(labels: () => Labels, hasColour: boolean): LineFormat {
  let isContinued = false;
  return (line, isPart, into) => {
    const { line: first, continuation } = labels();
    into.bytes(isContinued ? continuation : first);
    into.bytes(isPart ? line : withoutReturn(line));
    // A colour that the process left on would run into the lines of others.
    into.bytes(hasColour && line.includes(ESCAPE) ? COLOUR_OFF_NEWLINE : NEWLINE);
    isContinued = isPart;
  };
}

export interface JsonSource {
  readonly process: string;
  readonly instance: string;
  readonly stream: OutputStream;
}

/** The same fields as the engine's own log, so that one reader understands both. */
export function jsonFormat(source: JsonSource, isoTime: () => string): LineFormat {
  const { process, instance, stream } = source;
  const fixed = `","event":"output",${membersOf({ process, instance, stream })}`;
  let isContinued = false;
  let level: Level | undefined;
  let held = Buffer.alloc(0);
  return (line, isPart, into) => {
    const whole = held.length === 0 ? line : Buffer.concat([held, line]);
    const cut = isPart ? unfinishedCharacter(whole) : 0;
    // A copy: the line is gone when the rest of the character comes.
    held = Buffer.from(whole.subarray(whole.length - cut));
    const bytes = isPart ? whole.subarray(0, whole.length - cut) : withoutReturn(whole);
    const isText = isUtf8(bytes);
    let text = isText ? bytes.toString('utf8') : escapeBytes(bytes);
    if (!isContinued) {
      const told = levelOf(text);
      level = told.level;
      text = told.prefixLength === 0 ? text : text.slice(told.prefixLength);
    }
    isContinued = isPart;
    const told = level === undefined ? '' : `"level":"${level}",`;
    const marks = `${isPart ? ',"partial":true' : ''}${isText ? '' : ',"binary":true'}`;
    into.text(`{${told}"time":"${isoTime()}${fixed}${marks},"msg":${JSON.stringify(text)}}\n`);
  };
}

/** `"a":"x","b":1`: what stands between the braces. */
export function membersOf(fields: object): string {
  return JSON.stringify(fields).slice(1, -1);
}

function withoutReturn(line: Buffer): Buffer {
  return line[line.length - 1] === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
}

/** Times as the log has them; most lines come in the same millisecond as the one before. */
export function isoClock(wallTime: () => number): () => string {
  let shownAt = Number.NaN;
  let shown = '';
  return () => {
    const now = wallTime();
    if (now !== shownAt) {
      shownAt = now;
      shown = new Date(now).toISOString();
    }
    return shown;
  };
}
