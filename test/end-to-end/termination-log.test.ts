import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { EngineRun, shellCommand } from '../support/engine-run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Runs to the end. */
async function endOf(
  t: TestContext,
  processes: string,
  act: (run: EngineRun) => Promise<void> = async () => {},
): Promise<{ code: number; message: string; run: EngineRun }> {
  const file = join(temporaryFolder(t), 'termination-log');
  writeFileSync(file, 'of an earlier life');
  const run = new EngineRun(t, `[engine]\nlog = "debug"\ntermination_log = "${file}"\n${processes}`);
  await act(run);
  const code = await run.exitCode();
  return { code, message: readFileSync(file, 'utf8'), run };
}

test('an essential process that ended is named with its exit code', async (t) => {
  const process = `[processes.web]\nessential = true\nautorestart = "no"\n${shellCommand('exit 3')}`;
  const { code, message } = await endOf(t, process);
  assert.equal(code, 3);
  assert.match(message, /^web \(essential\) ended: .*exit(ed with)? code 3.* \(engine exit code 3\)$/);
});

test('a stop by a signal names the signal', async (t) => {
  const { code, message } = await endOf(t, '[processes.web]\ncmd = "sleep 1000"\n', async (run) => {
    await run.ready();
    await run.signal('SIGTERM');
  });
  assert.equal(code, 0);
  assert.equal(message, 'received SIGTERM (engine exit code 0)');
});

test('what cannot be written to is a line of the log, and changes nothing', async (t) => {
  const folder = temporaryFolder(t);
  const run = new EngineRun(
    t,
    `[engine]\nlog = "debug"\ntermination_log = "${folder}"\n[processes.job]\ntype = "oneshot"\ncmd = "true"\n`,
  );
  assert.equal(await run.exitCode(), 0);
  const told = run.events('engine_notice').map(({ message }) => message);
  assert.ok(told.includes(`cannot write to ${folder}: EISDIR`), run.log);
});
