/** The tree of processes over a /proc of files. */

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ProcessTree } from '../../src/system/process-tree.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

interface Choices {
  readonly parent: number;
  readonly session: number;
  readonly children?: string;
  readonly startTime?: number;
}

function makeProc(t: TestContext): {
  readonly proc: string;
  readonly put: (pid: number, options: Choices) => void;
} {
  const proc = temporaryFolder(t);
  return {
    proc,
    put: (pid, { parent, session, children = '', startTime = 7 }) => {
      const task = join(proc, String(pid), 'task', String(pid));
      mkdirSync(task, { recursive: true });
      // From tty_nr, field 7, to itrealvalue, field 21 (proc_pid_stat(5)).
      const between = '0 '.repeat(15);
      const stat = `${pid} (x) S ${parent} ${session} ${session} ${between}${startTime} 0`;
      writeFileSync(join(proc, String(pid), 'stat'), stat);
      writeFileSync(join(proc, String(pid), 'status'), `PPid:\t${parent}\nUid:\t0\n`);
      writeFileSync(join(task, 'children'), children);
    },
  };
}

test('an orphan without a mark that was nobody’s at first is known once its session was seen', async (t) => {
  const { proc, put } = makeProc(t);
  const engine = process.pid;
  const tree = new ProcessTree({ readMark: () => 0, isLent: () => false, proc });
  const web = tree.add(1, 9_000_001);
  const other = tree.add(2, 9_000_002);
  put(engine, { parent: 1, session: engine, children: '9000001 9000002 9000004' });
  put(9_000_001, { parent: engine, session: 9_000_001, children: '9000003' });
  put(9_000_002, { parent: engine, session: 9_000_002 });
  put(9_000_003, { parent: 9_000_001, session: 9_000_003 });
  put(9_000_004, { parent: engine, session: 9_000_003 });
  assert.deepEqual(tree.members(other), []);
  await nextTurn();
  tree.members(web);
  await nextTurn();
  const pids = tree.members(web).map(({ pid }) => pid);
  assert.deepEqual(pids, [9_000_003, 9_000_004]);
});

test('a number that another process has since is not the leader any more, and is not signalled', (t) => {
  const { proc, put } = makeProc(t);
  const tree = new ProcessTree({ readMark: () => 0, isLent: () => false, proc });
  const web = tree.add(1, 9_000_001);
  put(9_000_001, { parent: process.pid, session: 9_000_001, children: '9000002' });
  put(9_000_002, { parent: 9_000_001, session: 9_000_001, startTime: 8 });
  assert.equal(tree.moveLeader(web, 9_000_002), true);
  assert.deepEqual(
    [tree.startTimeOf(web), tree.mayBeSignalled(9_000_002), tree.relationOf(web, 9_000_002).relation],
    [8, true, 'leader'],
  );
  put(9_000_002, { parent: 1, session: 9_000_002, startTime: 9 });
  assert.deepEqual(
    [tree.mayBeSignalled(9_000_002), tree.relationOf(web, 9_000_002).relation],
    [false, 'gone'],
  );
});

test('a process that was hidden from us when it started is adopted by its number alone', (t) => {
  const { proc, put } = makeProc(t);
  put(process.pid, { parent: 1, session: process.pid });
  const tree = new ProcessTree({ readMark: () => 0, isLent: () => false, proc });
  const known = { pid: 9_000_001, isLeaderAlive: true, sparesDaemons: false };
  assert.equal(tree.adopt({ ...known, startTime: 7 }, 1), undefined, 'it is gone');
  assert.equal(tree.adopt({ ...known, startTime: 0 }, 2)?.leader, 9_000_001);
});
