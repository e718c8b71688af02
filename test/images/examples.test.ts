import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { buildExample, buildTaskmaster } from '../support/base-images.ts';
import { Container } from '../support/container.ts';
import { eventually } from '../support/eventually.ts';

buildTaskmaster('base');
buildTaskmaster('folder');

const PATIENT = { withinMs: 30_000 };

/** What a client in the container is answered; no program for it need be in the image. */
async function get(container: Container, url: string): Promise<string> {
  const program = `fetch(${JSON.stringify(url)}).then((answer) => answer.text()).then(console.log)`;
  const { stdout } = await container.exec('/opt/taskmaster/program/node', '-e', program);
  return stdout.trim();
}

test('web: nginx answers for the application, the worker works, and Docker hears that all is well', async (t) => {
  const image = buildExample('web');
  const flags = ['--env', 'REPORT_EVERY_SECONDS=1', '--health-interval', '1s'];
  const container = new Container(t, '', { image, flags });
  for (const name of ['app', 'nginx', 'worker']) await container.reaches(name, 'healthy', 30_000);
  await eventually(async () => {
    assert.match(await get(container, 'http://127.0.0.1:8080/'), /^hello, [1-9]\d* reports so far$/);
  }, PATIENT);
  await eventually(() => assert.equal(container.inspect('.State.Health.Status'), 'healthy'), PATIENT);
  assert.match(container.stdout, /^worker *[|:\]]? *.*report \d+/m);
  assert.equal((await container.exec('taskmaster', 'engine', 'check', '/etc/taskmaster.toml')).stderr, '');
  assert.equal(await container.stop(), 0);
});

test('web: the application is killed, comes back, and nginx has been there all the time', async (t) => {
  const container = new Container(t, '', { image: buildExample('web') });
  const before = await container.reaches('app', 'healthy', 30_000);
  const { pid: front } = await container.reaches('nginx', 'healthy', 30_000);
  await container.exec('sh', '-c', `kill -KILL ${before.pid}`);
  const after = await eventually(async () => {
    const seen = await container.see('app');
    assert.ok(seen.state === 'healthy' && seen.pid !== before.pid, JSON.stringify(seen));
    return seen;
  }, PATIENT);
  assert.equal(after.restarts, 1);
  assert.equal((await container.see('nginx')).pid, front);
  assert.match(await get(container, 'http://127.0.0.1:8080/'), /^hello/);
});

test('from-supervisord: before and after serve the same, with the same workers as the same user', async (t) => {
  const before = new Container(t, '', { image: buildExample('from-supervisord/before') });
  const after = new Container(t, '', { image: buildExample('from-supervisord/after') });
  for (const name of ['nginx', 'queue:1', 'queue:2']) await after.reaches(name, 'healthy', 30_000);
  assert.equal(await get(after, 'http://127.0.0.1:8080/'), 'hello');
  const workers = async (container: Container): Promise<string> => {
    const script =
      'for p in /proc/[0-9]*; do [ "$(cut -d" " -f1-2 <$p/cmdline | tr "\\0" " " | grep -c queue.sh)" = 1 ] && stat -c %U $p; done; true';
    return (await container.exec('sh', '-c', script)).stdout;
  };
  await eventually(async () => assert.equal(await workers(before), 'www-data\nwww-data\n'), PATIENT);
  assert.equal(await workers(after), 'www-data\nwww-data\n');
  assert.equal(
    (await after.exec('sh', '-c', 'cat /var/log/queue_*.log')).stdout,
    'worker 1 serves the queue mail\nworker 2 serves the queue mail\n',
  );
  assert.equal((await after.exec('taskmaster', 'engine', 'check', '/etc/taskmaster.toml')).stderr, '');
  assert.equal(await after.stop(), 0);
});

test('non-root: no user but its own, a read-only root, no capabilities; Docker hears that all is well', async (t) => {
  const flags = [
    '--read-only',
    '--tmpfs',
    '/tmp',
    '--cap-drop',
    'ALL',
    '--security-opt',
    'no-new-privileges',
  ];
  const image = buildExample('non-root');
  const container = new Container(t, '', { image, flags: [...flags, '--health-interval', '1s'] });
  for (const name of ['nginx', 'heartbeat']) await container.reaches(name, 'healthy', 30_000);
  assert.equal(await get(container, 'http://127.0.0.1:8080/'), 'hello from nobody in particular');
  const { stdout } = await container.exec('sh', '-c', 'stat -c %u /proc/[0-9]* | sort -u');
  assert.equal(stdout, '10001\n');
  await eventually(() => assert.equal(container.inspect('.State.Health.Status'), 'healthy'), PATIENT);
  assert.equal((await container.exec('taskmaster', 'engine', 'check', '/etc/taskmaster.toml')).stderr, '');
  assert.equal(await container.stop(), 0);
});

/** Asks until /tmp/over is there. */
const ASKING = `
const { existsSync } = require('node:fs');
(async () => {
  const servers = new Set();
  const failures = [];
  let answers = 0;
  while (!existsSync('/tmp/over')) {
    try {
      servers.add(await (await fetch('http://127.0.0.1:8080/')).text());
      answers += 1;
    } catch (error) {
      failures.push(String(error.cause ?? error));
    }
  }
  console.log(JSON.stringify({ answers, servers: servers.size, failures }));
})();
`;
const RESTARTS = 3;

test('socket: no request fails while the application restarts, and the reports run only while they are used', async (t) => {
  const image = buildExample('socket');
  const container = new Container(t, '', { image, flags: ['--env', 'REPORTS_IDLE=2s'] });
  await container.reaches('app', 'healthy', 30_000);
  await container.reaches('reports', 'listening');
  const client = container.exec('/opt/taskmaster/program/node', '-e', ASKING);
  for (let round = 0; round < RESTARTS; round += 1)
    assert.equal((await container.exec('taskshell', 'restart', 'app', '--wait')).code, 0, container.log);
  await container.exec('sh', '-c', 'touch /tmp/over');
  const asked = JSON.parse((await client).stdout);
  console.log(`# ${RESTARTS} restarts in a container: ${JSON.stringify(asked)}`);
  assert.deepEqual(asked.failures, []);
  // It may have begun to ask after the first restart.
  assert.ok(asked.servers >= RESTARTS, JSON.stringify(asked));
  assert.match(await get(container, 'http://127.0.0.1:8081/'), /^hello from \d+$/);
  await container.reaches('reports', 'healthy');
  await container.reaches('reports', 'listening', 30_000);
  assert.equal((await container.exec('taskmaster', 'engine', 'check', '/etc/taskmaster.toml')).stderr, '');
  assert.equal(await container.stop(), 0);
});

test('cron: jobs run at their times, on demand and at the start, and are waited for when the container stops', async (t) => {
  const flags = ['--env', 'BACKUP_AT=*/2 * * * * *', '--env', 'BACKUP_SPLAY=0', '--env', 'POLL_EVERY=2s'];
  const container = new Container(t, '', { image: buildExample('cron'), flags });
  const lines = (expected: RegExp): number => (container.stdout.match(expected) ?? []).length;
  // At the start, and by its period.
  await eventually(() => assert.ok(lines(/^\d+ files wait$/gm) >= 3, container.log), PATIENT);
  await eventually(() => assert.ok(lines(/^kept 3 backups$/gm) >= 1, container.log), PATIENT);
  const { stdout } = await container.exec(
    'sh',
    '-c',
    'ls /var/backups && tar -tzf "$(ls -t /var/backups/*.gz | head -1)"',
  );
  assert.match(stdout, /^(backup-\d{8}T\d{6}Z\.tar\.gz\n){3,4}etc\//);
  const ran = await container.shell('run', 'cleanup', '--wait');
  assert.deepEqual([ran.code, ran.stdout], [0, 'cleanup has run: exited with code 0\n'], ran.stderr);
  assert.match(
    (await container.shell('status')).stdout,
    /^cleanup +scheduled .*next run in .*last run \S+Z: exited with code 0/m,
  );
  assert.equal((await container.exec('taskmaster', 'engine', 'check', '/etc/taskmaster.toml')).stderr, '');
  assert.equal(await container.stop(), 0);
});

test('database: a migration and an application follow it as each is ready, also after a kill and in the next container', async (t) => {
  const volume = `taskmaster-database-${process.pid}`;
  t.after(() => void spawnSync('docker', ['volume', 'rm', volume]));
  const flags = ['--volume', `${volume}:/var/lib/postgresql/data`];
  const image = buildExample('database');
  const first = new Container(t, '', { image, flags });
  const { restarts } = await first.reaches('app', 'healthy', 60_000);
  assert.equal(restarts, 0, 'all was there at its first start');
  assert.equal((await first.see('migration')).state, 'completed');
  assert.equal(await get(first, 'http://127.0.0.1:8080/'), 'visit 2');
  assert.match((await first.shell('reload', 'db')).stdout, /^sent SIGHUP to db/);
  const before = await first.see('db');
  await first.exec('sh', '-c', `kill -KILL ${before.pid}`);
  await eventually(async () => {
    const seen = await first.see('db');
    assert.ok(seen.state === 'healthy' && seen.pid !== before.pid, JSON.stringify(seen));
  }, PATIENT);
  assert.equal(await get(first, 'http://127.0.0.1:8080/'), 'visit 3');
  assert.equal((await first.exec('taskmaster', 'engine', 'check', '/etc/taskmaster.toml')).stderr, '');
  assert.equal(await first.stop(30), 0);
  const second = new Container(t, '', { image, flags });
  await second.reaches('app', 'healthy', 60_000);
  assert.equal(await get(second, 'http://127.0.0.1:8080/'), 'visit 5');
  assert.equal(await second.stop(30), 0);
});
