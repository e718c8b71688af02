/** `include`: more files, by path or glob. */

import { dirname, join, resolve } from 'node:path';
import type { ConfigFiles } from './config-ports.ts';

/** @returns true for a pattern rather than a path. */
export function isGlob(text: string): boolean {
  return /[*?[]/.test(text);
}

/**
 * Files that a path or glob names, in alphabetical order. `*` and `?` stand for characters of one name but a leading
 * dot, `[a-z]` and `[!a-z]` for one of a set; a pattern may stand in any part of the path.
 * @param pattern relative to `directory`, or absolute
 */
export function expandGlob(pattern: string, directory: string, files: ConfigFiles): readonly string[] {
  const parts = resolve(directory, pattern).split('/').slice(1);
  let found: readonly string[] = ['/'];
  for (const [index, part] of parts.entries()) {
    if (!isGlob(part)) {
      found = found.map((path) => join(path, part));
      // A path after a pattern may lead nowhere in some of the directories.
      if (index === parts.length - 1 && found.length > 0 && isGlob(pattern)) {
        found = found.filter((path) => files.list(dirname(path)).includes(part));
      }
      continue;
    }
    const expression = globPart(part);
    found = found.flatMap((path) =>
      files
        .list(path)
        .filter((name) => expression.test(name) && (part.startsWith('.') || !name.startsWith('.')))
        .sort()
        .map((name) => join(path, name)),
    );
  }
  return found;
}

function globPart(part: string): RegExp {
  const source = part.replace(
    /\*+|\?|\[(!?)([^\]]+)\]|[\\^$.|+(){}[\]]/g,
    (whole, not, set: string | undefined) => {
      if (whole.startsWith('*')) return '[^/]*';
      if (whole === '?') return '[^/]';
      if (set === undefined) return `\\${whole}`;
      return `[${not === '!' ? '^' : ''}${set.replace(/[\\\]^]/g, '\\$&')}]`;
    },
  );
  try {
    return new RegExp(`^${source}$`, 'u');
  } catch {
    // A set such as [z-a] matches nothing.
    return /^\b$/;
  }
}
