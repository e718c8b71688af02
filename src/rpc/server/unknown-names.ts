/** Names in a filter that nothing is known of. */

import { TaskmasterError } from '../../errors.ts';
import type { EnginePort } from '../access/engine-port.ts';
import { MOST_PATTERNS, NameMatcher } from '../access/name-pattern.ts';

/**
 * A filter may name what is no more as long as the events still know it; a name nobody knows is a slip.
 * @returns the complaint about the first such name, if there is one.
 */
export function* unknownAmong(
  engine: EnginePort,
  names: readonly string[] | undefined,
): Generator<undefined, TaskmasterError | undefined> {
  if (names === undefined) return undefined;
  const complaints = new Map<string, TaskmasterError>();
  const known = new Set(
    engine.names().flatMap(({ instance, process, groups = [] }) => [instance, process, ...groups]),
  );
  for (const name of new Set(names)) {
    if (known.has(name) || name === 'all') continue;
    if (complaints.size > MOST_PATTERNS) break;
    const complaint = complaintAbout(engine, name);
    if (complaint !== undefined) complaints.set(name, complaint);
    yield;
  }
  const matchers = new Map([...complaints.keys()].map((name) => [name, new NameMatcher([name])]));
  if (matchers.size === 0) return undefined;
  for (const slice of engine.journal.events(0)) {
    for (const [name, matcher] of matchers)
      if (slice.some((event) => matcher.means(event))) matchers.delete(name);
    if (matchers.size === 0) return undefined;
    yield;
  }
  const [first = ''] = matchers.keys();
  return complaints.get(first);
}

function complaintAbout(engine: EnginePort, name: string): TaskmasterError | undefined {
  try {
    engine.select([name]);
    return undefined;
  } catch (error) {
    if (error instanceof TaskmasterError) return error;
    throw error;
  }
}
