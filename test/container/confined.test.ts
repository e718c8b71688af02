/** Containers with little: no writable root, no root user, no capabilities, few processes, little memory. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Container } from '../support/container.ts';
import { shellCommand } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';

const QUICK = 'healthcheck = { uptime = "20ms" }\n';
const SLEEPER = `[processes.web]\ncmd = "sleep 1000"\n${QUICK}`;

const CONFINED: readonly (readonly [string, readonly string[], string])[] = [
  [
    'a read-only root with a tmpfs on /run',
    ['--read-only', '--tmpfs', '/run'],
    '/run/taskmaster/taskmaster.sock',
  ],
  ['user 1000', ['--user', '1000'], '/tmp/taskmaster-1000/taskmaster.sock'],
  ['no capability at all', ['--cap-drop', 'ALL'], '/run/taskmaster/taskmaster.sock'],
  [
    'all of it, and no new privileges',
    [
      '--read-only',
      '--tmpfs',
      '/tmp',
      '--user',
      '1000:1000',
      '--cap-drop',
      'ALL',
      '--security-opt',
      'no-new-privileges',
    ],
    '/tmp/taskmaster-1000/taskmaster.sock',
  ],
];
for (const [name, flags, socket] of CONFINED) {
  test(`with ${name} the engine works and says where its socket is`, async (t) => {
    const container = await new Container(t, SLEEPER, { flags }).ready();
    await container.reaches('web', 'healthy');
    assert.equal(container.events('engine_listening')[0]?.socket, socket);
    assert.equal((await container.shell('restart', 'web', '--wait')).code, 0);
    assert.equal(await container.stop(), 0);
  });
}

const CONFINED_BY_LANDLOCK = `[processes.web]
type = "oneshot"
${shellCommand('cat /usr/bin/env >/dev/null && ! cat /etc/passwd 2>&1 && echo confined')}seccomp = "default"
landlock = { read = ["/usr", "-/bin", "-/lib", "-/lib64"], bind_tcp = [], required = true }
`;

for (const [name, flags] of CONFINED)
  test(`with ${name} landlock and seccomp confine a process`, async (t) => {
    const container = new Container(t, CONFINED_BY_LANDLOCK, { flags });
    await eventually(() =>
      assert.match(container.stdout, /^cat: .*Permission denied\nconfined$/m, container.log),
    );
  });

test('without a place for a socket the processes run all the same, and the log says why there is none', async (t) => {
  const container = new Container(t, `[processes.web]\n${shellCommand('echo up; exec sleep 1000')}`, {
    flags: ['--read-only'],
  });
  await eventually(() => assert.match(container.stdout, /^up$/m));
  await eventually(() => assert.match(container.log, /cannot listen on .*[Rr]ead-only/));
  assert.equal(await container.stop(), 0);
});

test('with --init the engine is a child subreaper, says so, and ends as ever', async (t) => {
  const container = await new Container(t, SLEEPER, { flags: ['--init'] }).ready();
  assert.equal(container.events('engine_started')[0]?.role, 'subreaper');
  await container.exec('sh', '-c', 'true');
  assert.equal(await container.stop(), 0);
});

test('a fork storm under a limit of 32 processes leaves the engine answering, and stops with it', async (t) => {
  // A shell gives up when it cannot fork; this does not.
  const storm = `cmd = ["perl", "-e", "while (1) { fork // select(undef, undef, undef, 0.001) }"]\n`;
  const container = await new Container(
    t,
    `[processes.storm]\n${storm}autostart = false\n${SLEEPER}[processes.late]\ncmd = "sleep 1000"\nautostart = false\n${QUICK}backoff = { base = "50ms", max = "100ms" }\n`,
    { flags: ['--pids-limit', '32'] },
  ).ready();
  const { pid } = await container.reaches('web', 'healthy');
  await container.shell('start', 'storm');
  // The limit is full when the storm's shell can fork no more: nor can docker exec. HUP needs no process.
  await eventually(() => assert.equal(container.pidsCurrent(), 32));
  container.configure(
    `${SLEEPER}[processes.late]\ncmd = "sleep 1000"\n${QUICK}backoff = { base = "50ms", max = "100ms" }\n`,
  );
  container.signal('HUP');
  await container.reaches('late', 'healthy');
  assert.equal((await container.see('web')).pid, pid);
  assert.equal(await container.stop(), 0);
});

test('a fork storm from the first moment on does not end the engine', async (t) => {
  const container = new Container(
    t,
    `[processes.storm]\ncmd = ["perl", "-e", "while (1) { fork // select(undef, undef, undef, 0.001) }"]\n${QUICK}`,
    { flags: ['--pids-limit', '32'] },
  );
  await eventually(() => assert.match(container.log, /"to":"healthy"/));
  assert.equal(container.inspect('.State.Running'), 'true');
  assert.equal(await container.stop(), 0);
});

test('a service killed for memory in 64 MiB: the engine lives, says oom, and starts it again', async (t) => {
  const hog = shellCommand(
    'if test -e /tmp/once; then exec sleep 1000; fi; touch /tmp/once; exec tail /dev/zero',
  );
  const container = await new Container(
    t,
    `${SLEEPER}[processes.hog]\n${hog}${QUICK}backoff = { base = "20ms" }\n`,
    { flags: ['--memory', '64m', '--memory-swap', '64m'] },
  ).ready();
  const { pid } = await container.reaches('web', 'healthy');
  await eventually(async () => assert.equal((await container.see('hog')).incarnation, 2, container.log), {
    withinMs: 20_000,
  });
  await container.reaches('hog', 'healthy');
  const [exit] = container.events('process_exited');
  assert.deepEqual(exit?.status, { how: 'signalled', signal: 'SIGKILL', core: false, oom: true });
  assert.match((await container.shell('why', 'hog')).stdout, /out of memory/);
  assert.equal((await container.see('web')).pid, pid);
  assert.equal(container.inspect('.State.Running'), 'true');
  assert.equal(await container.stop(), 0);
});
