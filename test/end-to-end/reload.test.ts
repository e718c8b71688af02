/** A reload touches what differs and nothing else. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineRun, shellCommand } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';

/** Stays up whatever its processes do, so that a test can look at them. */
const STAY = '[engine]\nexit_when = "never"\n';
const HEALTHY_SOON = 'healthcheck = { uptime = "20ms" }\n';
const sleeper = (name: string, keys = ''): string =>
  `[processes.${name}]\ncmd = "sleep 1000"\n${HEALTHY_SOON}${keys}\n`;
/** Fails once, so that it has a restart to remember, then says hello and stays. */
const KEPT = `[processes.kept]\n${shellCommand('echo life >> {folder}/lives; test $(wc -l < {folder}/lives) -ge 2 || exit 1; echo hello; exec sleep 1000')}backoff = { base = 0 }\n${HEALTHY_SOON}`;

test('what differs is added, removed or restarted; the rest keeps pid, counters and output', async (t) => {
  const engine = await new EngineRun(
    t,
    `${STAY}${KEPT}${sleeper('changed', 'env = { COLOUR = "red" }')}${sleeper('gone')}`,
  ).ready();
  const kept = await engine.reaches('kept', 'healthy');
  const changed = await engine.reaches('changed', 'healthy');
  const gone = await engine.reaches('gone', 'healthy');
  assert.equal(kept.restarts, 1);

  engine.configure(`${STAY}${KEPT}${sleeper('changed', 'env = { COLOUR = "blue" }')}${sleeper('fresh')}`);
  const { code, stdout } = await engine.shell('reload');
  assert.equal(code, 0);
  assert.deepEqual(stdout.split('\n'), [
    'restarted changed (env.COLOUR)',
    'removed gone',
    'added fresh',
    'reloaded; 1 unchanged',
    '',
  ]);

  await engine.reaches('fresh', 'healthy');
  const again = await engine.reaches('changed', 'healthy');
  assert.equal(again.incarnation, 2);
  const environment = await engine.inside('cat', [`/proc/${again.pid}/environ`]);
  assert.ok(environment.stdout.split('\0').includes('COLOUR=blue'));
  await eventually(async () => assert.equal((await engine.shell('status', 'gone')).code, 4));
  const pids = (await engine.processes()).map(({ pid }) => pid);
  for (const old of [changed.pid, gone.pid]) assert.ok(!pids.includes(old ?? 0), `${old} has gone`);

  const still = await engine.see('kept');
  assert.equal(still.pid, kept.pid);
  assert.equal(still.restarts, 1);
  assert.match((await engine.shell('logs', '-p', 'kept', '--output')).stdout, /hello/);
});

test('policy is applied live: the pid stays, and the new stop timeout is the one that counts', async (t) => {
  const stubborn = (timeout: string): string =>
    `${STAY}[processes.web]\n${shellCommand("trap '' TERM; echo ready; while :; do sleep 1; done")}stop_timeout = "${timeout}"\n`;
  const engine = await new EngineRun(t, stubborn('9m')).ready();
  await eventually(() => assert.match(engine.stdout, /ready/));
  const { pid } = await engine.see('web');
  engine.configure(stubborn('100ms'));
  assert.match((await engine.shell('reload')).stdout, /^updated web \(stop\)\n/);
  assert.equal((await engine.see('web')).pid, pid);
  assert.equal((await engine.shell('stop', 'web', '--wait', '--timeout', '10s')).code, 0);
});

test('what a user stopped stays stopped when a reload changes it, and takes the change over when it is started', async (t) => {
  const engine = await new EngineRun(t, `${STAY}${sleeper('web')}${sleeper('other')}`).ready();
  await engine.reaches('web', 'healthy');
  assert.equal((await engine.shell('stop', 'web', '--wait')).code, 0);
  engine.configure(
    `${STAY}${sleeper('web', 'env = { COLOUR = "blue" }')}${sleeper('other', 'umask = "077"')}`,
  );
  assert.equal((await engine.shell('reload', '--wait')).code, 0);
  assert.equal((await engine.see('web')).state, 'stopped');
  assert.equal((await engine.see('other')).incarnation, 2);
  await engine.shell('start', 'web');
  const { pid } = await engine.reaches('web', 'healthy');
  const environment = await engine.inside('cat', [`/proc/${pid}/environ`]);
  assert.ok(environment.stdout.split('\0').includes('COLOUR=blue'));
});

test('a plan tells what would happen and does nothing; the reload after it does it', async (t) => {
  const engine = await new EngineRun(t, `${STAY}${sleeper('web')}${sleeper('gone')}`).ready();
  const web = await engine.reaches('web', 'healthy');
  const gone = await engine.reaches('gone', 'healthy');
  engine.configure(`${STAY}${sleeper('web', 'nice = 5')}${sleeper('fresh')}`);
  for (let again = 0; again < 2; again++) {
    const plan = await engine.shell('reload', '--plan');
    assert.equal(plan.code, 0);
    assert.deepEqual(plan.stdout.split('\n'), [
      'would restart web (nice)',
      'would remove gone',
      'would add fresh',
      'plan only; 0 unchanged',
      '',
    ]);
  }
  assert.equal((await engine.see('web')).pid, web.pid);
  assert.equal((await engine.see('gone')).pid, gone.pid);
  assert.equal((await engine.shell('status', 'fresh')).code, 4);
  assert.deepEqual(engine.events('config_reloaded'), []);
  assert.equal((await engine.shell('reload', '--wait')).code, 0);
  assert.equal((await engine.see('web')).incarnation, 2);
});

test('reloads at the same moment, by clients and by SIGHUP, make each change once', async (t) => {
  const engine = await new EngineRun(t, `${STAY}${sleeper('web')}`).ready();
  await engine.reaches('web', 'healthy');
  engine.configure(`${STAY}${sleeper('web', 'nice = 5')}${sleeper('fresh')}`);
  const [first, second] = await Promise.all([
    engine.shell('reload', '--wait'),
    engine.shell('reload', '--wait'),
    engine.signal('SIGHUP'),
  ]);
  assert.deepEqual([first.code, second.code], [0, 0]);
  await eventually(() => assert.ok(engine.events('config_reloaded').length >= 2));
  assert.equal((await engine.reaches('web', 'healthy')).incarnation, 2);
  assert.equal((await engine.reaches('fresh', 'healthy')).incarnation, 1);
  const restarted = engine.events('config_reloaded').map((event) => event.restarted);
  assert.deepEqual(
    restarted,
    [['web'], [], []].slice(0, restarted.length),
    'those that wait for the first are done as one',
  );
});

test('a rejected configuration is reported whole to the client and changes nothing; mended, it is taken', async (t) => {
  const engine = await new EngineRun(t, `${STAY}${sleeper('web')}`).ready();
  const { pid } = await engine.reaches('web', 'healthy');
  engine.configure(
    `${STAY}${sleeper('web', 'nice = 5\ncolour = "blue"')}${sleeper('fresh', 'user = "no-such-user"')}`,
  );
  for (const words of [['reload'], ['reload', '--plan']]) {
    const { code, stderr } = await engine.shell(...words);
    assert.equal(code, 6);
    assert.match(stderr, /tm\.toml:\d+.*colour/);
    assert.match(stderr, /tm\.toml:\d+.*no-such-user/);
  }
  assert.equal((await engine.see('web')).pid, pid);
  assert.equal((await engine.shell('status', 'fresh')).code, 4);
  engine.configure(`${STAY}${sleeper('web')}${sleeper('fresh')}`);
  assert.equal((await engine.shell('reload', '--wait')).code, 0);
  assert.equal((await engine.see('web')).pid, pid);
});

test('a configuration file that has gone, or is no TOML, changes nothing', async (t) => {
  const engine = await new EngineRun(t, `${STAY}${sleeper('web')}`).ready();
  const { pid } = await engine.reaches('web', 'healthy');
  engine.configure('[processes.web\ncmd = ');
  assert.equal((await engine.shell('reload')).code, 6);
  await engine.inside('rm', [`${engine.folder}/tm.toml`]);
  const { code, stderr } = await engine.shell('reload');
  assert.equal(code, 6);
  assert.match(stderr, /tm\.toml: cannot be read: there is no such file/);
  assert.equal((await engine.see('web')).pid, pid);
});

test('more and fewer instances come and go while the others keep their pids', async (t) => {
  const engine = await new EngineRun(t, `${STAY}${sleeper('web', 'instances = 2')}`).ready();
  const before = [await engine.reaches('web:1', 'healthy'), await engine.reaches('web:2', 'healthy')];
  engine.configure(`${STAY}${sleeper('web', 'instances = 3')}`);
  assert.equal((await engine.shell('reload', '--wait')).code, 0);
  const { pid: third } = await engine.reaches('web:3', 'healthy');
  engine.configure(`${STAY}${sleeper('web', 'instances = 2')}`);
  assert.equal((await engine.shell('reload')).code, 0);
  await eventually(async () => assert.equal((await engine.shell('status', 'web:3')).code, 4));
  assert.ok(!(await engine.processes()).some(({ pid }) => pid === third));
  const after = [await engine.see('web:1'), await engine.see('web:2')];
  assert.deepEqual(
    after.map(({ pid, state }) => [pid, state]),
    before.map(({ pid }) => [pid, 'healthy']),
  );
});

test('what failed for good is tried again when a reload mends it', async (t) => {
  const broken = `[processes.web]\ncmd = "/no/such/program"\n${HEALTHY_SOON}`;
  const engine = await new EngineRun(t, `${STAY}${broken}`).ready();
  await engine.reaches('web', 'failed');
  engine.configure(`${STAY}${sleeper('web')}`);
  assert.equal((await engine.shell('reload', '--wait')).code, 0);
  await engine.reaches('web', 'healthy');
});

test('a process that cannot start after a reload makes it exit with 9 and leaves the others alone', async (t) => {
  const engine = await new EngineRun(t, `${STAY}${sleeper('web')}`).ready();
  const { pid } = await engine.reaches('web', 'healthy');
  engine.configure(`${STAY}${sleeper('web')}[processes.bad]\ncmd = "/no/such/program"\n`);
  const { code, stderr } = await engine.shell('reload', '--wait');
  assert.equal(code, 9);
  assert.match(stderr, /bad did not come up: it is failed: .*\/no\/such\/program/);
  assert.equal((await engine.see('web')).pid, pid);
});

test('a wait for a retry ends when a reload mends the program', async (t) => {
  const program = (exit: string): string =>
    `${STAY}[processes.web]\n${shellCommand(exit)}${HEALTHY_SOON}backoff = { base = "9m", max = "9m" }\n`;
  const engine = await new EngineRun(t, program('exit 1')).ready();
  await engine.reaches('web', 'backoff');
  engine.configure(program('exec sleep 1000'));
  assert.equal((await engine.shell('reload', '--wait')).code, 0);
  assert.equal((await engine.reaches('web', 'healthy')).consecutive_restarts, 0);
});

test('what is removed while it ignores SIGTERM and comes back meanwhile runs once', async (t) => {
  const stubborn = `[processes.web]\n${shellCommand("trap '' TERM; echo life; while :; do sleep 1; done")}stop_timeout = "300ms"\n${HEALTHY_SOON}`;
  const engine = await new EngineRun(t, `${STAY}${stubborn}${sleeper('other')}`).ready();
  await eventually(() => assert.equal(engine.stdout, 'life\n'));
  engine.configure(`${STAY}${sleeper('other')}`);
  await engine.shell('reload');
  engine.configure(`${STAY}${stubborn}${sleeper('other')}`);
  assert.equal((await engine.shell('reload', '--wait')).code, 0);
  await engine.reaches('web', 'healthy');
  await eventually(() => assert.equal(engine.stdout, 'life\nlife\n'));
  // Until its next `sleep` is executed, the shell's child is a `sh` too.
  await eventually(async () => {
    assert.equal((await engine.processes()).filter(({ name }) => name === 'sh').length, 1);
  });
});

test('settings of the engine that need a new engine are named', async (t) => {
  const engine = await new EngineRun(t, `${STAY}${sleeper('web')}`).ready();
  const { pid } = await engine.reaches('web', 'healthy');
  engine.configure(`${STAY}socket_mode = "0600"\ngrace = "5s"\n${sleeper('web')}`);
  const { code, stderr } = await engine.shell('reload');
  assert.equal(code, 0);
  assert.match(stderr, /engine\.socket_mode changed, but takes effect only when the engine restarts/);
  assert.doesNotMatch(stderr, /grace differs/);
  assert.equal((await engine.see('web')).pid, pid);
});
