/**
 * A command has one face: run by Node, or by the engine for the launcher, it prints the same bytes and ends with the same
 * code, on pipes and on terminals.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { COMMANDS } from '../../src/cli/commands.ts';
import { onTerminal, runOne, startBoth, WENT_TO_NODE } from '../support/both-clients.ts';
import { anInstance, FakeEngine } from '../support/fake-engine.ts';

/** Run by the engine, and left by both engines of a pair as they found it. */
const RUN_BY_ENGINE: readonly (readonly string[])[] = [
  ['status'],
  ['status', '--json'],
  ['status', 'web'],
  ['status', 'nobody'],
  ['status', 'nobody', '--json'],
  ['start', 'web'],
  ['start', 'all', '--json'],
  ['stop', 'web', 'api'],
  ['restart', 'web'],
  ['run', 'web'],
  ['restart', 'web', '--timeout', '5s'],
  ['signal', 'web', 'hup'],
  ['signal', 'web', 'nosuch'],
  ['reload'],
  ['rollback'],
  ['rollback', '--plan', '--json'],
  ['reload', '--plan', '--json'],
  ['send', 'web', 'hällo 🙂'],
  ['send', 'web', '--no-newline', '--', '--x'],
  ['send', 'web', '--json'],
  ['send', 'nobody'],
  ['attach', 'job', '--exit-code'],
  ['attach', 'api', '--steal'],
  ['logs', '-n', '5'],
  ['events'],
  ['events', '--json'],
  ['events', '-e', 'nosuch'],
  ['why'],
  ['why', 'api'],
  ['why', '--json'],
  ['health'],
  ['health', '--live', '--json'],
  ['health', '--live', '--ready'],
  ['env', 'web'],
  ['env', 'web', '--json'],
  ['config'],
  ['config', 'nobody'],
  ['version'],
  ['version', '--json'],
  ['help'],
  ['help', 'status'],
  ['help', 'nosuch'],
  ['status', '--help'],
  ['--help'],
  ['completion', 'bash'],
  ['completion', 'nosuch'],
  ['__complete', '--', 'status', 'w'],
  ['shutdown'],
  ['engine', 'version'],
  ['engine', 'nosuch'],
  ['engine'],
  ['statsu'],
  ['status', '--nosuch'],
  ['--json'],
  ['-e', 'status'],
];
const TO_NODE: readonly (readonly string[])[] = [
  [],
  ['--version'],
  ['-c', 'status'],
  ['attach', 'web', '--stdin'],
  ['logs', '--grep', 'x'],
  ['logs', '--output'],
  ['logs', '-n', '2000'],
  ['timeline'],
];

/** For those that read it; others leave it. */
const INPUT = { input: `${'ä line\n'.repeat(20_000)}and no newline` };

function anEngine(): FakeEngine {
  const engine = new FakeEngine(
    anInstance('web'),
    anInstance('job', {
      state: 'completed',
      pid: null,
      last_exit: { at: 1, status: { how: 'exited', code: 7 }, requested: false, uptime_ms: 1 },
    }),
    anInstance('api', {
      state: 'failed',
      pid: null,
      reason: 'exited with code 3, ünd\u0007 more than a narrow row has',
    }),
  );
  const bytes = Buffer.from([0x61, 0xff, 0x0a, 0x1b, 0xc3, 0xa4]);
  engine.output.set('job', [
    { stream: 'stdout', incarnation: 1, bytes, time: 5 },
    { stream: 'stderr', incarnation: 1, bytes, time: 6 },
  ]);
  engine.emit('engine_notice', { message: 'hällo \u001b[2J 🙂' });
  engine.emit('probe_finished', { passed: true } as never, { instance: 'web' });
  return engine;
}

test('every verb is in one of the lists', () => {
  const known = new Set([...RUN_BY_ENGINE, ...TO_NODE].map(([verb]) => verb));
  assert.deepEqual(
    COMMANDS.map(({ verb }) => verb).filter((verb) => !known.has(verb)),
    [],
  );
});

describe('the launcher prints what Node does', () => {
  for (const words of RUN_BY_ENGINE) {
    test(`taskshell ${words.join(' ')}`, async (t) => {
      const [forNode, forLauncher] = [await startBoth(t, anEngine()), await startBoth(t, anEngine())];
      const byNode = await runOne({ path: forNode.path }, 'node', words, INPUT);
      const byEngine = await runOne({ path: forLauncher.path }, 'launcher', words, INPUT);
      const bare = (bytes: Buffer, path: string): string => bytes.toString('latin1').replaceAll(path, 'PATH');
      assert.deepEqual(
        [bare(byEngine.stdout, forLauncher.path), bare(byEngine.stderr, forLauncher.path), byEngine.code],
        [bare(byNode.stdout, forNode.path), bare(byNode.stderr, forNode.path), byNode.code],
      );
      assert.deepEqual(forLauncher.engine.calls, forNode.engine.calls);
      assert.ok(
        Buffer.concat(forLauncher.engine.bytesWritten).equals(Buffer.concat(forNode.engine.bytesWritten)),
      );
      assert.deepEqual(forLauncher.faults, []);
    });
  }
});

describe('on a terminal as well', () => {
  for (const columns of [40, 80, 200]) {
    for (const env of [{}, { NO_COLOR: '1' }, { TERM: 'dumb' }]) {
      test(`of ${columns} columns with ${JSON.stringify(env)}`, async (t) => {
        const rig = await startBoth(t, anEngine());
        for (const words of [['status'], ['status', 'api'], ['why'], ['health'], ['events'], ['stat']]) {
          const byNode = await onTerminal(rig, 'node', words, { columns, env });
          assert.deepEqual(
            await onTerminal(rig, 'launcher', words, { columns, env }),
            byNode,
            words.join(' '),
          );
        }
      });
    }
  }
});

describe('Node is started for what the engine does not run', () => {
  for (const words of TO_NODE) {
    test(`taskshell ${words.join(' ')}`, async (t) => {
      const { code, stdout } = await runOne(await startBoth(t), 'launcher', words, { input: '' });
      assert.deepEqual([code, stdout.toString()], [99, WENT_TO_NODE]);
    });
  }

  test('an engine of another version, one that runs no commands, and none at all', async (t) => {
    const engine = anEngine();
    const rig = await startBoth(t, engine);
    engine.version = '0.0.0';
    for (const path of [rig.path, '/nowhere/at-all']) {
      const { code, stdout } = await runOne({ path }, 'launcher', ['status']);
      assert.deepEqual([code, stdout.toString()], [99, WENT_TO_NODE]);
    }
  });

  test('words that are not UTF-8', async (t) => {
    const rig = await startBoth(t);
    const script = `exec "${process.env.TASKSHELL ?? 'dist/taskshell'}" status "$(printf 'w\\377b')"`;
    const { code, stdout } = await runOne(rig, 'launcher', ['-c', script], { launcher: '/bin/sh' });
    assert.deepEqual([code, stdout.toString()], [99, WENT_TO_NODE]);
  });
});
