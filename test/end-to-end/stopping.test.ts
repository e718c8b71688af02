/** Real programs that stop in ways of their own: pools of workers, daemons, jobs, shells, su. */

import assert from 'node:assert/strict';
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EngineRun, freePort, shellCommand } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';

/** Words of the command lines of what runs in the engine's namespace, the engine's own aside. */
async function commands(engine: EngineRun): Promise<readonly string[]> {
  const { stdout } = await engine.inside('ps', ['-eo', 'stat=,args=']);
  return stdout.split('\n').filter((line) => line !== '' && !line.trimStart().startsWith('Z'));
}

async function count(engine: EngineRun, words: string): Promise<number> {
  return (await commands(engine)).filter((line) => line.includes(words)).length;
}

test('Celery stops warmly: a job under way is done before its worker ends', async (t) => {
  const port = await freePort();
  const engine = new EngineRun(
    t,
    `[engine]
grace = "30s"
[processes.redis]
cmd = "redis-server --port ${port} --save '' --dir {folder}"
healthcheck = { tcp = ${port}, start_interval = "50ms" }
[processes.worker]
cmd = "celery --workdir {folder} -A jobs worker --concurrency 2 --without-gossip --without-mingle --without-heartbeat"
env = { C_FORCE_ROOT = "1", PYTHONUNBUFFERED = "1", PATH = "/usr/bin:/bin" } # a machine may have another Python before that
depends_on = ["redis"]
stop_timeout = "20s"
`,
  );
  writeFileSync(
    join(engine.folder, 'jobs.py'),
    `import celery, time, pathlib
app = celery.Celery("jobs", broker="redis://127.0.0.1:${port}/0")
@app.task
def job():
    pathlib.Path("${engine.folder}/begun").touch()
    time.sleep(2)
    pathlib.Path("${engine.folder}/done").touch()
`,
  );
  await engine.ready();
  await engine.reaches('worker', 'healthy', 30_000);
  const queue = 'import jobs; jobs.job.delay()';
  await eventually(
    async () => {
      const { code, stderr } = await engine.inside('sh', [
        '-c',
        `cd ${engine.folder} && /usr/bin/python3 -c '${queue}'`,
      ]);
      assert.equal(code, 0, stderr);
    },
    { withinMs: 15_000 },
  );
  await eventually(() => assert.ok(existsSync(join(engine.folder, 'begun'))), { withinMs: 15_000 });
  assert.equal((await engine.shell('stop', 'worker', '--wait')).code, 0);
  assert.ok(existsSync(join(engine.folder, 'done')), engine.log);
  assert.equal(await count(engine, 'celery'), 0);
});

test('PostgreSQL that a set-up step has started shuts down cleanly and needs no recovery', async (t) => {
  const [version = '15'] = readdirSync('/usr/lib/postgresql');
  const bin = `/usr/lib/postgresql/${version}/bin`;
  const options = `-k {folder}/data -c listen_addresses=`;
  const start = `${bin}/pg_ctl -D {folder}/data -l {folder}/data/log -o "${options}" -w start`;
  const init = `${bin}/initdb -D {folder}/data -N --auth=trust >/dev/null`;
  const config = `[processes.database]
type = "oneshot"
user = "postgres"
${shellCommand(`test -e {folder}/data/PG_VERSION || ${init}; ${start}`)}
[processes.web]
cmd = "sleep 1000"
depends_on = ["database"]
healthcheck = { uptime = 0 }
`;
  const engine = new EngineRun(t, `[engine]\n${config}[processes.database.env]\nLANG = "C"\n`, {
    wrapper: ['sh', '-c', 'chmod 777 "$(dirname "$4")"; exec "$@"', 'sh'],
  });
  await engine.ready();
  await engine.reaches('web', 'healthy', 30_000);
  assert.equal((await engine.see('database')).state, 'completed');
  assert.match(
    (await engine.shell('status', 'database', '--json')).stdout,
    /"left_running":\[\{"pid":\d+,"command":".*postgres/,
  );
  await engine.signal('SIGTERM');
  assert.equal(await engine.exitCode(), 0);
  const log = readFileSync(join(engine.folder, 'data/log'), 'utf8');
  assert.match(log, /database system is shut down/);
  const state = readFileSync(join(engine.folder, 'data/global/pg_control'));
  // DBState in pg_control (src/include/catalog/pg_control.h): 1 is shut down, 6 in production.
  assert.equal(state.readInt32LE(16), 1);
});

test('cron leaves its jobs running when it is stopped, and they have TERM at shutdown', async (t) => {
  const engine = new EngineRun(
    t,
    `[processes.cron]
cmd = "cron -f"
leave_running = true
`,
    // A spool of its own, so that nothing of the machine's runs. A job at start-up needs no minute to wait for.
    {
      wrapper: [
        'sh',
        '-c',
        [
          'for folder in /var/spool/cron/crontabs /etc/cron.d; do mount -t tmpfs none $folder; done',
          'mount --bind /dev/null /etc/crontab; mount -t tmpfs none /run',
          'f=$(dirname "$4"); echo "@reboot sh $f/job" > /var/spool/cron/crontabs/root; chmod 600 /var/spool/cron/crontabs/root',
          'exec "$@"',
        ].join('; '),
        'sh',
      ],
    },
  );
  writeFileSync(
    join(engine.folder, 'job'),
    `trap 'echo cleaned up > ${engine.folder}/job.log; exit' TERM\necho begun > ${engine.folder}/job.log\nwhile :; do sleep 0.05; done\n`,
  );
  const job = (): string => readFileSync(join(engine.folder, 'job.log'), 'utf8').trim();
  await engine.ready();
  await eventually(() => assert.equal(job(), 'begun'), { withinMs: 15_000 });
  assert.equal((await engine.shell('stop', 'cron', '--wait')).code, 0);
  assert.equal(job(), 'begun');
  assert.equal((await count(engine, `sh ${engine.folder}/job`)) > 0, true);
  await engine.signal('SIGTERM');
  assert.equal(await engine.exitCode(), 0);
  assert.equal(job(), 'cleaned up');
});

test('nginx that goes to the background has failed, is told how to stay, and nothing of it is left', async (t) => {
  const port = await freePort();
  const engine = new EngineRun(
    t,
    `[engine]
exit_when = "never"
[processes.nginx]
cmd = ["nginx", "-c", "{folder}/nginx.conf", "-e", "{folder}/error.log"]
`,
  );
  chmodSync(engine.folder, 0o777);
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${engine.folder}/${name};`,
  );
  const server = `server { listen 127.0.0.1:${port}; }`;
  writeFileSync(
    join(engine.folder, 'nginx.conf'),
    `pid ${engine.folder}/pid; events {} http { access_log off; ${paths.join(' ')} ${server} }`,
  );
  await engine.ready();
  await engine.reaches('nginx', 'failed');
  const { stdout } = await engine.shell('why', 'nginx');
  assert.match(stdout, /put itself in the background; run it in the foreground \(nginx: "daemon off;"/);
  assert.equal(await count(engine, 'nginx: '), 0);
});

test('nothing stays of health checks that run su and time out, or of an su that is killed', async (t) => {
  const engine = new EngineRun(
    t,
    `[processes.web]
cmd = ["su", "-s", "/bin/sh", "nobody", "-c", "sleep 4711; true"]
autorestart = "no"
[engine]
exit_when = "never"
[processes.probed]
cmd = "sleep 1000"
[processes.probed.healthcheck]
cmd = ["su", "-", "-s", "/bin/sh", "nobody", "-c", "sleep 4712; true"]
interval = "20ms"
start_interval = "20ms"
timeout = "100ms"
on_unhealthy = "none"
`,
  );
  await engine.ready();
  await engine.reaches('web', 'healthy');
  const { pid } = await engine.see('web');
  await engine.inside('kill', ['-KILL', String(pid)]);
  await engine.reaches('web', 'failed');
  assert.equal(await count(engine, 'sleep 4711'), 0);
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  // su itself, its shell and the command of the one that is running.
  assert.ok((await count(engine, 'sleep 4712')) <= 3);
});

const STARTERS: readonly (readonly [string, string])[] = [
  ['su', `exec su -s /bin/sh nobody -c "trap '' TERM; exec sleep 4711"`],
  ['su with a fresh environment', `exec su -s /bin/sh - nobody -c "trap '' TERM; exec sleep 4711"`],
  ['runuser', `exec runuser -u nobody -- sh -c "trap '' TERM; exec sleep 4711"`],
  // Their shells end of TERM, and pam_limits has taken the mark off what those have started.
  ['a shell of su', `exec su -s /bin/sh nobody -c "sleep 4711; true"`],
  ['jobs of a login', `exec su - -s /bin/bash nobody -c "set -m; sleep 4711 & sleep 4711 & wait"`],
  ['runuser, in another session', `exec runuser -u nobody -- sh -c "setsid sleep 4711 & sleep 1000; true"`],
  ['a login of runuser', `exec runuser -l nobody -s /bin/sh -c "sleep 4711; true"`],
  ['sudo', `exec sudo -u nobody sh -c "trap '' TERM; exec sleep 4711"`],
  ['setsid', `setsid sh -c "trap '' TERM; exec sleep 4711" & wait`],
  ['a shell with job control', `exec bash -c "set -m; (trap '' TERM; exec sleep 4711) & wait"`],
  ['a double fork', `(env -i setsid setsid sh -c "trap '' TERM HUP; exec sleep 4711" &) & sleep 1000`],
  ['screen', `screen -DmS x sh -c "trap '' TERM HUP; exec sleep 4711"`],
];

for (const [name, script] of STARTERS) {
  test(`stopped is true, and a restart makes no second copy, of what ${name} has started`, async (t) => {
    const engine = new EngineRun(
      t,
      `[engine]\nexit_when = "never"\n[processes.web]\nstop_timeout = "300ms"\n${shellCommand(script)}`,
    );
    await engine.ready();
    const copies = (): Promise<number> => count(engine, 'sleep 4711');
    const sleeping = async (): Promise<number> =>
      (await engine.processes()).filter((each) => each.name === 'sleep' && each.state !== 'Z').length;
    const all = script.match(/sleep \d+/g)?.length;
    await eventually(async () => assert.equal(await sleeping(), all));
    assert.ok((await copies()) > 0);
    assert.equal((await engine.shell('restart', 'web', '--wait')).code, 0);
    await eventually(async () => assert.equal(await sleeping(), all));
    assert.equal((await engine.shell('stop', 'web', '--wait')).code, 0);
    assert.equal(await copies(), 0);
  });
}

test('what su has started is stopped before the next start when su itself was killed', async (t) => {
  const engine = new EngineRun(
    t,
    `[processes.web]\nbackoff = { base = 0 }\nstop_timeout = "300ms"\nhealthcheck = { uptime = "100ms" }\n${shellCommand(STARTERS[0]?.[1] ?? '')}`,
  );
  await engine.ready();
  const { pid } = await engine.reaches('web', 'healthy');
  await engine.kill(pid ?? 0);
  await eventually(async () => assert.equal((await engine.see('web')).incarnation, 2));
  await engine.reaches('web', 'healthy');
  const sleeping = (await engine.processes()).filter(({ name, state }) => name === 'sleep' && state !== 'Z');
  assert.equal(sleeping.length, 1);
});

test('a shell that ends of TERM costs the program it runs neither the signal nor its time', async (t) => {
  const program = `trap 'sleep 0.3; echo cleaned up; exit' TERM; while :; do sleep 0.05; done`;
  const script = `sh -c ${JSON.stringify(program)}; echo never`;
  const engine = await new EngineRun(t, `[processes.web]\n${shellCommand(script)}`).ready();
  await engine.reaches('web', 'healthy');
  assert.equal((await engine.shell('stop', 'web', '--wait')).code, 0);
  assert.match(engine.stdout, /cleaned up/);
  assert.doesNotMatch(engine.stdout, /never/);
});

test('a trap of a shell that waits for the program in its foreground runs before KILL', async (t) => {
  const script = `trap 'echo cleaned up; exit' TERM; sleep 1000; sleep 1000`;
  const engine = await new EngineRun(
    t,
    `[processes.web]\nstop_timeout = "1s"\n${shellCommand(script)}`,
  ).ready();
  await engine.reaches('web', 'healthy');
  assert.equal((await engine.shell('stop', 'web', '--wait')).code, 0);
  assert.match(engine.stdout, /cleaned up/);
});

test('children of an exec have TERM and their time at shutdown', async (t) => {
  const engine = await new EngineRun(t, '[processes.web]\ncmd = "sleep 1000"\n').ready();
  const log = join(engine.folder, 'exec.log');
  const program = `trap 'sleep 0.2; echo cleaned up > ${log}; exit' TERM; echo begun > ${log}; while :; do sleep 0.05; done`;
  void engine.inside('sh', ['-c', program]).catch(() => {});
  await eventually(() => assert.equal(readFileSync(log, 'utf8'), 'begun\n'));
  await engine.signal('SIGTERM');
  assert.equal(await engine.exitCode(), 0);
  assert.equal(readFileSync(log, 'utf8'), 'cleaned up\n');
});
