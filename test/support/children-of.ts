/** The children of a process of this machine (proc_pid_task_children(5)). */

import { readdirSync, readFileSync } from 'node:fs';

export function childrenOf(pid: number): readonly number[] {
  try {
    const lists = readdirSync(`/proc/${pid}/task`).map((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8'),
    );
    return lists.flatMap((text) => text.split(' ').filter(Boolean).map(Number));
  } catch {
    // Gone in the meantime.
    return [];
  }
}
