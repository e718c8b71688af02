/** What /proc says of one process: of its place among others, when it started, and the mark of its family. */

import { readFileSync } from 'node:fs';

export interface ProcessSighting {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Clock ticks since boot (proc_pid_stat(5)). */
  readonly startTime: number;
  /** And not collected yet. */
  readonly isDead: boolean;
}

/** Field 22 of proc_pid_stat(5), counted from the state, which is field 3. */
const START_TIME = 19;

/** @param stat the text of /proc/PID/stat. */
export function sightingOf(pid: number, stat: string): ProcessSighting {
  // The name in brackets may hold spaces and brackets itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, parent, group, session] = fields;
  return {
    pid,
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    startTime: Number(fields[START_TIME]),
    isDead: state === 'Z' || state === 'X',
  };
}

/** By prlimit(2); 0: none, -1: not for us to ask. */
export type ReadMark = (pid: number) => number;

/** @returns the mark of any process; 0 where it has none. */
export function readMark(pid: number, byCall: ReadMark, proc = '/proc'): number {
  const mark = byCall(pid);
  if (mark >= 0) return mark;
  try {
    const limits = readFileSync(`${proc}/${pid}/limits`, 'utf8');
    return Number(/^Max file locks +(\d+)/m.exec(limits)?.[1] ?? 0);
  } catch {
    return 0;
  }
}
