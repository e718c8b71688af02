/** Standard output that takes nothing: one clear line and a failure, never a stack. */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { startRig } from '../support/rpc-rig.ts';
import { runToEnd } from '../support/running-engine.ts';

const dist = resolve(import.meta.dirname, '../../dist');

const COMMANDS: readonly string[] = [
  'taskshell status',
  'taskshell help',
  'taskshell --version',
  'taskboard --help',
  'taskmaster engine check $CONFIG',
];

describe('a full device', () => {
  for (const command of COMMANDS) {
    test(command, async (t) => {
      const rig = await startRig(t);
      const config = join(rig.folder, 'taskmaster.toml');
      writeFileSync(config, '[processes.a]\ncmd = "true"\n');
      const env = { ...process.env, TASKMASTER_SOCKET: rig.path, CONFIG: config };
      const { code, stderr } = await runToEnd('sh', ['-c', `${dist}/${command} >/dev/full`], env);
      assert.equal(code, 1);
      assert.equal(stderr, 'cannot write to standard output: no space left on device\n');
    });
  }
});

test('a reader that has gone is no reason to say anything', async (t) => {
  const rig = await startRig(t);
  const env = { ...process.env, TASKMASTER_SOCKET: rig.path };
  const script = `{ ${dist}/taskshell events -f; echo $? >&2; } | true`;
  const running = runToEnd('sh', ['-c', script], env);
  for (let times = 0; times < 200 && rig.engine.listenerCount === 0; times++)
    await new Promise((done) => setTimeout(done, 10));
  rig.engine.emit('probe_finished', { passed: true } as never, { instance: 'web' });
  assert.equal((await running).stderr, '141\n');
});
