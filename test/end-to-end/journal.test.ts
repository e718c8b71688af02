/** The journal of a real engine: what happened, why, and what was printed. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EngineRun } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('why and timeline tell the chain from a failing check of one process to the restart of another', async (t) => {
  const engine = new EngineRun(
    t,
    `[processes.db]
cmd = "sleep 1000"
backoff = { base = 0 }
healthcheck = { cmd = "test -e {folder}/well", interval = "50ms", retries = 2, start_period = 0 }
[processes.api]
cmd = "sleep 1000"
depends_on = { db = { condition = "healthy", restart = true } }
healthcheck = { uptime = "10ms" }
`,
  );
  const well = join(engine.folder, 'well');
  writeFileSync(well, '');
  await engine.ready();
  await engine.reaches('api', 'healthy');
  rmSync(well);
  await eventually(() => assert.match(engine.log, /db was restarted/));
  writeFileSync(well, '');
  await engine.reaches('api', 'healthy');
  const { stdout: out } = await engine.shell('timeline', 'api');
  assert.match(
    out,
    /health check of db failed: exited with code 1 \(2nd in a row\)\n\S+ +└ SIGTERM sent to db\n\S+ +└ db: healthy → stopping \(unhealthy: .*\n\S+ +└ db killed by SIGTERM\n/,
  );
  assert.match(out, /└ api: healthy → stopping \(db was restarted\)/);

  await engine.shell('stop', 'api', '--wait');
  const why = await engine.shell('why', 'api');
  assert.match(
    why.stdout,
    /because: api stopped ← api killed by SIGTERM ← SIGTERM sent to api ← stop api by uid \d+\n/,
  );
});

test('with output in the journal, logs tell lines of all processes among the events, and reload turns it off', async (t) => {
  const talk = 'cmd = ["sh", "-c", "echo hello; echo bad >&2; printf last"]\ntype = "oneshot"\n';
  const engine = await new EngineRun(
    t,
    `[engine]\nexit_when = "never"\njournal = { output = true }\n[processes.one]\n${talk}[processes.two]\n${talk}`,
  ).ready();
  await engine.reaches('two', 'completed');
  await eventually(async () => {
    const { stdout: out } = await engine.shell('logs', '-o', '-p', 't*');
    assert.match(out, /two stdout \| hello\n/);
    assert.match(out, /two stdout \| last\n/);
    assert.match(out, /process_exited two/);
    assert.doesNotMatch(out, /one/);
  });
  const { stdout: out } = await engine.shell('logs', '--stream', 'stderr', '--json', '--since', '1m');
  const lines = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(lines.map(({ instance, text }) => `${instance} ${text}`).sort(), ['one bad', 'two bad']);

  const quiet = `[engine]\nexit_when = "never"\n[processes.one]\n${talk}[processes.two]\n${talk}`;
  engine.configure(quiet);
  await engine.shell('reload');
  await engine.shell('start', 'one', '--wait');
  await eventually(async () => {
    const again = await engine.shell('logs', '-o', '-p', 'one', '-e', 'process_exited');
    assert.equal(again.stdout.match(/process_exited/g)?.length, 2);
    assert.equal(again.stdout.match(/stdout \| hello/g)?.length, 2, 'from the ring, which has both lives');
  });
});

test('a journal in a directory outlives the engine, killed or not, and ids go on', async (t) => {
  const folder = temporaryFolder(t);
  const config = `[engine]
journal = { directory = "${join(folder, 'journal')}", output = true }
[processes.web]
cmd = ["sh", "-c", "echo life of $$LIFE; exec sleep 1000"]
healthcheck = { uptime = "10ms" }
`;
  const first = await new EngineRun(t, config, { env: { LIFE: 'one' } }).ready();
  await first.reaches('web', 'healthy');
  const files = (): string =>
    readdirSync(join(folder, 'journal'))
      .filter((name) => name.endsWith('.jsonl'))
      .map((name) => readFileSync(join(folder, 'journal', name), 'utf8'))
      .join('');
  await eventually(() => assert.match(files(), /"to":"healthy"/));
  process.kill(await first.enginePid(), 'SIGKILL');
  await first.exitCode();
  const lastId = idsIn(files()).at(-1) ?? 0;

  const second = await new EngineRun(t, config, { env: { LIFE: 'two' } }).ready();
  await second.reaches('web', 'healthy');
  const { stdout } = await second.shell('logs', '-o', '--json');
  const found = idsIn(stdout);
  assert.deepEqual(
    found,
    found.map((_, index) => index + 1),
    'of both lives, in order',
  );
  assert.ok(found.length > lastId);
  await eventually(async () => {
    const lines = await second.shell('logs', '--stream', 'stdout', '--grep', 'life of');
    assert.match(lines.stdout, /web stdout \| life of one\n.*web stdout \| life of two\n$/);
  });
  await second.signal('SIGTERM');
  assert.equal(await second.exitCode(), 0);
  assert.match(files(), /"event":"engine_stopped".*\n$/, 'the last word is there too');
});

function idsIn(lines: string): readonly number[] {
  return lines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).id);
}
