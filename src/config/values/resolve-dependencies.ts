/** `depends_on`, in all its forms. */

import type { Place } from '../document/place.ts';
import type { Dependency } from '../resolved-config.ts';
import type { ProcessSource } from '../schema/schema.ts';

/** A process's table where it stands. */
export interface PlacedProcess {
  readonly place: Place;
  readonly process: ProcessSource;
}

/** @param all the processes of all files: the default condition goes by the type of what is depended on. */
export function resolveDependencies(
  source: ProcessSource['depends_on'],
  all: ReadonlyMap<string, PlacedProcess>,
): readonly Dependency[] {
  return dependenciesOf(source).map(({ condition, ...dependency }) => ({
    ...dependency,
    condition: condition ?? defaultCondition(all.get(dependency.process)),
  }));
}

/** @returns names of the processes that another one depends on. */
export function neededNames(placed: ReadonlyMap<string, PlacedProcess>): ReadonlySet<string> {
  const dependencies = [...placed.values()].flatMap(({ process }) => dependenciesOf(process.depends_on));
  return new Set(dependencies.map(({ process }) => process));
}

interface DependencySource {
  readonly process: string;
  readonly condition: Dependency['condition'] | undefined;
  readonly restart: boolean;
}

/** All forms of `depends_on` as one; each name once. */
function dependenciesOf(source: ProcessSource['depends_on']): readonly DependencySource[] {
  if (source === undefined) return [];
  if (typeof source === 'string') return [{ process: source, condition: undefined, restart: false }];
  if (Array.isArray(source)) {
    return [...new Set(source)].map((process) => ({ process, condition: undefined, restart: false }));
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
