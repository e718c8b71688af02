/** `taskshell reload NAME`: programs that read their own configuration again, in a world driven by hand. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StepConfig } from '../../src/config/resolved-config.ts';
import { reloadable, reloadPrograms } from '../../src/supervisor/control/program-reload.ts';
import type { ProgramReload } from '../../src/wire/snapshot.ts';
import { processConfig, Rig } from './rig.ts';

const RELOAD: StepConfig = {
  name: 'reload',
  command: { file: '/bin/reload', args: [] },
  timeoutMs: 10_000,
  as: 'process',
};

/** `by`: how a process of that name reloads. */
function started(...names: readonly ('command' | 'signal' | 'neither')[]): Rig {
  const processes = names.map((by) => {
    const process = processConfig(by, by === 'command' ? { reload: RELOAD } : {});
    return by === 'signal' ? { ...process, reloadSignal: 'SIGHUP' as const } : process;
  });
  const rig = new Rig(processes).startAll();
  for (const name of names) rig.healthy(name);
  return rig;
}

function reload(rig: Rig, names: readonly string[], wait?: AbortSignal): Promise<readonly ProgramReload[]> {
  const records = reloadable(
    names.map((name) => rig.record(name)),
    new Set(names),
  );
  return reloadPrograms(records, 99, rig, wait);
}

const end = (rig: Rig, code: number): void =>
  rig.kernel.exit(100 + rig.kernel.spawned.length, { how: 'exited', code });
const never = (): AbortSignal => new AbortController().signal;

test('one has a signal, the other its command', async () => {
  const rig = started('command', 'signal');
  assert.deepEqual(await reload(rig, ['command', 'signal']), [
    { name: 'command', how: 'command', program: '/bin/reload' },
    { name: 'signal', how: 'signal', signal: 'SIGHUP' },
  ]);
  assert.deepEqual(rig.signalsTo(rig.pid('signal')), ['SIGHUP']);
  const sent = rig.told.findLast(({ event }) => event === 'signal_sent');
  assert.equal(sent?.caused_by, 99);
});

test('with a wait the answer says how the command has ended', async () => {
  const rig = started('command', 'signal');
  for (const [code, succeeded] of [
    [0, true],
    [3, false],
  ] as const) {
    const answer = reload(rig, ['command', 'signal'], never());
    end(rig, code);
    const [first, second] = await answer;
    assert.deepEqual([first?.succeeded, first?.outcome], [succeeded, `exited with code ${code}`]);
    assert.equal(second?.how, 'signal');
  }
});

test('what was asked for while one runs is the next one, and its end is the answer', async () => {
  const rig = started('command');
  const first = reload(rig, ['command'], never());
  const second = reload(rig, ['command'], never());
  let isAnswered = false;
  void first.then(() => {
    isAnswered = true;
  });
  end(rig, 0);
  await nextTurn();
  assert.equal(isAnswered, false);
  end(rig, 4);
  assert.deepEqual((await second)[0]?.succeeded, false);
  assert.deepEqual((await first)[0]?.succeeded, false, 'it waits for the last one too');
});

test('a program that ends meanwhile has not reloaded, and a wait that is given up leaves nothing', async () => {
  const rig = started('command');
  const limit = new AbortController();
  const given = reload(rig, ['command'], limit.signal);
  limit.abort(new Error('the time is over'));
  await assert.rejects(given, /the time is over/);
  const answer = reload(rig, ['command'], never());
  rig.kernel.exit(101, { how: 'exited', code: 1 });
  assert.equal((await answer)[0]?.succeeded, false);
});

test('a command that cannot be started is over at once', async () => {
  const rig = started('command');
  rig.kernel.failNextSpawn('ENOENT');
  const [only] = await reload(rig, ['command'], never());
  assert.deepEqual(
    [only?.succeeded, /^could not be started: .*ENOENT/.test(only?.outcome ?? '')],
    [false, true],
  );
});

test('one that still starts runs it once it is healthy', async () => {
  const rig = new Rig([processConfig('command', { reload: RELOAD })]).startAll();
  const answer = reload(rig, ['command'], never());
  assert.equal(rig.kernel.spawned.length, 1);
  rig.healthy('command');
  end(rig, 0);
  assert.equal((await answer)[0]?.succeeded, true);
});

test('one that has neither, or does not run, is named, and nothing is done; a pattern leaves it out', async () => {
  const rig = started('command', 'signal', 'neither');
  const all = ['command', 'signal', 'neither'].map((name) => rig.record(name));
  assert.throws(() => reloadable(all, new Set(['command', 'neither'])), {
    code: 'action-failed',
    message:
      'cannot reload neither: no reload command and no reload_signal; set reload = "COMMAND" or reload_signal = "HUP"',
  });
  assert.deepEqual(
    reloadable(all, new Set()).map(({ name }) => name),
    ['command', 'signal'],
  );
  rig.decide('signal', 'stop');
  rig.die('signal', 'SIGTERM');
  const stopped = [rig.record('signal')];
  assert.throws(() => reloadable(stopped, new Set(['signal'])), {
    code: 'not-running',
    message: 'cannot reload signal: stopped; a program reads its configuration when it starts',
  });
  assert.throws(
    () => reloadable(stopped, new Set()),
    /cannot reload signal: no reload command .*, or not running/,
  );
});
