/** `docker exec`, with and without a terminal, and the orphans it leaves. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Container } from '../support/container.ts';
import { eventually } from '../support/eventually.ts';
import { Terminal } from '../support/terminal.ts';

const SLEEPER = '[processes.web]\ncmd = "sleep 1000"\nhealthcheck = { uptime = "20ms" }\n';

test('a thousand orphans of docker exec are reaped and none stays a zombie', async (t) => {
  const container = await new Container(t, SLEEPER).ready();
  const leave = 'i=0; while [ $i -lt 1000 ]; do (sleep 0 &); i=$((i+1)); done';
  assert.equal((await container.exec('sh', '-c', leave)).code, 0);
  await eventually(async () => {
    const { stdout } = await container.shell('status', '--json');
    assert.ok(JSON.parse(stdout).orphans_reaped >= 1_000, stdout.slice(0, 200));
  });
  assert.deepEqual(
    (await container.processes()).filter(({ state }) => state === 'Z'),
    [],
  );
});

test('docker exec -it taskshell is a shell: it prompts, answers, and leaves the engine alone on Ctrl-C and Ctrl-D', async (t) => {
  const container = await new Container(t, SLEEPER).ready();
  await container.reaches('web', 'healthy');
  const terminal = new Terminal(t, ['docker', 'exec', '-it', container.name, 'taskshell']);
  await terminal.shows(/taskshell> /);
  terminal.type('status web\r');
  await terminal.shows(/web: .*healthy.* since/);
  terminal.type('stop web\r');
  await terminal.shows(/stopping web/);
  terminal.type('\u0003');
  terminal.type('\u0004');
  assert.equal(await terminal.exitCode(), 0);
  await container.reaches('web', 'stopped');
});

test('docker exec -it taskboard shows the board, acts on a key, and gives the terminal back', async (t) => {
  const container = await new Container(t, SLEEPER).ready();
  const { pid } = await container.reaches('web', 'healthy');
  const terminal = new Terminal(t, ['docker', 'exec', '-it', container.name, 'taskboard']);
  await terminal.shows(/web/);
  terminal.type('r');
  await eventually(async () => assert.notEqual((await container.reaches('web', 'healthy')).pid, pid));
  terminal.type('q');
  assert.equal(await terminal.exitCode(), 0);
  // The alternate screen is left, the cursor shown.
  for (const sequence of ['\u001b[?1049l', '\u001b[?25h']) assert.ok(terminal.shown.includes(sequence));
});

test('docker exec of an unknown process says so and exits 4, as status does', async (t) => {
  const container = await new Container(t, SLEEPER).ready();
  const { code, stderr } = await container.shell('status', 'wbe');
  assert.equal(code, 4);
  assert.match(stderr, /did you mean web\?/);
});

test('a shell of another user on a terminal of its own, through the terminal of docker exec', async (t) => {
  const config = `[processes.sh]\ncmd = ["bash", "--norc", "-i"]\ntty = true\nuser = "nobody"\nstop_signal = "HUP"\nhealthcheck = { uptime = "20ms" }\n`;
  const container = await new Container(t, config).ready();
  await container.reaches('sh', 'healthy');
  const attach = ['taskshell', 'attach', 'sh', '--stdin', '--detach-keys', 'ctrl-a,d'];
  const terminal = new Terminal(t, ['docker', 'exec', '-it', container.name, ...attach]);
  await terminal.shows(/attached to sh; Ctrl-A d detaches/);
  terminal.type('stat -c %U "$(tty)"; id -un\r');
  await terminal.shows(/nobody\r+\nnobody\r/);
  terminal.type('\u0001d');
  assert.equal(await terminal.exitCode(), 0);
  await container.reaches('sh', 'healthy');
});

test('attach by docker exec streams output and leaves the process running when it is detached', async (t) => {
  const container = await new Container(
    t,
    `[processes.web]\ncmd = ["sh", "-c", "n=0; while :; do n=$$((n+1)); echo line $$n; sleep 0.05; done"]\n`,
  ).ready();
  const { pid } = await container.reaches('web', 'healthy');
  const keys = ['--detach-keys', 'ctrl-^'];
  const terminal = new Terminal(t, [
    'docker',
    'exec',
    '-it',
    ...keys,
    container.name,
    'taskshell',
    'attach',
    'web',
  ]);
  await terminal.shows(/line \d+\r?\nline \d+/);
  terminal.type('\u0010\u0011');
  assert.equal(await terminal.exitCode(), 0);
  assert.equal((await container.see('web')).pid, pid);
});
