/** Which instances are meant by what somebody wrote. */

import { TaskmasterError } from '../../errors.ts';
import { nearestWord } from '../../nearest-word.ts';
import { isGlob, matchesPattern, NameMatcher } from './name-pattern.ts';

export interface InstanceName {
  readonly instance: string;
  readonly process: string;
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
  for (const pattern of new Set(patterns)) {
    if (pattern === 'all' || names.has(pattern)) continue;
    if (!isGlob(pattern) || !names.values().some((name) => matchesPattern(pattern, name)))
      throw unknownProcess(pattern, names);
  }
  return known.filter((name) => matcher.means(name)).map(({ instance }) => instance);
}

export function unknownProcess(name: string, known: Iterable<string>): TaskmasterError {
  const suggestion = nearestWord(name, known);
  const hint = suggestion === undefined ? '' : `; did you mean ${suggestion}?`;
  const details = { name, ...(suggestion !== undefined && { suggestion }) };
  return new TaskmasterError('unknown-process', `no process is called ${name}${hint}`, { details });
}
