/** Where a process's standard output and error go. */

import { basename, dirname, extname, join, resolve } from 'node:path';
import { sizeAt } from './durations.ts';
import type { Place } from './place.ts';
import type { OutputTarget } from './resolved-config.ts';
import type { ProcessSource } from './schema.ts';

/** Paths are relative to the file they stand in; `%i` stays in them, see `outputTargetOfInstance`. */
export function resolveOutput(place: Place, output: ProcessSource['stdout']): OutputTarget {
  if (typeof output === 'string') {
    if (output === 'inherit' || output === 'null' || output === 'passthrough') return { kind: output };
    if (output === '/dev/null') return { kind: 'null' };
    return {
      kind: 'file',
      path: pathAt(place, output),
      maxSizeBytes: undefined,
      maxFiles: 5,
      compress: false,
    };
  }
  return {
    kind: 'file',
    path: pathAt(place.at('file'), output.file),
    maxSizeBytes: output.max_size === undefined ? undefined : sizeAt(place.at('max_size'), output.max_size),
    maxFiles: output.max_files,
    compress: output.compress,
  };
}

function pathAt(place: Place, given: string): string {
  if (given.endsWith('/')) place.problem({ message: `${JSON.stringify(given)} is a directory, not a file` });
  return resolve(dirname(place.source.path), given);
}

/**
 * The target of one instance, so that no two write to the same file: `%i` in the path becomes its number; in a path
 * without it, instances after the first get their number before the extension, `web-2.log`.
 * @param instance number of the instance, from 1
 */
export function outputTargetOfInstance(target: OutputTarget, instance: number): OutputTarget {
  if (target.kind !== 'file') return target;
  if (target.path.includes('%i')) return { ...target, path: target.path.replaceAll('%i', String(instance)) };
  if (instance === 1 || target.path.startsWith('/dev/')) return target;
  const extension = extname(target.path);
  const name = basename(target.path, extension);
  return { ...target, path: join(dirname(target.path), `${name}-${instance}${extension}`) };
}
