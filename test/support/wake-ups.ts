/** How often a program is woken while nothing happens, counted by the kernel. */

import { readdirSync, readFileSync } from 'node:fs';

/** By thread. */
function wakeUps(pid: number): ReadonlyMap<string, number> {
  const counts = readdirSync(`/proc/${pid}/task`).map((task) => {
    const status = readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8');
    return [task, Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(status)?.[1])] as const;
  });
  return new Map(counts);
}

/** Of all its threads, in this time from now. */
export async function wakeUpsWithin(pid: number, ms: number): Promise<number> {
  const before = wakeUps(pid);
  await new Promise((done) => setTimeout(done, ms));
  return [...wakeUps(pid)].reduce((sum, [task, count]) => sum + count - (before.get(task) ?? 0), 0);
}
