import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { buildFiles, buildTaskmaster } from '../support/base-images.ts';
import { Container } from '../support/container.ts';
import { eventually } from '../support/eventually.ts';
import { dockerSays } from '../support/test-image.ts';

const SLEEPER = '[processes.sleeper]\ncmd = "sleep 600"\nhealthcheck = { uptime = "10ms" }\n';
const COMMANDS = ['taskboard', 'taskmaster', 'taskshell'];
const MOUNTED = ['taskmaster', 'engine', 'start', '/etc/taskmaster/tm.toml'] as const;
/** The libraries that Node needs beyond glibc. */
const BEYOND_GLIBC = ['libstdc++.so.6', 'libgcc_s.so.1', 'libatomic.so.1'];

const base = buildTaskmaster('base');
const folder = buildTaskmaster('folder');
const copied = buildFiles('taskmaster-images-copied', {
  Dockerfile: `FROM debian:bookworm-slim\nCOPY --from=${folder} / /\n`,
});

/** An image on the base that is healthy, as far as taskmaster sees, when its processes are. */
function onBase(name: string, config: string): string {
  const Dockerfile = `FROM ${base}\nCOPY taskmaster.toml /etc/taskmaster.toml\n`;
  return buildFiles(`taskmaster-images-${name}`, { Dockerfile, 'taskmaster.toml': config });
}

const EVERY_SECOND = ['--health-interval', '1s', '--health-start-period', '1s', '--health-retries', '1'];

test('an image on the base needs nothing but a configuration; Docker hears that it is healthy', async (t) => {
  const container = new Container(t, '', { image: onBase('healthy', SLEEPER), flags: EVERY_SECOND });
  await container.reaches('sleeper', 'healthy');
  await eventually(() => assert.equal(container.inspect('.State.Health.Status'), 'healthy'), {
    withinMs: 20_000,
  });
  assert.equal(await container.stop(), 0);
});

test('Docker hears that one process is not healthy', async (t) => {
  const ill = '[processes.ill]\ncmd = "false"\nautorestart = "no"\n';
  const container = new Container(t, '', { image: onBase('ill', `${SLEEPER}${ill}`), flags: EVERY_SECOND });
  await eventually(() => assert.equal(container.inspect('.State.Health.Status'), 'unhealthy'), {
    withinMs: 20_000,
  });
});

test('the folder image holds /opt/taskmaster and links to its commands, and nothing else', (t) => {
  const container = dockerSays('create', folder, 'nothing');
  t.after(() => dockerSays('rm', container));
  const list = execFileSync('sh', ['-c', `docker export ${container} | tar -t`], { encoding: 'utf8' });
  const foreign = list
    .trim()
    .split('\n')
    // What Docker itself puts into every container.
    .filter(
      (path) => !/^(\.dockerenv|dev\/.*|etc\/(hostname|hosts|mtab|resolv\.conf)?|proc\/|sys\/)$/.test(path),
    )
    .filter((path) => !path.startsWith('opt/taskmaster/') && !path.endsWith('/'));
  assert.deepEqual(foreign.sort(), COMMANDS.map((name) => `usr/local/bin/${name}`).sort());
});

test('COPY --from the folder image puts the commands on the PATH of any image', async (t) => {
  const container = new Container(t, SLEEPER, { image: copied, command: MOUNTED });
  await container.reaches('sleeper', 'healthy');
  for (const name of COMMANDS) {
    const { code, stdout } = await container.exec(name, '--version');
    assert.deepEqual(
      { code, stdout },
      { code: 0, stdout: stdout.match(/^taskmaster \d+\.\d+\.\d+\n$/)?.[0] },
      name,
    );
  }
  // Not the Node: an image may have one of its own, or none on purpose.
  assert.notEqual((await container.exec('sh', '-c', 'command -v node')).code, 0);
});

test('a link by the name of tini stands in for tini', async (t) => {
  const image = buildFiles('taskmaster-images-tini', {
    Dockerfile: `FROM ${copied}\nRUN ln -s /opt/taskmaster/bin/taskmaster /usr/bin/tini\n`,
  });
  const container = new Container(t, '', { image, command: ['tini', '--', 'sh', '-c', 'exit 42'] });
  assert.equal(await container.exitCode(), 42);
});

test('/opt/taskmaster alone works from anywhere, by one more line for PATH', async (t) => {
  const image = buildFiles('taskmaster-images-moved', {
    Dockerfile: `FROM debian:bookworm-slim
COPY --from=${folder} /opt/taskmaster /srv/elsewhere
ENV PATH=/srv/elsewhere/bin:$PATH
`,
  });
  const container = new Container(t, SLEEPER, { image, command: MOUNTED });
  await container.reaches('sleeper', 'healthy');
});

test('it needs no library of the image but glibc, and gives none to the programs it starts', async (t) => {
  const image = buildFiles('taskmaster-images-bare', {
    Dockerfile: `FROM ${copied}\nRUN rm -f ${BEYOND_GLIBC.map((name) => `/usr/lib/*/${name}*`).join(' ')}\n`,
  });
  const env = '[processes.env]\ncmd = "env"\ntype = "oneshot"\nclear_env = false\n';
  const container = new Container(t, `${SLEEPER}${env}`, { image, command: MOUNTED });
  await container.reaches('sleeper', 'healthy');
  await container.reaches('env', 'completed');
  const names = container.stdout.split('\n').map((line) => line.split('=')[0] ?? '');
  assert.ok(names.includes('PATH'), container.stdout);
  assert.deepEqual(
    names.filter((name) => /^(LD_|NODE|TASKMASTER_(INHERITED|NODE))/.test(name)),
    [],
  );
});

test('another user in a read-only image runs the compiled code, and nothing is written beside it', async (t) => {
  const flags = ['--read-only', '--user', '10001:10001', '--tmpfs', '/tmp', '--cap-drop', 'ALL'];
  const container = new Container(t, SLEEPER, { image: copied, command: MOUNTED, flags });
  await container.reaches('sleeper', 'healthy');
  const program = `
    const { readdirSync, readFileSync } = require('node:fs');
    const { Script } = require('node:vm');
    process.chdir('/opt/taskmaster/program');
    const bundles = readdirSync('.').filter((name) => name.endsWith('.cache')).map((name) => name.slice(0, -6));
    const taken = bundles.filter((name) => {
      return new Script(readFileSync(name + '.cjs', 'latin1'), { cachedData: readFileSync(name + '.cache') }).cachedDataRejected === false;
    });
    console.log(JSON.stringify({ bundles, taken }));`;
  const flagsOfLauncher = [
    '--disable-sigusr1',
    '--v8-pool-size=1',
    '--no-warnings',
    '--min-semi-space-size=2',
  ];
  const { stdout } = await container.exec('/opt/taskmaster/program/node', ...flagsOfLauncher, '-e', program);
  const { bundles, taken } = JSON.parse(stdout);
  assert.deepEqual(taken, bundles);
  assert.ok(taken.includes('engine-start') && taken.includes('shell'), stdout);
});

test('root writes nothing beside the program', async (t) => {
  const container = new Container(t, SLEEPER, { image: copied, command: MOUNTED });
  await container.reaches('sleeper', 'healthy');
  assert.equal((await container.shell('status')).code, 0);
  assert.equal(await container.stop(), 0);
  assert.doesNotMatch(dockerSays('diff', container.name), /\/opt/);
});
