import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExitStatus } from '../../src/lifecycle/exit-outcome.ts';
import { ContainerMemory } from '../../src/system/container-memory.ts';

const KILLED: ExitStatus = { how: 'signalled', signal: 'SIGKILL', core: false };
const VERSION_2 = {
  '/proc/self/cgroup': '0::/\n',
  '/proc/self/oom_score_adj': '0\n',
  '/sys/fs/cgroup/memory.events': 'low 0\nhigh 0\nmax 3\noom 1\noom_kill 0\n',
  '/sys/fs/cgroup/memory.max': '536870912\n',
};

/** A file system that is a table. */
class Machine {
  readonly files: Map<string, string>;
  readonly written: string[] = [];
  isReadOnly = false;
  now = 0;
  readonly memory: ContainerMemory;

  constructor(files: Readonly<Record<string, string>>, options: { readonly readOnly?: boolean } = {}) {
    this.files = new Map(Object.entries(files));
    this.isReadOnly = options.readOnly ?? false;
    this.memory = new ContainerMemory({
      read: (path) => {
        const text = this.files.get(path);
        if (text === undefined) throw new Error('ENOENT');
        return text;
      },
      write: (path, text) => {
        if (this.isReadOnly) throw new Error('EROFS');
        this.written.push(`${path}=${text}`);
      },
      now: () => this.now,
    });
  }

  kills(count: number, path = '/sys/fs/cgroup/memory.events'): void {
    this.files.set(path, `oom 1\noom_kill ${count}\n`);
  }
}

test('a KILL is laid at the door of memory only where the counter of such kills grew', () => {
  const machine = new Machine(VERSION_2);
  assert.deepEqual(machine.memory.explain(KILLED), KILLED);
  machine.kills(1);
  assert.deepEqual(machine.memory.explain(KILLED), { ...KILLED, oom: true });
  assert.deepEqual(machine.memory.explain(KILLED), KILLED);
});

test('each of two that were killed together is told so, and no third', () => {
  const machine = new Machine(VERSION_2);
  machine.kills(2);
  const told = [1, 2, 3].map(() => machine.memory.explain(KILLED));
  assert.deepEqual(told, [{ ...KILLED, oom: true }, { ...KILLED, oom: true }, KILLED]);
});

test('a kill of a grandchild does not explain a death much later', () => {
  const machine = new Machine(VERSION_2);
  machine.kills(1);
  const shell: ExitStatus = { how: 'exited', code: 137 };
  assert.deepEqual(machine.memory.explain(shell), shell);
  machine.now = 5_000;
  assert.deepEqual(machine.memory.explain(KILLED), KILLED);
});

test('other ends than by KILL are left as they are', () => {
  const machine = new Machine(VERSION_2);
  machine.kills(1);
  const crashed: ExitStatus = { how: 'signalled', signal: 'SIGSEGV', core: true };
  assert.deepEqual(machine.memory.explain(crashed), crashed);
});

const LAYOUTS: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
  ['version 2, seen as the root', VERSION_2, '/sys/fs/cgroup/memory.events'],
  [
    'version 2, at its own path',
    {
      '/proc/self/cgroup': '0::/pod/one\n',
      '/proc/self/oom_score_adj': '0\n',
      '/sys/fs/cgroup/pod/one/memory.events': 'oom_kill 0\n',
      '/sys/fs/cgroup/pod/one/memory.max': '536870912\n',
    },
    '/sys/fs/cgroup/pod/one/memory.events',
  ],
  [
    'version 1, mounted as the root',
    {
      '/proc/self/cgroup': '9:memory:/docker/abc\n1:name=systemd:/docker/abc\n0::/\n',
      '/proc/self/oom_score_adj': '0\n',
      '/sys/fs/cgroup/memory/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 0\n',
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': '536870912\n',
    },
    '/sys/fs/cgroup/memory/memory.oom_control',
  ],
];
for (const [name, files, counter] of LAYOUTS) {
  test(`cgroups ${name}: kills are counted and the limit is known`, () => {
    const machine = new Machine(files);
    machine.kills(1, counter);
    assert.deepEqual(machine.memory.explain(KILLED), { ...KILLED, oom: true });
    // 96 of 512 MiB, in thousandths.
    assert.equal(machine.memory.childScoreAdj, 188);
  });
}

test('the score is laid over the engine’s own, and never beyond what the kernel takes', () => {
  const own = new Machine({ ...VERSION_2, '/proc/self/oom_score_adj': '-500\n' });
  assert.equal(own.memory.childScoreAdj, -312);
  const small = new Machine({ ...VERSION_2, '/sys/fs/cgroup/memory.max': '67108864\n' });
  assert.equal(small.memory.childScoreAdj, 1_000);
  assert.deepEqual(small.written, ['/proc/self/oom_score_adj=0\n']);
});

test('without a limit, or where scores cannot be written, they are left alone', () => {
  assert.equal(
    new Machine({ ...VERSION_2, '/sys/fs/cgroup/memory.max': 'max\n' }).memory.childScoreAdj,
    undefined,
  );
  assert.equal(new Machine(VERSION_2, { readOnly: true }).memory.childScoreAdj, undefined);
  assert.equal(new Machine({}).memory.childScoreAdj, undefined);
});
