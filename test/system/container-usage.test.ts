import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readContainerUsage } from '../../src/system/container-usage.ts';

const MEMINFO = 'MemTotal:       1000 kB\nMemFree:         100 kB\nMemAvailable:    600 kB\n';

function readFrom(files: Readonly<Record<string, string>>, processors = 8) {
  return readContainerUsage({ read: (path) => files[path], load: () => 1.5, processors: () => processors });
}

test('a container of cgroup 2: memory in use without what can be given back, its limit, its share of processors', () => {
  const usage = readFrom({
    '/proc/self/cgroup': '0::/\n',
    '/sys/fs/cgroup/memory.current': '9000\n',
    '/sys/fs/cgroup/memory.max': '20000\n',
    '/sys/fs/cgroup/memory.stat': 'anon 5000\nfile 4000\ninactive_file 3000\n',
    '/sys/fs/cgroup/cpu.max': '150000 100000\n',
    '/proc/meminfo': MEMINFO,
  });
  assert.deepEqual(usage, { load: 1.5, processors: 1.5, memoryBytes: 6_000, memoryLimitBytes: 20_000 });
});

test('a container of cgroup 1', () => {
  const usage = readFrom({
    '/proc/self/cgroup': '5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n',
    '/sys/fs/cgroup/memory/memory.usage_in_bytes': '9000\n',
    '/sys/fs/cgroup/memory/memory.limit_in_bytes': '20000\n',
    '/sys/fs/cgroup/memory/memory.stat': 'inactive_file 1\ntotal_inactive_file 3000\n',
    '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '50000\n',
    '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
  });
  assert.deepEqual(usage, { load: 1.5, processors: 0.5, memoryBytes: 6_000, memoryLimitBytes: 20_000 });
});

test('without limits there are none, and at the top of the tree the machine stands for the container', () => {
  const usage = readFrom({
    '/proc/self/cgroup': '0::/\n',
    '/sys/fs/cgroup/cpu.max': 'max 100000\n',
    '/proc/meminfo': MEMINFO,
  });
  assert.deepEqual(usage, { load: 1.5, processors: 8, memoryBytes: 400 * 1_024 });
  const unlimited = {
    '/proc/self/cgroup': '5:memory:/\n4:cpu:/\n',
    '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
    '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
    '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
  };
  assert.deepEqual(readFrom(unlimited), { load: 1.5, processors: 8 });
});

test('where nothing can be read nothing is claimed', () => {
  assert.deepEqual(readFrom({}), { load: 1.5, processors: 8 });
});
