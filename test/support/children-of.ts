/** The children of a process of this machine (proc_pid_task_children(5)). */

import { readFileSync } from 'node:fs';

export function childrenOf(pid: number): readonly number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text.split(' ').filter(Boolean).map(Number);
  } catch {
    // Gone in the meantime.
    return [];
  }
}
