import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

test('an internal fault stops everything in order and ends with 70', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'taskmaster-fault-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const config = join(folder, 'tm.toml');
  writeFileSync(config, `[engine]\nsocket = "${folder}/tm.sock"\n[processes.web]\ncmd = "sleep 1000"\n`);
  // The real engine from its sources, with a fault that nobody expected, once its process runs.
  const script = `
    import { run } from ${JSON.stringify(resolve(import.meta.dirname, '../../src/commands/engine-start.ts'))};
    setTimeout(() => { throw new Error('nobody expected this'); }, 300);
    await run([${JSON.stringify(config)}]);
  `;
  const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((done) => {
    execFile(process.execPath, ['--input-type=module', '-e', script], (error, _stdout, text) =>
      done({ code: error?.code ?? 0, stderr: text }),
    );
  });
  assert.equal(code, 70, stderr);
  const events = stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    events.map(({ event }) => event).filter((event) => /fault|draining|exited|stopped/.test(event)),
    ['engine_fault', 'engine_draining', 'process_exited', 'engine_stopped'],
  );
  assert.match(events.find(({ event }) => event === 'engine_fault')?.message, /nobody expected this/);
});
