/** What the kernel refuses for a moment is tried again, and the engine itself lives on. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, closeSync, copyFileSync, openSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EngineRun, shellCommand } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';

const STAY = '[engine]\nexit_when = "never"\n';
const SOON = 'healthcheck = { uptime = "20ms" }\nbackoff = { base = "20ms" }\nautorestart = "on-failure"\n';
const WEB = `[processes.web]\ncmd = "sleep 1000"\n${SOON}`;
/** In no user database, so that nobody else's processes count against its limit. */
const NOBODY_ELSE = 54_321;

/** Sets a soft limit of the engine, as its own user may: raising a hard one takes CAP_SYS_RESOURCE. */
async function limit(engine: EngineRun, resource: string, soft: string, uid = 0): Promise<void> {
  const target = String(await engine.enginePid());
  const prlimit = ['prlimit', '--pid', target, `--${resource}=${soft}:`];
  execFileSync('setpriv', [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--', ...prlimit]);
}

test('a fork that fails with EAGAIN is tried again until it succeeds', async (t) => {
  const engine = await new EngineRun(t, `${STAY}${WEB}${WEB.replace('web', 'late')}autostart = false\n`, {
    uid: NOBODY_ELSE,
  }).ready();
  const { pid } = await engine.reaches('web', 'healthy');
  await limit(engine, 'nproc', '1', NOBODY_ELSE);
  await engine.shell('start', 'late');
  const { reason } = await engine.reaches('late', 'backoff');
  assert.match(reason ?? '', /Resource temporarily unavailable/);
  assert.equal(engine.events('spawn_failed')[0]?.errno, 'EAGAIN');
  await limit(engine, 'nproc', '1000', NOBODY_ELSE);
  const late = await engine.reaches('late', 'healthy');
  assert.ok(late.incarnation > 1);
  assert.equal((await engine.see('web')).pid, pid);
  await engine.signal('SIGTERM');
  assert.equal(await engine.exitCode(), 0);
});

test('an engine without a descriptor left backs off, still answers, and goes on when there are some', async (t) => {
  const engine = await new EngineRun(
    t,
    `${STAY}${WEB}${WEB.replace('web', 'late')}autostart = false\n`,
  ).ready();
  const { pid } = await engine.reaches('web', 'healthy');
  const open = (await engine.inside('ls', ['/proc/1/fd'])).stdout.trim().split('\n').map(Number);
  // Room for the client that asks for the start, not for pipes as well.
  let bound = 0;
  for (let free = 0; free < 2; bound++) free += open.includes(bound) ? 0 : 1;
  await limit(engine, 'nofile', String(bound));
  await engine.shell('start', 'late');
  await eventually(() => assert.equal(engine.events('spawn_failed')[0]?.errno, 'EMFILE', engine.log));
  await engine.reaches('late', 'backoff');
  await limit(engine, 'nofile', '1000');
  await engine.reaches('late', 'healthy');
  assert.equal((await engine.see('web')).pid, pid);
});

test('a log file that cannot be written for a while costs no line, and the process does not notice', async (t) => {
  const count = shellCommand('n=0; while :; do n=$((n+1)); echo line $n; sleep 0.002; done');
  const engine = await new EngineRun(
    t,
    `${STAY}[processes.web]\n${count}stdout = "{folder}/web.log"\n${SOON}`,
  ).ready();
  const { pid } = await engine.reaches('web', 'healthy');
  await eventually(() => assert.match(engine.read('web.log'), /^line 20$/m));
  // EFBIG from here on (setrlimit(2)).
  await limit(engine, 'fsize', '1');
  const failed = await eventually(() => {
    const [event] = engine.events('output_failed');
    assert.ok(event);
    return event;
  });
  assert.match(String(failed.message), /File too large/);
  const seen = engine.read('web.log').trim().split('\n').length;
  assert.equal((await engine.see('web')).pid, pid);
  await limit(engine, 'fsize', 'unlimited');
  await eventually(() => assert.equal(engine.events('output_restored').length, 1));
  const lines = await eventually(() => {
    const whole = engine.read('web.log').split('\n').slice(0, -1);
    assert.ok(whole.length > seen + 50);
    return whole;
  });
  assert.deepEqual(
    lines,
    lines.map((_, index) => `line ${index + 1}`),
  );
});

test('a program that is still being written (ETXTBSY) is tried again until it is closed', async (t) => {
  const engine = await new EngineRun(
    t,
    `${STAY}[processes.web]\ncmd = ["{folder}/program", "1000"]\nautostart = false\n${SOON}`,
  ).ready();
  const program = join(engine.folder, 'program');
  copyFileSync('/bin/sleep', program);
  const writer = openSync(program, 'r+');
  await engine.shell('start', 'web');
  const { reason } = await engine.reaches('web', 'backoff');
  assert.match(reason ?? '', /Text file busy/);
  closeSync(writer);
  await engine.reaches('web', 'healthy');
});

test('an unprivileged engine refuses at load what it could not give, and an environment file it may not read', async (t) => {
  const engine = new EngineRun(
    t,
    `[processes.a]\n${shellCommand('touch {folder}/started')}[processes.b]\ncmd = "true"\nuser = "www-data"\n[processes.c]\ncmd = "true"\nenv_file = "{folder}/secret.env"\n`,
    { uid: NOBODY_ELSE, wrapper: ['sh', '-c', 'while ! test -e "$0"; do sleep 0.01; done; exec "$@"', '/'] },
  );
  writeFileSync(join(engine.folder, 'secret.env'), 'A=1\n');
  chmodSync(join(engine.folder, 'secret.env'), 0o600);
  assert.equal(await engine.exitCode(), 78);
  assert.match(engine.log, /processes\.b\.user.*www-data/);
  assert.match(engine.log, /processes\.c\.env_file.*secret\.env/);
  assert.throws(() => engine.read('started'));
});

test('an unprivileged engine with no capability supervises, reaps and stops all the same', async (t) => {
  const engine = await new EngineRun(
    t,
    `${STAY}[processes.web]\n${shellCommand('(true &); exec sleep 1000')}${SOON}`,
    { uid: NOBODY_ELSE },
  ).ready();
  const { pid } = await engine.reaches('web', 'healthy');
  const ids = await engine.inside('grep', ['-E', '^(Uid|CapEff)', `/proc/${pid}/status`]);
  assert.match(ids.stdout, /^Uid:\t54321\t54321\t54321\t54321\nCapEff:\t0{16}$/m);
  assert.deepEqual(await engine.zombies(), []);
  await engine.signal('SIGTERM');
  assert.equal(await engine.exitCode(), 0);
});

test('a control socket that cannot be made costs the control, not the processes; SIGUSR1 makes it later', async (t) => {
  // The folder of the socket's name stands in its way.
  const block = 'for config; do :; done; mkdir "$(dirname "$config")/tm.sock"; exec "$@"';
  const engine = new EngineRun(
    t,
    `${STAY}[processes.web]\n${shellCommand('echo up; exec sleep 1000')}${SOON}`,
    {
      wrapper: ['sh', '-c', block, 'sh'],
    },
  );
  await eventually(() => assert.match(engine.stdout, /^up$/m, engine.log));
  await eventually(() =>
    assert.match(String(engine.events('engine_notice')[0]?.message), /cannot listen on/),
  );
  rmdirSync(engine.socket);
  await engine.signal('SIGUSR1');
  await engine.reaches('web', 'healthy');
  await engine.signal('SIGTERM');
  assert.equal(await engine.exitCode(), 0);
});
