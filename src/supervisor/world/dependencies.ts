/** What each process waits for, and who waits for it. */

import type { Dependency, ProcessConfig } from '../../config/resolved-config.ts';
import type { Fact } from '../../lifecycle/events.ts';
import type { MonitorState } from '../../lifecycle/states.ts';
import { hasEndedForGood, type InstanceRecord, isBlocked } from './instance-record.ts';

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

/** What stands between an instance and its start. */
export interface Needs {
  /** Each condition that does not hold: `db to be healthy`. */
  readonly missing: readonly string[];
  /** Those that cannot hold any more, with the reason: `db to be healthy, but db has failed (…)`. */
  readonly impossible: readonly string[];
}

const WORDS: Readonly<Record<Dependency['condition'], string>> = {
  started: 'to start',
  healthy: 'to be healthy',
  completed: 'to complete',
};

export function needsOf(
  dependencies: readonly Dependency[],
  recordsOf: (process: string) => readonly InstanceRecord[],
): Needs {
  const missing: string[] = [];
  const impossible: string[] = [];
  for (const { process, condition } of dependencies) {
    const unready = recordsOf(process).filter((record) => !satisfies(record, condition));
    if (unready.length === 0) continue;
    const words = `${process} ${WORDS[condition]}`;
    const ended = unready.find((record) => hasEndedForGood(record) || isBlocked(record));
    if (ended !== undefined) impossible.push(`${words}, but ${endInWords(ended)}`);
    const idle = unready.find((record) => RESTING_WORDS[record.machine.monitor] !== undefined);
    const resting = idle === undefined ? '' : ` (${idle.name} ${RESTING_WORDS[idle.machine.monitor]})`;
    missing.push(ended === undefined ? `${words}${resting}` : words);
  }
  return { missing, impossible };
}

/** It may still come, but not by itself. */
const RESTING_WORDS: Partial<Readonly<Record<MonitorState, string>>> = {
  idle: 'was never started',
  stopped: 'is stopped',
};

function endInWords(record: InstanceRecord): string {
  const { monitor } = record.machine;
  const verb = monitor === 'blocked' ? 'cannot start' : `has ${monitor}`;
  return record.reason === null ? `${record.name} ${verb}` : `${record.name} ${verb} (${record.reason})`;
}

function satisfies(record: InstanceRecord, condition: Dependency['condition']): boolean {
  const { machine } = record;
  switch (condition) {
    case 'started':
      return [
        'listening',
        'scheduled',
        'healthcheck',
        'running',
        'poststart',
        'healthy',
        'unhealthy',
        'completed',
      ].includes(machine.monitor);
    case 'healthy':
      // A client that connects in this state is served once the process is up.
      return machine.monitor === 'healthy' || machine.monitor === 'listening';
    case 'completed':
      // Of a schedule: its last run has ended well, whatever comes of the one that is under way.
      return (
        machine.monitor === 'completed' ||
        (record.rules.schedule !== undefined && record.runs.at(-1)?.failed === false)
      );
  }
}

/** @returns what is new about what it needs, for an instance in this state. */
export function factAbout(
  { missing, impossible }: Needs,
  monitor: MonitorState,
): Extract<Fact, { kind: `dependencies${string}` }> | undefined {
  if (missing.length === 0) return { kind: 'dependenciesReady' };
  const isKnownAsBlocked = monitor === 'blocked';
  if (impossible.length > 0) return isKnownAsBlocked ? undefined : { kind: 'dependenciesFailed' };
  return isKnownAsBlocked ? { kind: 'dependenciesRevived' } : undefined;
}
