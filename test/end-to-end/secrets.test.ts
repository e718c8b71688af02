/** Secrets: given to the process that names them and to its probe, and found nowhere else. */

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EngineRun, shellCommand } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';

const SECRET = 'correct-horse-battery-staple';
const CONFIG = `[engine]
exit_when = "never"
log = "trace"
[engine.hooks]
on_started = "touch {folder}/hooked"
[processes.db]
${shellCommand('printf %s "$DB_PASSWORD" | md5sum > {folder}/seen.new; mv {folder}/seen.new {folder}/seen; exec sleep 1000')}
user = "nobody"
env = {DB_PASSWORD = {file = "{folder}/secrets/db"}, DB_PASSWORD_FILE = "/run/secrets/db"}
[processes.db.healthcheck]
${shellCommand('test -n "$DB_PASSWORD" && printf %s "$DB_PASSWORD" | md5sum | cmp - {folder}/seen')}
start_interval = "50ms"
[processes.other]
cmd = "sleep 1000"
`;

function writeSecret(engine: EngineRun, text: string): void {
  mkdirSync(join(engine.folder, 'secrets'), { recursive: true });
  writeFileSync(join(engine.folder, 'secrets', 'db'), text, { mode: 0o600 });
}

/** A folder that the process's own user may write to. */
function open(engine: EngineRun): EngineRun {
  chmodSync(engine.folder, 0o777);
  return engine;
}

test('a secret that is mounted late is waited for, reaches process and probe, and shows nowhere else', async (t) => {
  const engine = await open(new EngineRun(t, CONFIG)).ready();
  const waiting = await engine.reaches('db', 'backoff');
  assert.match(
    waiting.reason ?? '',
    /cannot read the secret DB_PASSWORD from .*\/secrets\/db: there is no such file/,
  );
  const [failed] = engine.events('spawn_failed');
  assert.equal(failed?.step, 'read secret');
  assert.equal(failed?.errno, 'ENOENT');

  writeSecret(engine, `${SECRET}\n`);
  const { pid } = await engine.reaches('db', 'healthy', 30_000);
  const environments = async (): Promise<string> =>
    (await engine.inside('sh', ['-c', 'grep -al "$1" /proc/[0-9]*/environ || :', 'sh', SECRET])).stdout;
  // The process alone (a probe may run in between, and is no other).
  await eventually(async () => assert.equal(await environments(), `/proc/${pid}/environ\n`));

  const surfaces = [
    ['status', 'db', '--json'],
    ['env', 'db', '--json'],
    ['env', 'db'],
    ['env', 'other', '--json'],
    ['config', '--json'],
    ['config', 'db'],
    ['why', 'db', '--json'],
    ['events', '--json'],
    ['logs', '--json'],
    ['reload', '--plan', '--json'],
  ];
  for (const words of surfaces) {
    const { code, stdout, stderr } = await engine.shell(...words);
    assert.equal(code, 0, `${words.join(' ')}: ${stderr}`);
    assert.doesNotMatch(stdout + stderr, new RegExp(SECRET), words.join(' '));
  }
  assert.doesNotMatch(engine.log + engine.stdout, new RegExp(SECRET));
  const { environment } = JSON.parse((await engine.shell('env', 'db', '--json')).stdout);
  assert.equal(environment.DB_PASSWORD, `••• (from ${engine.folder}/secrets/db)`);
  assert.equal(environment.DB_PASSWORD_FILE, '/run/secrets/db');
});

test('a secret that changed is taken over by the next start, without a reload', async (t) => {
  const engine = open(new EngineRun(t, CONFIG));
  writeSecret(engine, 'first');
  await engine.ready();
  await engine.reaches('db', 'healthy');
  const first = engine.read('seen');
  writeSecret(engine, 'second');
  assert.equal((await engine.shell('restart', 'db', '--wait')).code, 0);
  assert.notEqual(engine.read('seen'), first);
  assert.doesNotMatch(engine.log, /second"|first"/);
});

test('a secret with a NUL byte is refused without showing it', async (t) => {
  const engine = open(new EngineRun(t, CONFIG));
  writeSecret(engine, `${SECRET}\0`);
  await engine.ready();
  const { reason } = await engine.reaches('db', 'backoff');
  assert.match(reason ?? '', /it has a NUL byte/);
  assert.doesNotMatch(engine.log, new RegExp(SECRET));
});
