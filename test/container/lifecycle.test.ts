/** `docker run`, `stop`, `kill`, `restart`, `wait`: what a container's owner does to PID 1. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Container } from '../support/container.ts';
import { shellCommand } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';

const QUICK = 'healthcheck = { uptime = "20ms" }\n';
const SLEEPER = `[processes.web]\ncmd = "sleep 1000"\n${QUICK}`;

test('the engine is PID 1, and taskshell by docker exec reaches it', async (t) => {
  const container = await new Container(t, SLEEPER).ready();
  await container.reaches('web', 'healthy');
  const { stdout } = await container.shell('status', '--json');
  const { pid, role, socket } = JSON.parse(stdout);
  assert.deepEqual(
    { pid, role, socket },
    { pid: 1, role: 'pid1', socket: '/run/taskmaster/taskmaster.sock' },
  );
  assert.equal((await container.shell('status')).code, 0);
  assert.equal((await container.exec('taskmaster', 'health')).code, 0);
});

test('docker stop ends with 0 and never needs the KILL', async (t) => {
  const container = await new Container(
    t,
    `${SLEEPER}[processes.app]\ncmd = "sleep 1000"\ndepends_on = ["web"]\n`,
  ).ready();
  await container.reaches('web', 'healthy');
  assert.equal(await container.stop(), 0);
  assert.equal(container.inspect('.State.OOMKilled'), 'false');
  assert.equal(container.events('engine_stopped')[0]?.exit_code, 0);
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGRTMIN+3']) {
  test(`with ${signal} as the image's stop signal docker stop ends with 0`, async (t) => {
    const container = await new Container(t, SLEEPER, { flags: ['--stop-signal', signal] }).ready();
    assert.equal(await container.stop(), 0);
    const [draining] = container.events('engine_draining');
    assert.match(String(draining?.reason), new RegExp(`received ${signal.replace('+', '\\+')}$`));
  });
}

test('docker kill: HUP reloads, USR1 and USR2 disturb nobody, QUIT kills at once with code 0', async (t) => {
  const container = await new Container(t, SLEEPER).ready();
  const { pid } = await container.reaches('web', 'healthy');
  container.configure(`${SLEEPER}[processes.late]\ncmd = "sleep 1000"\n${QUICK}`);
  container.signal('HUP');
  await container.reaches('late', 'healthy');
  for (const signal of ['USR2', 'USR1', 'WINCH', 'PIPE', 'ALRM']) container.signal(signal);
  await container.ready();
  assert.equal((await container.see('web')).pid, pid);
  container.signal('QUIT');
  assert.equal(await container.exitCode(), 0);
});

test('docker kill ends the container whatever the engine does', async (t) => {
  const container = await new Container(t, SLEEPER).ready();
  container.signal('KILL');
  assert.equal(await container.exitCode(), 137);
});

test('restarted twice, by docker restart and after a KILL that left the socket, it comes up each time', async (t) => {
  const container = await new Container(t, SLEEPER).ready();
  container.restart();
  await container.ready();
  container.signal('KILL');
  await container.exitCode();
  container.restart();
  await container.ready();
  await container.reaches('web', 'healthy');
  assert.equal(container.events('engine_listening').length, 3);
});

test('a service that ignores TERM is killed in time, and docker stop needs no KILL of its own', async (t) => {
  const stubborn = `[processes.web]\n${shellCommand('trap "" TERM; echo up; while :; do sleep 1000; done')}stop_timeout = "1s"\n`;
  const container = await new Container(t, stubborn).ready();
  await eventually(() => assert.match(container.stdout, /^up$/m));
  assert.equal(await container.stop(), 0);
  const [exit] = container.events('process_exited');
  assert.deepEqual(exit?.status, { how: 'signalled', signal: 'SIGKILL', core: false });
});

test('a grandchild that left the group and holds the pipe does not hold the container', async (t) => {
  const holder = shellCommand(
    'setsid sh -c \'trap "" TERM HUP; echo held; exec sleep 1000\' & exec sleep 1000',
  );
  const container = await new Container(t, `[processes.web]\n${holder}`).ready();
  await eventually(() => assert.match(container.stdout, /^held$/m));
  assert.equal(await container.stop(), 0);
});

test('fifty services are stopped inside the grace', async (t) => {
  const container = await new Container(
    t,
    `[processes.many]\ncmd = "sleep 1000"\ninstances = 50\n${QUICK}`,
  ).ready();
  await container.reaches('many:50', 'healthy');
  assert.equal(await container.stop(), 0);
  assert.equal(container.events('process_exited').length, 50);
  const signals = container
    .events('process_exited')
    .map(({ status }) => (status as { signal?: string }).signal);
  assert.deepEqual([...new Set(signals)], ['SIGTERM']);
});

for (const [name, config, code] of [
  [
    'the code of the main process',
    `[engine]\nmain = "web"\n[processes.web]\n${shellCommand('exit 42')}autorestart = "no"\n`,
    42,
  ],
  ['bad configuration', '[processes.web]\ncmd = 1\n', 78],
  ['a main program that is not there', '[engine]\nmain = "web"\n[processes.web]\ncmd = "/no/such"\n', 127],
] as const) {
  test(`the container's exit code is ${code}: ${name}`, async (t) => {
    assert.equal(await new Container(t, config).exitCode(), code);
  });
}
