/** Steps around a life with real programs, and steps that behave badly. */

import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EngineRun, freePort, shellCommand } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';

const events = async (engine: EngineRun): Promise<readonly Record<string, unknown>[]> => {
  const { stdout } = await engine.shell('logs', '-e', 'step_finished', '--json');
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
};

test('postgres makes its data directory by pre_start as its user, once, and a client follows', async (t) => {
  const port = await freePort();
  const [version = '15'] = readdirSync('/usr/lib/postgresql');
  const bin = `/usr/lib/postgresql/${version}/bin`;
  const engine = new EngineRun(
    t,
    `[engine]
exit_when = "never"
[processes.db]
type = "notify"
cmd = "${bin}/postgres -D {folder}/data -p ${port} -k {folder} -c fsync=off"
user = "postgres"
stop_signal = "INT"
autostart = false
pre_start = [
  {cmd = ["sh", "-c", "install -d -m 0700 -o postgres {folder}/data"], as = "engine"},
  {cmd = ["sh", "-c", "test -s {folder}/data/PG_VERSION || exec ${bin}/initdb -D {folder}/data -A trust --no-sync"], timeout = "1m"},
]
[processes.client]
type = "oneshot"
user = "postgres"
cmd = "/usr/bin/psql -h {folder} -p ${port} -c 'select 1' postgres"
depends_on = ["db"]
autostart = false
`,
  );
  chmodSync(engine.folder, 0o777);
  await engine.ready();
  await engine.shell('start', 'db', 'client');
  await engine.reaches('client', 'completed', 60_000);
  assert.equal((await engine.shell('restart', 'db', '--wait', '--timeout', '60s')).code, 0);
  assert.deepEqual(
    (await events(engine)).map(({ step, succeeded }) => [step, succeeded]),
    [
      ['pre_start[0]', true],
      ['pre_start[1]', true],
      ['pre_start[0]', true],
      ['pre_start[1]', true],
    ],
  );
});

test('nginx is checked before its start, reloads and quits by its own commands', async (t) => {
  const port = await freePort();
  const nginx = '/usr/sbin/nginx -c {folder}/nginx.conf -e {folder}/error.log';
  const engine = new EngineRun(
    t,
    `[engine]
exit_when = "never"
[processes.web]
cmd = "${nginx}"
autostart = false
autorestart = "no"
pre_start = "${nginx} -t -q"
reload = "${nginx} -s reload"
stop = [{cmd = "${nginx} -s quit"}, {wait = "10s"}, {signal = "KILL", wait = "1s"}]
healthcheck = {tcp = ${port}}
`,
  );
  const conf = join(engine.folder, 'nginx.conf');
  const configuration = (text: string): string => `daemon off; user root; pid ${engine.folder}/nginx.pid;
events {}
http { access_log off; client_body_temp_path ${engine.folder}/b; proxy_temp_path ${engine.folder}/p;
fastcgi_temp_path ${engine.folder}/f; uwsgi_temp_path ${engine.folder}/u; scgi_temp_path ${engine.folder}/s;
server { listen 127.0.0.1:${port}; location / { return 200 '${text}'; } } }`;
  writeFileSync(conf, 'nonsense');
  await engine.ready();
  await engine.shell('start', 'web');
  const failed = await engine.reaches('web', 'failed');
  assert.match(failed.reason ?? '', /^pre_start \/usr\/sbin\/nginx exited with code 1/);
  writeFileSync(conf, configuration('one'));
  await engine.shell('start', 'web');
  const { pid } = await engine.reaches('web', 'healthy');
  const get = async (): Promise<string> =>
    (await engine.inside('curl', ['-fsS', `http://127.0.0.1:${port}/`])).stdout;
  assert.equal(await get(), 'one');
  writeFileSync(conf, configuration('two'));
  await engine.shell('reload');
  await eventually(async () => assert.equal(await get(), 'two'));
  writeFileSync(conf, configuration('three'));
  const reloaded = await engine.shell('reload', 'web', '--wait');
  assert.deepEqual([reloaded.code, reloaded.stdout], [0, 'web has reloaded\n']);
  await eventually(async () => assert.equal(await get(), 'three'));
  writeFileSync(conf, 'nonsense');
  const refused = await engine.shell('reload', 'web', '--wait');
  assert.deepEqual(
    [refused.code, refused.stderr],
    [1, 'could not reload web: /usr/sbin/nginx exited with code 1\n'],
  );
  // nginx reads its configuration to find its pid file.
  writeFileSync(conf, configuration('three'));
  assert.equal((await engine.see('web')).pid, pid);
  assert.equal((await engine.shell('stop', 'web', '--wait')).code, 0);
  assert.match(
    (await engine.shell('status', 'web', '--json')).stdout,
    /"status":\{"how":"exited","code":0\}/,
  );
});

test('a step that prints a gigabyte, one that hangs and one that kills its parent harm nothing else', async (t) => {
  const engine = new EngineRun(
    t,
    `[processes.flood]
cmd = "sleep 1000"
stdout = {file = "{folder}/flood.log", max_size = "1MB", max_files = 1}
pre_start = ["sh", "-c", "head -c 1G /dev/zero"]
[processes.hang]
cmd = "sleep 1000"
autorestart = "no"
pre_start = {cmd = ["sh", "-c", "trap '' TERM; setsid sleep 1001 & while :; do sleep 1; done"], timeout = "200ms"}
[processes.killer]
cmd = "sleep 1000"
user = "nobody"
autorestart = "no"
pre_start = ["sh", "-c", "kill -9 $PPID"]
[processes.other]
cmd = "sleep 1000"
healthcheck = {uptime = "10ms"}
`,
  );
  await engine.ready();
  await engine.reaches('other', 'healthy');
  const killer = await engine.reaches('killer', 'failed');
  assert.match(killer.reason ?? '', /^pre_start sh exited with code/);
  const hang = await engine.reaches('hang', 'failed', 20_000);
  assert.match(hang.reason ?? '', /^pre_start sh timed out after 200ms/);
  assert.notEqual((await engine.inside('pgrep', ['-f', '^sleep 1001'])).code, 0);
  await engine.reaches('flood', 'healthy', 60_000);
  assert.ok(existsSync(join(engine.folder, 'flood.log')));
  assert.equal((await engine.see('other')).restarts, 0);
});

test('a shutdown waits for post_exit within the grace period, and never beyond it', async (t) => {
  const engine = new EngineRun(
    t,
    `[engine]
grace = "3s"
[processes.web]
cmd = "sleep 1000"
healthcheck = {uptime = "10ms"}
post_exit = ["sh", "-c", "echo $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS > {folder}/result"]
[processes.slow]
cmd = "sleep 1000"
healthcheck = {uptime = "10ms"}
post_exit = {cmd = "sleep 60", timeout = "1m"}
`,
  );
  await engine.ready();
  await engine.reaches('web', 'healthy');
  await engine.reaches('slow', 'healthy');
  const started = performance.now();
  await engine.shell('shutdown');
  assert.equal(await engine.exitCode(), 0);
  assert.ok(performance.now() - started < 3_000);
  assert.equal(readFileSync(join(engine.folder, 'result'), 'utf8'), 'success killed TERM\n');
});

/** What each does, and what its post_exit is told then, as in the table of systemd.exec(5). */
const ENDS: Readonly<Record<string, readonly [keys: string, script: string, expected: RegExp]>> = {
  well: ['', 'exit 0', /^success exited 0$/],
  badly: ['', 'exit 7', /^exit-code exited 7$/],
  // The last of three starts: systemd also leaves it at how that one has ended.
  limit: ['autorestart = "on-failure:2"\nbackoff = {base = "1ms"}', 'exit 8', /^exit-code exited 8$/],
  signal: ['', 'kill -HUP $$', /^signal killed HUP$/],
  core: ['limits = {core = "unlimited"}', 'kill -SEGV $$', /^(core-dump dumped|signal killed) SEGV$/],
  start: [
    'start_timeout = "300ms"\nhealthcheck = {cmd = "false"}',
    'exec sleep 1000',
    /^timeout killed TERM$/,
  ],
  stubborn: [
    'type = "notify"\nnotify_access = "all"\nstop_timeout = "200ms"',
    'trap "" TERM; systemd-notify --ready; while :; do sleep 0.1; done',
    /^timeout killed KILL$/,
  ],
  watchdog: [
    'type = "notify"\nwatchdog = "300ms"\nnotify_access = "all"',
    'echo $WATCHDOG_PID $$ >{folder}/watchdog.pid; systemd-notify --ready; exec sleep 1000',
    /^watchdog (dumped|killed) ABRT$/,
  ],
  background: ['', 'setsid sleep 1000 & sleep 0.2; exit 0', /^protocol exited 0$/],
  nothing: ['', '', /^resources$/],
};

test('post_exit is told how it ended, in the words of systemd.exec(5)', async (t) => {
  const processes = Object.entries(ENDS).map(([name, [keys, script]]) => {
    const policy = keys.includes('autorestart') ? '' : 'autorestart = "no"\n';
    const command = script === '' ? 'cmd = "/no/such/program"\n' : shellCommand(script);
    const told = `echo $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS >> {folder}/ends/${name}.txt`.replaceAll(
      '$',
      '$$$$',
    );
    return `[processes.${name}]\nworkingdir = "{folder}/ends"\n${policy}${keys}\n${command}post_exit = ["sh", "-c", "${told}"]\n`;
  });
  const engine = new EngineRun(t, `[engine]\nexit_when = "never"\n${processes.join('')}`);
  mkdirSync(join(engine.folder, 'ends'));
  await engine.ready();
  await engine.reaches('stubborn', 'healthy');
  await engine.shell('stop', 'stubborn', '--wait');
  for (const [name, [, , expected]] of Object.entries(ENDS)) {
    if (name !== 'stubborn') await engine.reaches(name, name === 'well' ? 'completed' : 'failed');
    const lines = engine.read(`ends/${name}.txt`).trim().split('\n');
    assert.match(lines.at(-1) ?? '', expected, name);
    assert.equal(lines.length, name === 'limit' ? 3 : 1, `${name}: ${lines}`);
  }
  assert.match(engine.read('watchdog.pid'), /^(\d+) \1$/m);
});
