/** `depends_on`, in all its forms. */

import type { Place } from '../document/place.ts';
import type { Dependency } from '../resolved-config.ts';
import type { ProcessSource } from '../schema/schema.ts';
import type { Groups } from './groups.ts';
import type { PlacedProcess } from './placed-process.ts';

/**
 * @param name of the process: a group that it is in does not make it depend on itself.
 * @param all the processes of all files: the default condition goes by the type of what is depended on.
 */
export function resolveDependencies(
  name: string,
  source: ProcessSource['depends_on'],
  all: ReadonlyMap<string, PlacedProcess>,
  groups: Groups,
): readonly Dependency[] {
  return dependenciesOf(name, source, groups).map(({ condition, ...dependency }) => ({
    ...dependency,
    condition: condition ?? defaultCondition(all.get(dependency.process)),
  }));
}

/** @returns names of the processes that another one depends on. */
export function neededNames(placed: ReadonlyMap<string, PlacedProcess>, groups: Groups): ReadonlySet<string> {
  const dependencies = [...placed].flatMap(([name, { process }]) =>
    dependenciesOf(name, process.depends_on, groups),
  );
  return new Set(dependencies.map(({ process }) => process));
}

/** @returns where a process says that it depends on another one, be it by a group. */
export function placeOfDependency({ place, process }: PlacedProcess, name: string, groups: Groups): Place {
  const source = process.depends_on;
  const at = place.at('depends_on');
  if (source === undefined || typeof source === 'string') return at;
  const words: readonly string[] = Array.isArray(source) ? source : Object.keys(source);
  const own = words.indexOf(name);
  const index = own === -1 ? words.findIndex((word) => groups.get(word)?.includes(name)) : own;
  return at.at(Array.isArray(source) ? index : (words[index] ?? name));
}

interface DependencySource {
  readonly process: string;
  readonly condition: Dependency['condition'] | undefined;
  readonly restart: boolean;
}

/** Each process once: what is said of it by name comes before what is said of its group. */
function dependenciesOf(
  name: string,
  source: ProcessSource['depends_on'],
  groups: Groups,
): readonly DependencySource[] {
  const given = wordsOf(source);
  const byName = new Map<string, DependencySource>();
  for (const one of given) {
    for (const process of groups.get(one.process) ?? []) {
      if (process !== name) byName.set(process, { ...one, process });
    }
  }
  for (const one of given) if (!groups.has(one.process)) byName.set(one.process, one);
  return [...byName.values()];
}

/** All forms of `depends_on` as one, groups as they are. */
function wordsOf(source: ProcessSource['depends_on']): readonly DependencySource[] {
  if (source === undefined) return [];
  if (typeof source === 'string') return [{ process: source, condition: undefined, restart: false }];
  if (Array.isArray(source)) {
    return source.map((process) => ({ process, condition: undefined, restart: false }));
  }
  return Object.entries(source).map(([process, wanted]) =>
    typeof wanted === 'string'
      ? { process, condition: asCondition(wanted), restart: false }
      : { process, condition: wanted.condition, restart: wanted.restart },
  );
}

function defaultCondition(dependency: PlacedProcess | undefined): Dependency['condition'] {
  return dependency?.process.type === 'oneshot' ? 'completed' : 'healthy';
}

function asCondition(text: string): Dependency['condition'] | undefined {
  return (['started', 'healthy', 'completed'] as const).find((condition) => condition === text);
}
