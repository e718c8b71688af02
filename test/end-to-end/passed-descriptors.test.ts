/** Clients that pass descriptors: to close one of them takes as long as its sender likes. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { compileFixture } from '../support/compile.ts';
import { EngineRun, shellCommand } from '../support/engine-run.ts';
import { runToEnd } from '../support/running-engine.ts';

const READER = 54_321;
const STRANGER = 54_322;
const LINGER_SECONDS = 5;
const CLIENTS = 20;

/** @returns what it prints when it has passed all. */
async function passes(t: TestContext, path: string, uid: number): Promise<string> {
  const { path: sender, remove } = compileFixture('descriptor-sender');
  const args = [path, uid, CLIENTS, LINGER_SECONDS].map(String);
  const attack: ChildProcess = spawn(sender, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => {
    attack.kill('SIGKILL');
    remove();
  });
  return new Promise((resolve) => attack.stdout?.once('data', (text: Buffer) => resolve(text.toString())));
}

for (const [who, uid] of [
  ['a stranger', STRANGER],
  ['a user with read', READER],
] as const) {
  test(`descriptors that ${who} passes hold up nobody`, async (t) => {
    const run = new EngineRun(
      t,
      `[engine]\nsocket_mode = "0666"\naccess.read = [${READER}]\n[processes.web]\n${shellCommand('sleep 1000')}`,
    );
    chmodSync(run.folder, 0o755);
    await run.ready();
    const from = performance.now();
    await passes(t, run.socket, uid);
    const shell = join(import.meta.dirname, '../../dist/taskshell');
    const { code } = await runToEnd('timeout', ['20', shell, 'version', '--socket', run.socket]);
    assert.equal(code, 0);
    const tookMs = performance.now() - from;
    assert.ok(tookMs < LINGER_SECONDS * 1_000, `root waited for ${Math.round(tookMs)} ms`);
  });
}
