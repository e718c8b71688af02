/** `read_only_paths`, `inaccessible_paths`, `private_tmp` and `chroot`: how a process sees the file system. */

import { dirname, resolve } from 'node:path';
import type { OwnPrivileges } from '../document/config-ports.ts';
import type { Place } from '../document/place.ts';
import type { MountSettings } from '../resolved-config.ts';
import type { ProcessSource } from '../schema/schema.ts';

type Key = 'read_only_paths' | 'inaccessible_paths' | 'private_tmp' | 'chroot';

/** @param place of the process's table */
export function resolveMounts(
  place: Place,
  process: ProcessSource,
  self: OwnPrivileges,
): { readonly mounts?: MountSettings } {
  const {
    read_only_paths: readOnly,
    inaccessible_paths: inaccessible,
    private_tmp: privateTmp,
    chroot,
  } = process;
  if (readOnly === undefined && inaccessible === undefined && !privateTmp && chroot === undefined) return {};
  const needs = (key: Key, capability: string): void => {
    if (self.capabilities.has(capability)) return;
    place.at(key).problem({
      message: `cannot be given: taskmaster runs without ${capability}`,
      hint: `start the container with --cap-add ${capability.slice('CAP_'.length)}, or use landlock, which needs no privilege`,
    });
  };
  if (readOnly !== undefined) needs('read_only_paths', 'CAP_SYS_ADMIN');
  if (inaccessible !== undefined) needs('inaccessible_paths', 'CAP_SYS_ADMIN');
  if (privateTmp) needs('private_tmp', 'CAP_SYS_ADMIN');
  if (chroot !== undefined) needs('chroot', 'CAP_SYS_CHROOT');
  return {
    mounts: {
      ...(readOnly && { readOnly: pathsAt(place.at('read_only_paths'), readOnly) }),
      ...(inaccessible && { inaccessible: pathsAt(place.at('inaccessible_paths'), inaccessible) }),
      ...(privateTmp && { privateTmp }),
      ...(chroot !== undefined && { root: resolve(dirname(place.at('chroot').source.path), chroot) }),
    },
  };
}

/** Relative to the file that they are written in; a leading `-` stays. */
export function pathsAt(place: Place, paths: readonly string[]): readonly string[] {
  return paths.map((text, index) => {
    const at = place.at(index);
    const isOptional = text.startsWith('-');
    const path = isOptional ? text.slice(1) : text;
    if (path === '') at.problem({ message: 'found "-"', expected: 'a path' });
    const absolute = resolve(dirname(at.source.path), path);
    return isOptional ? `-${absolute}` : absolute;
  });
}
