/** A terminal of another user that nobody reads (`docker run -it --user`): its writes block, and nothing else does. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { EngineRun, shellCommand } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const NOBODY = 65_534;
const GRACE_MS = 5_000;
const FLOOD = 'while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done';
const CONFIG = `[engine]
grace = "${GRACE_MS / 1_000}s"
log = { stuck_after = "1s", level = "trace" }
[processes.out]
${shellCommand(FLOOD)}
[processes.err]
${shellCommand(`exec >&2; ${FLOOD}`)}
[processes.file]
${shellCommand('i=0; while :; do i=$((i+1)); echo line $i; sleep 0.001; done')}
stdout = { file = "{folder}/web.log", max_size = "4KB", max_files = 2, compress = true }
`;

/** script(1) stops to read the terminal as soon as the pipe behind it is full. */
async function heldTerminal(t: TestContext): Promise<string> {
  const name = join(temporaryFolder(t), 'tty');
  const script = spawn('script', ['-qec', `tty >'${name}'; exec sleep 1000`, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, SHELL: '/bin/sh' },
  });
  t.after(() => script.kill('SIGKILL'));
  return eventually(() => {
    const path = existsSync(name) ? readFileSync(name, 'utf8').trim() : '';
    assert.match(path, /^\/dev\/pts\/\d+$/);
    return path;
  });
}

test('held terminals that the engine cannot reopen stop no file, no compression and no shutdown', async (t) => {
  const [out, err] = [await heldTerminal(t), await heldTerminal(t)];
  const wrapper = ['sh', '-c', `exec "$0" "$@" >'${out}' 2>'${err}'`] as const;
  const engine = await new EngineRun(t, CONFIG, { uid: NOBODY, wrapper: [...wrapper] }).ready();
  // Both streams block by then.
  await new Promise((later) => setTimeout(later, 1_500));
  const before = await eventually(() => readFileSync(join(engine.folder, 'web.log.1.gz')));
  await eventually(() => assert.notDeepEqual(readFileSync(join(engine.folder, 'web.log.1.gz')), before));
  assert.equal((await engine.shell('restart', 'file')).code, 0);
  const begun = performance.now();
  await engine.signal('SIGTERM');
  assert.equal(await engine.exitCode(), 0);
  assert.ok(performance.now() - begun < GRACE_MS, `${performance.now() - begun} ms`);
});
