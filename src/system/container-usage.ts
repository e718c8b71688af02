/** What the container as a whole uses, of what it may: read only while somebody looks. */

import { readFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import type { ContainerUsage } from '../supervisor/ports/usage.ts';
import { cgroupFolders, memoryLimit, type ReadFile } from './cgroup.ts';

const BYTES_PER_KIB = 1_024;

export interface ContainerUsagePorts {
  readonly read: ReadFile;
  /** Of the last minute. */
  readonly load: () => number;
  /** Processors that we may run on. */
  readonly processors: () => number;
}

const REAL_PORTS: ContainerUsagePorts = {
  // Files of the kernel's own never wait for a disk.
  read: (path) => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return undefined;
    }
  },
  load: () => loadavg()[0] ?? 0,
  processors: availableParallelism,
};

/** Outside a container the machine stands for it. */
export function readContainerUsage({
  read,
  load,
  processors,
}: ContainerUsagePorts = REAL_PORTS): ContainerUsage {
  const membership = read('/proc/self/cgroup') ?? '';
  const memory = cgroupFolders('memory', membership);
  const limit = memoryLimit(memory, read);
  const used = groupMemory(memory, read) ?? machineMemory(read);
  const quota = cpuQuota(cgroupFolders('cpu', membership), read);
  return {
    load: load(),
    processors: Math.min(quota ?? Number.POSITIVE_INFINITY, processors()),
    ...(used !== undefined && { memoryBytes: used }),
    ...(limit !== undefined && { memoryLimitBytes: limit }),
  };
}

/**
 * Without what the kernel can give back at once, files read long ago: as `docker stats` and the kubelet count it. At the
 * top of the tree version 2 has no such file.
 */
function groupMemory(folders: readonly string[], read: ReadFile): number | undefined {
  for (const folder of folders) {
    const used = read(join(folder, 'memory.current')) ?? read(join(folder, 'memory.usage_in_bytes'));
    if (used === undefined) continue;
    const stat = read(join(folder, 'memory.stat')) ?? '';
    // Version 1 tells both that of the group alone and that of all below it.
    const inactive = (/^total_inactive_file (\d+)$/m.exec(stat) ?? /^inactive_file (\d+)$/m.exec(stat))?.[1];
    return Math.max(0, Number(used) - Number(inactive ?? 0));
  }
  return undefined;
}

/** proc_meminfo(5) */
function machineMemory(read: ReadFile): number | undefined {
  const text = read('/proc/meminfo') ?? '';
  const [total, available] = ['MemTotal', 'MemAvailable'].map((name) =>
    Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text)?.[1] ?? Number.NaN),
  );
  const used = ((total ?? Number.NaN) - (available ?? Number.NaN)) * BYTES_PER_KIB;
  return Number.isNaN(used) ? undefined : used;
}

/** In processors: time it may take in a period (cgroup v2 cpu.max; v1 cpu.cfs_quota_us, -1 where there is none). */
function cpuQuota(folders: readonly string[], read: ReadFile): number | undefined {
  for (const folder of folders) {
    const text =
      read(join(folder, 'cpu.max')) ??
      `${read(join(folder, 'cpu.cfs_quota_us'))?.trim()} ${read(join(folder, 'cpu.cfs_period_us'))?.trim()}`;
    const [quota, period] = text.trim().split(' ').map(Number);
    if (quota !== undefined && period !== undefined && quota > 0 && period > 0) return quota / period;
  }
  return undefined;
}
