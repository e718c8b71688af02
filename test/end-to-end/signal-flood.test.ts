/** A process of the engine's own user that sends it signals as fast as it can. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { compileFixture } from '../support/compile.ts';
import { EngineRun } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';
import { runToEnd } from '../support/running-engine.ts';

test('signals that ask for nothing, as fast as they can be sent, keep nobody from PID 1', async (t) => {
  const { path, remove } = compileFixture('signal-flood');
  t.after(remove);
  const run = new EngineRun(
    t,
    `[engine]\nexit_when = "never"\n[processes.flood]\ncmd = "${path}"\nautostart = false\n`,
  );
  await run.ready();
  // Its answer may be late already.
  void run.shell('start', 'flood');
  await eventually(async () =>
    assert.ok((await run.processes()).some(({ name }) => name === 'signal-flood')),
  );
  const shell = join(import.meta.dirname, '../../dist/taskshell');
  const asked = ['10', shell, 'version', '--socket', run.socket];
  for (let round = 0; round < 3; round++) assert.equal((await runToEnd('timeout', asked)).code, 0);
  await run.signal('SIGTERM');
  assert.equal(await run.exitCode(), 0);
});
