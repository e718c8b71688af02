/** Where an earlier engine's journal has ended, so that ids go on. Read before the first event is told. */

import { join } from 'node:path';
import { readNow } from '../files/safe-files.ts';
import { idAndTime } from './segment-index.ts';
import { segmentsIn } from './segment-name.ts';

/** More than the longest line, so that one whole line is in it. */
const TAIL_BYTES = 256 * 1024;

/** @returns 0 where there is none, or it cannot be read: then it cannot be written either, which will be told. */
export function lastIdIn(directory: string): number {
  try {
    const last = segmentsIn(directory).at(-1);
    if (last === undefined) return 0;
    return lastIdOf(join(directory, last.name)) ?? last.firstId;
  } catch {
    return 0;
  }
}

function lastIdOf(path: string): number | undefined {
  // The last line may be torn, which does not matter here: its id has been given all the same.
  const lines = readNow(path, TAIL_BYTES, 'last').toString('latin1').split('\n');
  return lines.map((line) => idAndTime(line)?.id).findLast((id) => id !== undefined);
}
