/** Two configurations compared by key: what a reload has to do to each process. */

import { isDeepStrictEqual } from 'node:util';
import { instanceName } from './instance-names.ts';
import { ENGINE_KEYS } from './keys/engine-keys.ts';
import { PROCESS_KEYS } from './keys/process-keys.ts';
import { type KeyValues, keyValues } from './keys/rows.ts';
import type { ProcessConfig, ResolvedConfig } from './resolved-config.ts';
import { reloadAt } from './schema/walk.ts';

/** What a reload does to one process. */
export interface ProcessChange {
  readonly process: string;
  /** `update`: the process keeps its pid. */
  readonly action: 'add' | 'remove' | 'restart' | 'update' | 'unchanged';
  /** Keys that differ, as in the file: `healthcheck.retries`, `env.PORT`. */
  readonly changed: readonly string[];
  /** There where the number of instances differs: those that come, and those that go. */
  readonly instances?: { readonly added: readonly string[]; readonly removed: readonly string[] };
}

export interface ConfigChange {
  /** Those of the old configuration in its order, then the new ones. */
  readonly plan: readonly ProcessChange[];
  /** Keys of `[engine]` that differ, as in the file: `engine.grace`. */
  readonly engineChanged: readonly string[];
  /** Those of them that only a new engine takes over. */
  readonly needsEngineRestart: readonly string[];
}

export function compareConfigs(before: ResolvedConfig, after: ResolvedConfig): ConfigChange {
  const plan: ProcessChange[] = [];
  for (const [name, old] of before.processes) {
    const next = after.processes.get(name);
    plan.push(
      next === undefined ? { process: name, action: 'remove', changed: [] } : compareProcesses(old, next),
    );
  }
  for (const name of after.processes.keys()) {
    if (!before.processes.has(name)) plan.push({ process: name, action: 'add', changed: [] });
  }
  const changed = changedKeys(keyValues(ENGINE_KEYS, before.engine), keyValues(ENGINE_KEYS, after.engine));
  const isForNewEngine = ({ path }: ChangedKey): boolean => reloadAt(['engine', ...path]) === 'new engine';
  return {
    plan,
    engineChanged: changed.map(inEngine),
    needsEngineRestart: changed.filter(isForNewEngine).map(inEngine),
  };
}

export function compareProcesses(before: ProcessConfig, after: ProcessConfig): ProcessChange {
  // Nearly always most of them are the same: compared as a whole first, a thousand take a few milliseconds.
  if (isDeepStrictEqual(before, after)) return { process: after.name, action: 'unchanged', changed: [] };
  const changed = changedKeys(keyValues(PROCESS_KEYS, before), keyValues(PROCESS_KEYS, after));
  const needsRestart = changed.some(({ path }) => reloadAt(['processes', 'NAME', ...path]) === 'restart');
  const action = changed.length === 0 ? 'unchanged' : needsRestart ? 'restart' : 'update';
  const isOtherNumber = before.instances !== after.instances;
  return {
    process: after.name,
    action,
    changed: changed.map(({ name }) => name),
    ...(isOtherNumber && { instances: compareInstances(before, after) }),
  };
}

/** Copy 1 stays what it is under any number, whatever it is called. */
function compareInstances(
  before: ProcessConfig,
  after: ProcessConfig,
): NonNullable<ProcessChange['instances']> {
  const beyond = (of: ProcessConfig, number: number): string[] =>
    Array.from({ length: of.instances }, (_, index) => index + 1)
      .filter((ordinal) => ordinal > number)
      .map((ordinal) => instanceName(of, ordinal));
  return { added: beyond(after, before.instances), removed: beyond(before, after.instances) };
}

interface ChangedKey {
  /** As in the file: `env.PORT`. */
  readonly name: string;
  readonly path: readonly string[];
}

function inEngine({ name }: ChangedKey): string {
  return `engine.${name}`;
}

/** Values are compared as JSON: they are plain data. */
function changedKeys(before: KeyValues, after: KeyValues): readonly ChangedKey[] {
  const all = new Map([...before, ...after]);
  const changed = new Map(
    [...all].filter(([name]) => asText(before.get(name)?.value) !== asText(after.get(name)?.value)),
  );
  // Where a log file is new as a whole, its rotation says nothing more.
  return [...changed]
    .filter(([, { path }]) => !changed.has(path.slice(0, -1).join('.')))
    .map(([name, { path }]) => ({ name, path }));
}

function asText(value: unknown): string {
  return (
    JSON.stringify(value, (_, child: unknown) =>
      child === Number.POSITIVE_INFINITY ? 'unlimited' : child,
    ) ?? ''
  );
}
