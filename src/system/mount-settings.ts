/** How a process sees the file system, in the order in which the child sets it up. */

import type { MountSettings } from '../config/resolved-config.ts';
import type { NativeSpawnRequest } from './native.ts';

const READ_ONLY = 0;
const PRIVATE = 1;
const INACCESSIBLE = 2;
const ROOT = 3;
/** An image may have no /var/tmp. */
const TEMPORARY = ['/tmp', '-/var/tmp'];

/** A private /tmp below a read-only / can be written to; what is inaccessible is so below both. */
export function nativeMounts(
  settings: MountSettings | undefined,
): Pick<NativeSpawnRequest, 'mounts' | 'mountKinds'> {
  if (settings === undefined) return {};
  const { readOnly = [], privateTmp = false, inaccessible = [], root } = settings;
  const all = [
    ...readOnly.map((path) => [path, READ_ONLY] as const),
    ...(privateTmp ? TEMPORARY : []).map((path) => [path, PRIVATE] as const),
    ...inaccessible.map((path) => [path, INACCESSIBLE] as const),
    ...(root === undefined ? [] : [[root, ROOT] as const]),
  ];
  return { mounts: all.map(([path]) => path), mountKinds: all.map(([, kind]) => kind) };
}
