/** Names as people write them for a filter: exact, or with `*` (any text) and `?` (any one character). */

import { TaskmasterError } from '../../errors.ts';
import { isGlob, matchesPattern } from '../../name-pattern.ts';

/** Of those with `*` or `?`: each is held against every name, and a name written out is only looked up. */
export const MOST_PATTERNS = 32;
/** More names than instances ever were; then what is known of them is found out again. */
const MOST_REMEMBERED = 8_192;

/** What a name may be: of an instance, of the process it belongs to, and of the groups that is in. */
export interface Named {
  readonly instance?: string;
  readonly process?: string;
  readonly groups?: readonly string[] | undefined;
}

/**
 * Names and patterns made ready: a name written out is looked up, stars in a row are one, and what was found of a
 * name is remembered, so that each is matched once however many entries tell of it.
 */
export class NameMatcher {
  readonly #names: ReadonlySet<string>;
  readonly #globs: readonly string[];
  readonly #meansAll: boolean;
  readonly #known = new Map<string, boolean>();

  /** Throws `bad-arguments` where there are more patterns than anyone needs. */
  constructor(patterns: readonly string[], mostPatterns = MOST_PATTERNS) {
    const distinct = new Set(patterns.map(withoutDoubledStars));
    this.#meansAll = distinct.has('all') || distinct.has('*');
    this.#names = new Set([...distinct].filter((pattern) => !isGlob(pattern)));
    this.#globs = [...distinct].filter(isGlob);
    if (this.#globs.length <= mostPatterns) return;
    const message = `${this.#globs.length} different patterns with * or ?; at most ${mostPatterns} are taken`;
    throw new TaskmasterError('bad-arguments', message);
  }

  /**
   * True where one of the patterns means this instance, by its own name or its process's; `all` means every one. A group
   * is meant by its whole name only: a pattern would mean processes that nobody thought of.
   */
  means({ instance, process, groups }: Named): boolean {
    if (this.#meansAll || groups?.some((group) => this.#names.has(group)) === true) return true;
    return (instance !== undefined && this.#has(instance)) || (process !== undefined && this.#has(process));
  }

  #has(name: string): boolean {
    if (this.#names.has(name)) return true;
    if (this.#globs.length === 0) return false;
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const found = this.#globs.some((glob) => matchesPattern(glob, name));
    if (this.#known.size >= MOST_REMEMBERED) this.#known.clear();
    this.#known.set(name, found);
    return found;
  }
}

function withoutDoubledStars(pattern: string): string {
  return pattern.includes('**') ? pattern.replace(/\*{2,}/g, '*') : pattern;
}

/** For the odd one; who asks for many names makes a `NameMatcher`. */
export function meansInstance(patterns: readonly string[], names: Named): boolean {
  return patterns.some(
    (pattern) =>
      pattern === 'all' ||
      (names.instance !== undefined && matchesPattern(pattern, names.instance)) ||
      (names.process !== undefined && matchesPattern(pattern, names.process)),
  );
}
