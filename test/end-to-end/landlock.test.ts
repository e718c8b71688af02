/** Confined services in the real engine. Needs a kernel with Landlock. */

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { EngineRun, freePort, shellCommand } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';
import { hangingDisk } from '../support/hanging-disk.ts';

const README = readFileSync(resolve(import.meta.dirname, '../../README.md'), 'utf8');
const SYSTEM = '"/usr", "-/bin", "-/lib", "-/lib64", "/etc"';
const NEVER = '[engine]\nexit_when = "never"\n';

test('the example of the README: a worker is confined to what its lists allow', async (t) => {
  const section = README.slice(README.indexOf('### Confine a service'));
  const example = /```toml\n([^`]+)```/.exec(section)?.[1] ?? '';
  const here = example
    .replaceAll('/srv', '{folder}/srv')
    .replaceAll('/var/lib/app', '{folder}/data')
    .replace('"app"', '"nobody"');
  const run = new EngineRun(t, `${NEVER}${here}stdout = "inherit"\ntype = "oneshot"\nautostart = false\n`);
  chmodSync(run.folder, 0o755);
  for (const name of ['srv', 'data']) mkdirSync(join(run.folder, name));
  chmodSync(join(run.folder, 'data'), 0o777);
  writeFileSync(join(run.folder, 'secret'), 'secret', { mode: 0o644 });
  const worker = `#!/usr/bin/python3
import errno, socket, sys
def tell(what, attempt):
    try: attempt(); print(what, 'ok')
    except OSError as error: print(what, errno.errorcode[error.errno])
tell('read', lambda: open('${run.folder}/srv/worker'))
tell('write', lambda: open('${run.folder}/data/new', 'w'))
tell('secret', lambda: open('${run.folder}/secret'))
tell('tmp', lambda: open('/tmp/new', 'w'))
tell('bind', lambda: socket.socket().bind(('127.0.0.1', 9001)))
tell('other port', lambda: socket.socket().bind(('127.0.0.1', 9002)))
tell('database', lambda: socket.socket().connect(('127.0.0.1', 5432)))
tell('elsewhere', lambda: socket.socket().connect(('127.0.0.1', 5433)))
`;
  writeFileSync(join(run.folder, 'srv/worker'), worker);
  chmodSync(join(run.folder, 'srv/worker'), 0o755);
  await run.ready();
  await run.shell('start', 'worker');
  await run.reaches('worker', 'completed');
  const told = run.stdout;
  for (const line of ['read ok', 'write ok', 'secret EACCES', 'tmp EACCES', 'bind ok', 'other port EACCES'])
    assert.ok(told.includes(line), told);
  assert.match(told, /database (ok|ECONNREFUSED)/);
  assert.ok(told.includes('elsewhere EACCES'), told);
});

test('postgres runs confined, makes its data by a step, and is asked by a confined client', async (t) => {
  const port = await freePort();
  const [version = '15'] = readdirSync('/usr/lib/postgresql');
  const bin = `/usr/lib/postgresql/${version}/bin`;
  const run = new EngineRun(
    t,
    `${NEVER}[templates.confined]
user = "postgres"
seccomp = "default"
landlock = {read = [${SYSTEM}], write = ["{folder}/data", "/dev/shm"]}
[processes.db]
extends = "confined"
type = "notify"
cmd = "${bin}/postgres -D {folder}/data/base -p ${port} -k {folder}/data -c fsync=off"
landlock = {bind_tcp = [${port}], connect_tcp = []}
stop_signal = "INT"
pre_start = {cmd = "${bin}/initdb -D {folder}/data/base -A trust --no-sync", timeout = "1m"}
[processes.client]
extends = "confined"
type = "oneshot"
cmd = ["/usr/bin/psql", "-h", "{folder}/data", "-p", "${port}", "-c", "copy (select 1) to '{folder}/stolen'", "postgres"]
depends_on = ["db"]
`,
  );
  chmodSync(run.folder, 0o755);
  mkdirSync(join(run.folder, 'data'));
  chmodSync(join(run.folder, 'data'), 0o777);
  writeFileSync(join(run.folder, 'stolen'), '', { mode: 0o666 });
  chmodSync(join(run.folder, 'stolen'), 0o666);
  await run.ready();
  await run.reaches('db', 'healthy', 60_000);
  await run.reaches('client', 'backoff', 30_000);
  assert.match(run.log + run.stdout, /could not open file .* for writing: Permission denied/);
  const { pid } = await run.see('db');
  const status = await run.inside('cat', [`/proc/${pid}/status`]);
  assert.match(status.stdout, /^NoNewPrivs:\t1$/m);
  assert.match(status.stdout, /^Seccomp:\t2$/m);
});

test('its steps and its health check are confined as it is, what runs as the engine is not', async (t) => {
  const look = (name: string): string =>
    `["sh", "-c", "if cat {folder}/secret >/dev/null 2>&1; then echo free; else echo confined; fi > {folder}/out/${name}"]`;
  const run = new EngineRun(
    t,
    `${NEVER}[processes.web]
cmd = ["sleep", "1000"]
landlock = {read = [${SYSTEM}], write = ["{folder}/out"]}
pre_start = [{cmd = ${look('pre_start')}}, {cmd = ${look('engine')}, as = "engine"}]
post_start = {cmd = ${look('post_start')}}
post_exit = {cmd = ${look('post_exit')}}
pre_stop = {cmd = ${look('pre_stop')}}
healthcheck = {cmd = ${look('check')}, interval = "100ms"}
`,
  );
  mkdirSync(join(run.folder, 'out'));
  writeFileSync(join(run.folder, 'secret'), 'secret');
  await run.ready();
  await run.reaches('web', 'healthy');
  await run.shell('stop', 'web', '--wait');
  const told = readdirSync(join(run.folder, 'out')).map((name) => [name, run.read(`out/${name}`).trim()]);
  assert.deepEqual(Object.fromEntries(told), {
    pre_start: 'confined',
    engine: 'free',
    post_start: 'confined',
    check: 'confined',
    pre_stop: 'confined',
    post_exit: 'confined',
  });
});

test('a path that is absent fails the process and is named; when it is there, it starts', async (t) => {
  const run = new EngineRun(
    t,
    `${NEVER}[processes.web]\ncmd = "sleep 1000"\nlandlock = {read = [${SYSTEM}], write = ["{folder}/data"]}\n`,
  );
  await run.ready();
  const data = join(run.folder, 'data');
  const { reason } = await run.reaches('web', 'failed');
  const advice = `(create it, or write -${data} if it may be absent)`;
  assert.equal(reason, `cannot open ${data} for landlock ${advice}: No such file or directory`);
  assert.equal(run.events('spawn_failed')[0]?.step, 'set landlock');
  mkdirSync(data);
  await run.shell('start', 'web');
  await run.reaches('web', 'healthy');
});

test('a listed path on a disk that hangs holds up nobody else, and is named', async (t) => {
  const disk = hangingDisk(t);
  const run = await new EngineRun(
    t,
    `${NEVER}[processes.other]\ncmd = "sleep 1000"\nlandlock = {read = [${SYSTEM}]}
[processes.held]\ncmd = "sleep 1000"\nautostart = false\nautorestart = "no"
landlock = {read = [${SYSTEM}, "${disk.folder}/data"]}\n`,
  ).ready();
  disk.hang();
  await run.shell('start', 'held');
  assert.equal(
    (await run.reaches('held', 'starting')).reason,
    `trying to open ${disk.folder}/data for landlock`,
  );
  assert.equal((await run.shell('restart', 'other', '--wait', '--timeout', '5s')).code, 0);
  assert.equal((await run.shell('stop', 'held', '--wait', '--timeout', '5s')).code, 0);
  assert.equal((await run.see('held')).state, 'stopped');
});

test('a reload with other rules restarts the process, one with the same does not', async (t) => {
  const configured = (read: string): string =>
    `${NEVER}[processes.web]\n${shellCommand('sleep 1000')}landlock = {read = [${SYSTEM}${read}]}\n`;
  const run = await new EngineRun(t, configured('')).ready();
  const first = await run.reaches('web', 'healthy');
  run.configure(`${configured('')}description = "the same"\n`);
  await run.shell('reload');
  assert.equal((await run.see('web')).pid, first.pid);
  run.configure(configured(', "/proc"'));
  await run.shell('reload');
  await eventually(async () => assert.notEqual((await run.reaches('web', 'healthy')).pid, first.pid));
});
