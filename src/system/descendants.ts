/** Who is there, by /proc. Rare work at the very end of the engine's life, hence the plain synchronous reads. */

import { readdirSync, readFileSync } from 'node:fs';

/** @returns the pids of our children, whichever of our threads they belong to; zombies included. */
export function childPids(): readonly number[] {
  try {
    return readdirSync('/proc/self/task').flatMap((thread) => readChildren(thread));
  } catch {
    // The kernel was built without CONFIG_PROC_CHILDREN.
    return allPids().filter((pid) => parentOf(pid) === process.pid);
  }
}

/** @returns every pid in our PID namespace but our own; none where /proc is not mounted. */
export function otherPids(): readonly number[] {
  return allPids().filter((pid) => pid !== process.pid);
}

function readChildren(thread: string): readonly number[] {
  return readFileSync(`/proc/self/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

function allPids(): readonly number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/** @returns undefined where it has gone in the meantime. */
function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in brackets may hold spaces and brackets itself (proc_pid_stat(5)); state and parent follow it.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}
