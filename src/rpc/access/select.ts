/** Which instances are meant by what somebody wrote. */

import { TaskmasterError } from '../../errors.ts';
import { isGlob, matchesPattern } from '../../name-pattern.ts';
import { nearestWord } from '../../nearest-word.ts';
import { NameMatcher } from './name-pattern.ts';

export interface InstanceName {
  readonly instance: string;
  readonly process: string;
  /** Those that the process is in. */
  readonly groups?: readonly string[] | undefined;
}

/**
 * @param known in the order of the configuration
 * @returns the instances that are meant, each once, in that order. Throws `unknown-process` for the first pattern that
 * means nothing; `all` always means something.
 */
export function selectInstances(
  patterns: readonly string[],
  known: readonly InstanceName[],
): readonly string[] {
  const matcher = new NameMatcher(patterns);
  const names = new Set(known.flatMap(({ instance, process }) => [process, instance]));
  const groups = new Set(known.flatMap((name) => name.groups ?? []));
  for (const pattern of new Set(patterns)) {
    if (pattern === 'all' || names.has(pattern) || groups.has(pattern)) continue;
    if (!isGlob(pattern) || !names.values().some((name) => matchesPattern(pattern, name)))
      throw unknownProcess(pattern, [...names, ...groups]);
  }
  return known.filter((name) => matcher.means(name)).map(({ instance }) => instance);
}

/** @returns the names with the members of a group in its place: what the journal tells of has no groups. */
export function withMembers(names: readonly string[], known: readonly InstanceName[]): readonly string[] {
  return [
    ...new Set(
      names.flatMap((name) => {
        const members = known.filter(({ groups }) => groups?.includes(name)).map(({ process }) => process);
        return members.length === 0 ? [name] : members;
      }),
    ),
  ];
}

export function unknownProcess(name: string, known: Iterable<string>): TaskmasterError {
  const suggestion = nearestWord(name, known);
  const hint = suggestion === undefined ? '' : `; did you mean ${suggestion}?`;
  const details = { name, ...(suggestion !== undefined && { suggestion }) };
  return new TaskmasterError('unknown-process', `no process is called ${name}${hint}`, { details });
}
