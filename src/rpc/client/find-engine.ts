/** Whether an engine runs although its socket does not answer, by proc(5). Only where no place answered. */

import { readdirSync, readFileSync } from 'node:fs';

/** Of more processes than this only the first are looked at. */
const MOST_PROCESSES = 4_096;

/** @returns pids of engines, the first process first. Those that cannot be seen are not told. */
export function runningEngines(proc = '/proc'): readonly number[] {
  try {
    return readdirSync(proc)
      .map(Number)
      .filter((pid) => Number.isInteger(pid) && pid > 0)
      .sort((one, other) => one - other)
      .slice(0, MOST_PROCESSES)
      .filter((pid) => isEngine(proc, pid));
  } catch {
    return [];
  }
}

/** `…/taskmaster engine start …`, or Node on the program that this becomes. */
function isEngine(proc: string, pid: number): boolean {
  try {
    const words = readFileSync(`${proc}/${pid}/cmdline`, 'utf8').split('\0');
    const at = words.indexOf('engine');
    if (at < 1 || words[at + 1] !== 'start') return false;
    const program = words[at - 1] ?? '';
    return /(^|\/)taskmaster$|(^|\/)main\.c?js$|(^|\/)main\.ts$/.test(program);
  } catch {
    return false;
  }
}

/** What to say of them: nothing where there are none. */
export function enginesInWords(pids: readonly number[]): string {
  const [first] = pids;
  if (first === undefined) return '';
  const who = first === 1 ? 'an engine runs as PID 1' : `an engine runs (pid ${pids.slice(0, 4).join(', ')})`;
  return `${who}, but its socket is not there: the engine makes it again within about a second, or at once by "kill -USR1 ${first}"; or --socket names another`;
}
