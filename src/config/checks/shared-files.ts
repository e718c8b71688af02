/** Streams that lead to the same file: it is opened once, so only one set of rules can hold. */

import type { OutputTarget, ProcessConfig } from '../resolved-config.ts';
import type { PlacedProcess } from '../values/placed-process.ts';

type FileTarget = Extract<OutputTarget, { readonly kind: 'file' }>;

/** Warns if two that share a file ask for different rules. */
export function checkSharedFiles(
  processes: ReadonlyMap<string, ProcessConfig>,
  placed: ReadonlyMap<string, PlacedProcess>,
): void {
  const first = new Map<string, { readonly name: string; readonly target: FileTarget }>();
  for (const { name, stdout, stderr } of processes.values()) {
    for (const [stream, target] of Object.entries({ stdout, stderr })) {
      if (target.kind !== 'file' || target.path.includes('%i')) continue;
      const known = first.get(target.path);
      if (known === undefined) first.set(target.path, { name, target });
      else if (rulesOf(known.target) !== rulesOf(target)) {
        const whose = known.name === name ? 'those of stdout apply' : 'those of the one started last apply';
        const other = known.name === name ? 'stdout' : known.name;
        placed
          .get(name)
          ?.place.at(stream)
          .warning(`${other} writes to ${target.path} as well, with other rules for the file; ${whose}`);
      }
    }
  }
}

/** `shared` is about the path only. */
function rulesOf({ isShared, ...rules }: FileTarget): string {
  return JSON.stringify(Object.entries(rules).sort());
}
