/** The groups of each process, the other way round than the configuration has them. */

import type { ResolvedConfig } from '../../config/resolved-config.ts';

export type GroupsByProcess = ReadonlyMap<string, readonly string[]>;

export function groupsByProcess({ groups }: ResolvedConfig): GroupsByProcess {
  const byProcess = new Map<string, string[]>();
  for (const [group, members] of groups) {
    for (const process of members) byProcess.set(process, [...(byProcess.get(process) ?? []), group]);
  }
  return byProcess;
}
