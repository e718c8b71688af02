/** What each process waits for, and who waits for it. */

import type { Dependency, ProcessConfig } from '../config/resolved-config.ts';
import { hasEndedForGood, type InstanceRecord } from './instance-record.ts';

/** Who depends on a process, by its name. */
export function dependentsByName(processes: Iterable<ProcessConfig>): ReadonlyMap<string, readonly string[]> {
  const dependents = new Map<string, string[]>();
  for (const process of processes) {
    for (const dependency of process.dependsOn) {
      const known = dependents.get(dependency.process) ?? [];
      known.push(process.name);
      dependents.set(dependency.process, known);
    }
  }
  return dependents;
}

const WORDS: Readonly<Record<Dependency['condition'], string>> = {
  started: 'to start',
  healthy: 'to be healthy',
  completed: 'to complete',
};

/** @returns for each condition that does not hold yet, what is waited for: `db to be healthy`. */
export function unmet(
  dependencies: readonly Dependency[],
  recordsOf: (process: string) => readonly InstanceRecord[],
): readonly string[] {
  return dependencies.flatMap((dependency) => {
    const records = recordsOf(dependency.process);
    if (records.every((record) => satisfies(record, dependency.condition))) return [];
    const failed = records.some((record) => record.machine.monitor === 'failed') ? ', which has failed' : '';
    return [`${dependency.process} ${WORDS[dependency.condition]}${failed}`];
  });
}

function satisfies({ machine }: InstanceRecord, condition: Dependency['condition']): boolean {
  switch (condition) {
    case 'started':
      return ['healthcheck', 'healthy', 'unhealthy', 'completed'].includes(machine.monitor);
    case 'healthy':
      return machine.monitor === 'healthy';
    case 'completed':
      return machine.monitor === 'completed';
  }
}

/**
 * True where the instance waits for something that, as things are, can never come: a dependency that ended for
 * good without meeting the condition, or that is itself blocked so.
 */
export function isBlockedForGood(
  record: InstanceRecord,
  recordsOf: (process: string) => readonly InstanceRecord[],
): boolean {
  if (record.machine.monitor !== 'waiting') return false;
  return record.process.dependsOn.some((dependency) =>
    recordsOf(dependency.process).some(
      (other) =>
        (hasEndedForGood(other) && !satisfies(other, dependency.condition)) ||
        isBlockedForGood(other, recordsOf),
    ),
  );
}
