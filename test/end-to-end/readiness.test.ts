/** Programs that others wrote, which say by their own means when they are ready, and daemons that leave their starter. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { compileFixture } from '../support/compile.ts';
import { EngineRun, freePort, shellCommand } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';

async function stops(engine: EngineRun): Promise<void> {
  await engine.signal('SIGTERM');
  assert.equal(await engine.exitCode(), 0, engine.log);
}

/** From the start of its program to the first time that it was healthy, for the record. */
function report(t: TestContext, engine: EngineRun, ...names: readonly string[]): void {
  for (const name of names) {
    const of = ({ instance }: Readonly<Record<string, unknown>>): boolean => instance === name;
    const spawned = engine.events('process_spawned').find(of);
    const healthy = engine.events('state_changed').find((event) => of(event) && event.to === 'healthy');
    const [from, to] = [spawned, healthy].map((event) => new Date(event?.time as string | number).getTime());
    t.diagnostic(`${name}: ready ${(to ?? 0) - (from ?? 0)} ms after its start`);
  }
}

test('redis says by sd_notify that it is ready, and how it is', async (t) => {
  const port = await freePort();
  const engine = await new EngineRun(
    t,
    `[processes.redis]
type = "notify"
cmd = "redis-server --port ${port} --save '' --dir {folder} --supervised systemd --daemonize no"
start_timeout = "20s"
`,
  ).ready();
  await engine.reaches('redis', 'healthy');
  report(t, engine, 'redis');
  assert.match((await engine.shell('status', 'redis')).stdout, /says: Ready to accept connections/);
  assert.match((await engine.shell('why', 'redis')).stdout, /says: Ready to accept connections/);
  await stops(engine);
});

test('postgres is ready once it takes connections, and its dependents start then', async (t) => {
  const port = await freePort();
  const [version = '15'] = readdirSync('/usr/lib/postgresql');
  const bin = `/usr/lib/postgresql/${version}/bin`;
  const engine = new EngineRun(
    t,
    `[processes.db]
type = "notify"
cmd = "${bin}/postgres -D {folder}/data -p ${port} -k {folder} -c fsync=off"
user = "postgres"
stop_signal = "INT"
autostart = false
[processes.client]
type = "oneshot"
user = "postgres"
cmd = "/usr/bin/psql -h {folder} -p ${port} -c 'select 1' postgres"
depends_on = ["db"]
autostart = false
`,
  );
  chmodSync(engine.folder, 0o777);
  mkdirSync(join(engine.folder, 'data'));
  const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, 'postgres'])));
  chownSync(join(engine.folder, 'data'), uid ?? 0, gid ?? 0);
  const initdb = [
    '-u',
    'postgres',
    '--',
    `${bin}/initdb`,
    '-D',
    join(engine.folder, 'data'),
    '-A',
    'trust',
    '--no-sync',
  ];
  execFileSync('runuser', initdb, { cwd: '/', stdio: 'ignore' });
  await engine.ready();
  await engine.shell('start', 'db', 'client');
  await engine.reaches('client', 'completed', 30_000);
  report(t, engine, 'db');
  assert.equal((await engine.see('client')).restarts, 0, 'the database was ready at the first try');
  await stops(engine);
});

test('mariadb makes its data directory, says that it takes requests, and a migration runs then', async (t) => {
  const engine = new EngineRun(
    t,
    `[processes.db]
type = "notify"
user = "mysql"
cmd = "/usr/sbin/mariadbd --no-defaults --skip-networking --datadir={folder}/data --socket={folder}/db.sock --pid-file={folder}/db.pid"
autostart = false
pre_start = [
  {cmd = "install -d -o mysql {folder}/data", as = "engine"},
  {cmd = ["sh", "-c", "exec mariadb-install-db --no-defaults --datadir={folder}/data --auth-root-authentication-method=normal --skip-test-db >/dev/null"]},
]
[processes.migration]
type = "oneshot"
cmd = "/usr/bin/mariadb --no-defaults -u root -S {folder}/db.sock -e 'create database shop'"
depends_on = ["db"]
autostart = false
`,
  );
  chmodSync(engine.folder, 0o777);
  await engine.ready();
  await engine.shell('start', 'db', 'migration');
  await engine.reaches('migration', 'completed', 60_000);
  report(t, engine, 'db');
  assert.equal((await engine.see('migration')).restarts, 0, 'the database was ready at the first try');
  assert.match((await engine.shell('why', 'db')).stdout, /says: Taking your SQL requests now/);
  assert.equal((await engine.shell('stop', 'db', '--wait')).code, 0);
  const { stdout: told } = await engine.shell('logs', 'db', '-e', 'process_status', '-l', 'debug');
  assert.match(told, /debug process_status db .*"Taking your SQL requests now/);
  await stops(engine);
});

test('gunicorn says that it has booted', async (t) => {
  const port = await freePort();
  const engine = new EngineRun(
    t,
    `[processes.app]
type = "notify"
user = "www-data"
cmd = "gunicorn --chdir {folder} --bind 127.0.0.1:${port} app:application"
autostart = false
`,
  );
  chmodSync(engine.folder, 0o755);
  const application = 'def application(e, start):\n    start("200 OK", [])\n    return [b"hello"]\n';
  writeFileSync(join(engine.folder, 'app.py'), application);
  await engine.ready();
  await engine.shell('start', 'app');
  await engine.reaches('app', 'healthy');
  report(t, engine, 'app');
  assert.match((await engine.shell('status', 'app')).stdout, /says: Gunicorn arbiter booted/);
  await stops(engine);
});

test('a script says it by systemd-notify, which is its child', async (t) => {
  const script =
    'systemd-notify --ready --status="half way, \\\\033[31mred"; systemd-notify --no-block --status=done; exec sleep 1000';
  const engine = await new EngineRun(
    t,
    `[processes.script]
type = "notify"
notify_access = "all"
user = "www-data"
${shellCommand(script)}
[processes.main]
type = "notify"
start_timeout = "2s"
autorestart = "no"
user = "www-data"
${shellCommand('systemd-notify --ready; exec sleep 1000')}
`,
  ).ready();
  await engine.reaches('script', 'healthy');
  report(t, engine, 'script');
  await eventually(async () => assert.match((await engine.shell('status', 'script')).stdout, /says: done/));
  const failed = await engine.reaches('main', 'failed');
  assert.match(failed.reason ?? '', /start timed out/);
  assert.match(engine.log, /is not its main process, which is \d+; notify_access = \\"all\\" takes it/);
  await stops(engine);
});

test('nginx goes to the background with its pid file, is signalled, restarted and leaves nothing', async (t) => {
  const port = await freePort();
  const engine = new EngineRun(
    t,
    `[processes.nginx]
type = "forking"
pid_file = "nginx.pid"
cmd = "/usr/sbin/nginx -c {folder}/nginx.conf -e {folder}/error.log"
autostart = false
reload_signal = "HUP"
backoff = { base = "50ms" }
`,
  );
  writeFileSync(
    join(engine.folder, 'nginx.conf'),
    `worker_processes 2; pid ${engine.folder}/nginx.pid; events { worker_connections 64; }
http { access_log off; server { listen 127.0.0.1:${port}; location / { return 200 'ok'; } }
client_body_temp_path ${engine.folder}/b; proxy_temp_path ${engine.folder}/p; fastcgi_temp_path ${engine.folder}/f;
uwsgi_temp_path ${engine.folder}/u; scgi_temp_path ${engine.folder}/s; }
`,
  );
  await engine.ready();
  await engine.shell('start', 'nginx');
  const first = await engine.reaches('nginx', 'healthy');
  assert.equal(first.pid, Number(engine.read('nginx.pid')));
  report(t, engine, 'nginx');
  assert.equal((await engine.inside('curl', ['-fsS', `http://127.0.0.1:${port}/`])).stdout, 'ok');
  const nginxes = async (): Promise<number> =>
    (await engine.processes()).filter(({ name, state }) => name === 'nginx' && state !== 'Z').length;
  assert.equal(await nginxes(), 3);
  await engine.kill(first.pid ?? 0);
  const second = await eventually(
    async () => {
      const seen = await engine.see('nginx');
      assert.ok(seen.state === 'healthy' && seen.pid !== first.pid, `${JSON.stringify(seen)}\n${engine.log}`);
      return seen;
    },
    { withinMs: 15_000 },
  );
  assert.equal(second.restarts, 1);
  assert.equal((await engine.shell('stop', 'nginx', '--wait')).code, 0);
  assert.equal(await nginxes(), 0);
  await stops(engine);
});

test('a daemon that forks twice is taken over, with a pid file and without', async (t) => {
  const daemon = compileFixture('daemon');
  t.after(daemon.remove);
  const engine = await new EngineRun(
    t,
    `[processes.file]
type = "forking"
pid_file = "{folder}/daemon.pid"
cmd = ["${daemon.path}", "{folder}/daemon.pid"]
[processes.none]
type = "forking"
cmd = ["${daemon.path}"]
autorestart = "no"
`,
  ).ready();
  const byFile = await engine.reaches('file', 'healthy');
  assert.equal(byFile.pid, Number(engine.read('daemon.pid')));
  const alone = await engine.reaches('none', 'healthy');
  report(t, engine, 'file', 'none');
  await engine.kill(alone.pid ?? 0, 'SEGV');
  const failed = await engine.reaches('none', 'failed');
  assert.match(failed.reason ?? '', /SEGV/);
  assert.equal((await engine.shell('stop', 'file', '--wait')).code, 0);
  await stops(engine);
});

test('a service of s6 writes a newline to its descriptor; another prints a line', async (t) => {
  const engine = await new EngineRun(
    t,
    `[processes.s6]
notify_fd = 3
${shellCommand('sleep 0.2; printf "not yet" >&3; echo >&3; exec 3>&-; exec sleep 1000')}
[processes.closes]
notify_fd = 5
start_timeout = "500ms"
autorestart = "no"
${shellCommand('exec 5>&-; exec sleep 1000')}
[processes.line]
ready_log = '^server (is )?up$$'
${shellCommand('echo server is upside down; printf "server is "; sleep 0.2; echo up; exec sleep 1000')}
[processes.slow]
ready_log = '^(a+)+$$'
start_timeout = "1s"
autorestart = "no"
${shellCommand('while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab; sleep 0.05; done')}
`,
  ).ready();
  await engine.reaches('s6', 'healthy');
  await engine.reaches('line', 'healthy');
  report(t, engine, 's6', 'line');
  await engine.reaches('closes', 'failed');
  await engine.reaches('slow', 'failed');
  assert.match(engine.log, /it closed descriptor 5 without a newline/);
  assert.match(engine.log, /takes too long on its output/);
  await stops(engine);
});
