/** Where the files of our control group lie, version 2 or 1. */

import { join } from 'node:path';

/** Version 1 says `unlimited` by the largest number of pages. */
const UNLIMITED_BYTES = 2 ** 60;

export type ReadFile = (path: string) => string | undefined;

/**
 * Where our cgroup's files of a controller may lie, likeliest first: at our own path below the mount, or at its top,
 * where a container sees its own cgroup as the root (cgroup_namespaces(7)).
 * @param membership /proc/self/cgroup: lines `ID:CONTROLLERS:PATH` (cgroups(7)); version 2 has ID 0 and no controllers
 */
export function cgroupFolders(controller: 'memory' | 'cpu', membership: string): readonly string[] {
  const entries = membership.split('\n').map((line) => /^(\d+):([^:]*):(.*)$/.exec(line));
  const unified = entries.find((entry) => entry?.[1] === '0')?.[3];
  const own = entries.find((entry) => entry?.[2]?.split(',').includes(controller))?.[3];
  return [
    ...(own === undefined ? [] : [join('/sys/fs/cgroup', controller, own), `/sys/fs/cgroup/${controller}`]),
    ...(unified === undefined ? [] : [join('/sys/fs/cgroup', unified), '/sys/fs/cgroup']),
  ];
}

/** Bytes; undefined where there is none. */
export function memoryLimit(folders: readonly string[], read: ReadFile): number | undefined {
  return folders
    .flatMap((folder) => [join(folder, 'memory.max'), join(folder, 'memory.limit_in_bytes')])
    .map((file) => Number(read(file) ?? Number.NaN))
    .find((bytes) => bytes > 0 && bytes < UNLIMITED_BYTES);
}
