/** Who is there, by /proc. */

import { readdirSync } from 'node:fs';

/** @returns every pid in our PID namespace but our own; none where /proc is not mounted. */
export function otherPids(): readonly number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => pid !== process.pid);
  } catch {
    return [];
  }
}
