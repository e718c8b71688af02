/** `profiles`: which of the configured processes are there. */

import { nearestWord } from '../../nearest-word.ts';
import type { PlacedProcess } from '../values/placed-process.ts';

type Placed = ReadonlyMap<string, PlacedProcess>;

/** @returns the profiles that TASKMASTER_PROFILES chooses: names with commas or spaces between them. */
export function profilesOf(environment: Readonly<Record<string, string | undefined>>): readonly string[] {
  return (environment.TASKMASTER_PROFILES ?? '').split(/[\s,]+/).filter((name) => name !== '');
}

/** @returns the processes that have no `profiles`, or a chosen one. */
export function inProfiles(all: Placed, chosen: readonly string[]): Placed {
  const isThere = ({ process }: PlacedProcess): boolean => {
    const profiles = profilesOfProcess(process);
    return profiles === undefined || profiles.some((name) => chosen.includes(name));
  };
  return new Map([...all].filter(([, placed]) => isThere(placed)));
}

/** @returns a sentence for each chosen profile that no process has. */
export function unknownProfiles(all: Placed, chosen: readonly string[]): readonly string[] {
  const known = new Set([...all.values()].flatMap(({ process }) => profilesOfProcess(process) ?? []));
  return chosen
    .filter((name) => !known.has(name))
    .map((name) => {
      const near = nearestWord(name, known);
      const hint = near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`;
      return `no process has the profile ${JSON.stringify(name)}${hint}`;
    });
}

/** What is no list of names is reported by the schema; such a process counts as always there. */
export function profilesOfProcess({ profiles }: PlacedProcess['process']): readonly string[] | undefined {
  return Array.isArray(profiles) ? profiles : undefined;
}
