/** What is typed, to whom it goes: at the edges between prompt, commands and attached processes, many times each. */

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import { anInstance, FakeEngine } from '../support/fake-engine.ts';
import { type Rig, startRig, temporaryFolder } from '../support/rpc-rig.ts';
import { Screen, type ScreenOptions } from '../support/screen.ts';

const taskshell = resolve(import.meta.dirname, '../../dist/taskshell');
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const DETACH = '\u0010\u0011';
const TIMES = 30;
const TOGETHER = 3;

interface Shell {
  readonly rig: Rig;
  readonly screen: Screen;
  /** All that was typed into an instance. */
  typedInto(instance: string): string;
}

async function begin(
  t: TestContext,
  options: ScreenOptions = {},
  command: readonly [string, ...string[]] = [taskshell],
): Promise<Shell> {
  const rig = await startRig(t, {}, new FakeEngine(anInstance('cat'), anInstance('bash')));
  rig.engine.inputs.set('bash', 'terminal');
  const environment = {
    TASKMASTER_SOCKET: rig.path,
    XDG_STATE_HOME: join(rig.folder, 'state'),
    NO_COLOR: '1',
    ...options.environment,
  };
  const screen = new Screen(t, command, { ...options, environment });
  await screen.shows(/taskshell>\s*$/);
  const typedInto = (name: string): string =>
    rig.engine.written
      .filter(({ instance }) => instance === name)
      .map(({ text }) => text)
      .join('');
  return { rig, screen, typedInto };
}

/** Each with a delay of its own, some at a time. */
async function manyTimes(
  t: TestContext,
  once: (shell: Shell, delayMs: number) => Promise<void>,
): Promise<void> {
  for (let from = 0; from < TIMES; from += TOGETHER) {
    await Promise.all(
      Array.from({ length: TOGETHER }, async (_, index) => {
        const shell = await begin(t);
        await once(shell, (from + index) / 5);
        shell.screen.kill('SIGKILL');
        await shell.screen.exitCode();
      }),
    );
  }
}

/** As exactly as a program can. */
function spin(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

test('Ctrl-D 0 to 6 ms behind the Enter of a command ends the shell behind it', async (t) => {
  await manyTimes(t, async ({ screen }, delayMs) => {
    screen.type('timeline cat\r');
    spin(delayMs);
    screen.type(CTRL_D);
    assert.equal(await screen.exitCode(), 0);
  });
});

test('Ctrl-C and Ctrl-D 0 to 6 ms behind the detach keys are for the prompt', async (t) => {
  await manyTimes(t, async ({ screen }, delayMs) => {
    screen.type('attach bash --stdin\r');
    await screen.shows(/attached to bash/);
    screen.type(DETACH);
    spin(delayMs);
    screen.type(CTRL_C);
    await screen.shows(/detached from bash[\s\S]*taskshell>/);
    spin(delayMs);
    screen.type('version\r');
    await screen.shows(/taskmaster 1\.2\.3/);
    screen.type(CTRL_D);
    await screen.exitCode();
  });
});

test('what is typed around attach goes to whom it is for, in one packet and in many', async (t) => {
  await manyTimes(t, async ({ screen, typedInto }, delayMs) => {
    const piped = delayMs < 3;
    const name = piped ? 'cat' : 'bash';
    screen.type(`attach ${name} --stdin\rver`);
    spin(delayMs);
    screen.type('sion\r');
    await eventually(() => assert.equal(typedInto(name), piped ? 'version\n' : 'version\r'));
    await screen.shows(/attached to/);
    // Keys ahead of those that detach and behind them, in one packet.
    screen.type(`more\r${DETACH}vers`);
    spin(delayMs);
    screen.type('ion\r');
    await screen.shows(/taskmaster 1\.2\.3/);
    assert.equal(typedInto(name), piped ? 'version\nmore\n' : 'version\rmore\r');
  });
});

test('Ctrl-C drops lines that wait, in one packet with them or behind', async (t) => {
  const { rig, screen } = await begin(t);
  screen.type(`stop cat --wait\rstop bash\r`);
  await eventually(() => assert.equal(rig.engine.waiters, 1));
  screen.type('restart bash\r');
  await pause(20);
  screen.type(`start bash\r${CTRL_C}version\r`);
  await screen.shows(/taskmaster 1\.2\.3/);
  screen.type(`stop bash\rstop bash\r${CTRL_C}helpp\r`);
  await screen.shows(/did you mean help/);
  assert.deepEqual(
    rig.engine.calls.map((call) => call.replace(/ by .*/, '')),
    ['stop cat'],
  );
});

test('a replay asks our terminal nothing, and a program that draws is asked to', async (t) => {
  const { rig, screen, typedInto } = await begin(t, { answers: true });
  for (const name of ['bash', 'cat']) {
    const asking = '\u001b[6n\u001b[c\u001b[>c\u001b]11;?\u0007\u001b[?2026$p\u001bP+q544e\u001b\\$ past';
    const half = Math.floor(asking.length / 2);
    rig.engine.output.set(name, [
      { stream: 'stdout', incarnation: 1, bytes: Buffer.from(asking.slice(0, half)) },
      { stream: 'stdout', incarnation: 1, bytes: Buffer.from(asking.slice(half)) },
    ]);
  }
  screen.type('attach bash --stdin\r');
  await screen.shows(/\$ past/);
  await eventually(() =>
    assert.deepEqual(
      rig.engine.calls.filter((call) => call.startsWith('resize')),
      ['resize bash 79 24', 'resize bash 80 24'],
    ),
  );
  screen.type('x');
  await eventually(() => assert.equal(typedInto('bash'), 'x'));
  // What it asks by now it asks us.
  rig.engine.print('bash', '\u001b[6n');
  await eventually(() => assert.match(typedInto('bash').replace('\u001b', 'ESC'), /^xESC\[\d+;\d+R$/));
  screen.type(DETACH);
  await screen.shows(/detached[\s\S]*taskshell>/);
  for (const words of ['attach cat --stdin', 'attach cat --stdin --raw']) {
    screen.type(`${words}\r`);
    await screen.shows(/attached to cat[\s\S]*past/);
    screen.type(`y\r${DETACH}`);
    await screen.shows(/taskshell>\s*$/);
  }
  await eventually(() => assert.equal(typedInto('cat'), 'y\ny\n'));
});

test('what a program had set before somebody attached is set while somebody is', async (t) => {
  const { rig, screen } = await begin(t);
  const bytes = Buffer.from('\u001b[?1049h\u001b[?1h\u001b[?1000hscreen');
  rig.engine.output.set('bash', [{ stream: 'stdout', incarnation: 1, bytes }]);
  screen.type('attach bash --stdin\r');
  await eventually(() => assert.deepEqual(screen.modes, ['alternate', 'mouse', 'cursor keys']));
  assert.doesNotMatch(screen.text, /screen/);
  screen.type(DETACH);
  await screen.shows(/detached from bash\ntaskshell>\s*$/);
  assert.deepEqual(screen.modes, []);
});

test('TERM=dumb, and no TERM: the kernel edits the line', async (t) => {
  for (const words of [['TERM=dumb'], ['-u', 'TERM']]) {
    const { rig, screen, typedInto } = await begin(t, {}, ['/usr/bin/env', ...words, taskshell]);
    screen.assertCooked();
    screen.type('stop cat');
    screen.type(CTRL_C);
    await screen.shows(/\^C\ntaskshell>/);
    screen.type('vexx\u007f\u007frsion\r');
    await screen.shows(/taskmaster 1\.2\.3/);
    screen.type('stop cat --wait\r');
    await eventually(() => assert.equal(rig.engine.waiters, 1));
    screen.type(CTRL_C);
    await eventually(() => assert.equal(rig.engine.waiters, 0));
    screen.type('attach cat --stdin\rhxx\u007f\u007fello\r');
    await eventually(() => assert.equal(typedInto('cat'), 'hello\n'));
    screen.type(CTRL_C);
    await screen.shows(/detached from cat\ntaskshell>\s*$/);
    screen.type(CTRL_D);
    await screen.exitCode();
    assert.deepEqual(
      rig.engine.calls.map((call) => call.replace(/ by .*/, '')),
      ['stop cat'],
    );
  }
});

test('bytes pass as bytes to a process with a pipe: a long paste of many lines, and Latin-1', async (t) => {
  const { rig, screen, typedInto } = await begin(t);
  screen.type('attach cat --stdin\r');
  await screen.shows(/attached to cat/);
  const lines = Array.from({ length: 1_000 }, (_, at) => `${at} Straße 日本語 😀 ${'ü'.repeat(at % 20)}`);
  const text = `${lines.join('\r')}\r`;
  assert.ok(Buffer.byteLength(text) > 40_000);
  screen.type(text);
  await eventually(() => assert.equal(typedInto('cat'), text.replaceAll('\r', '\n')), { withinMs: 15_000 });
  rig.engine.written.length = 0;
  rig.engine.bytesWritten.length = 0;
  screen.type(Buffer.from('caf\xe9\r', 'latin1'));
  await eventually(() =>
    assert.deepEqual(Buffer.concat(rig.engine.bytesWritten), Buffer.from('caf\xe9\n', 'latin1')),
  );
});

test('more than 64 KiB typed ahead of a process that does not read waits', async (t) => {
  const { rig, screen, typedInto } = await begin(t);
  let take = (): void => {};
  rig.engine.inputTaken = new Promise((done) => {
    take = done;
  });
  screen.type('attach bash --stdin\r');
  await screen.shows(/attached to bash/);
  const text = Array.from({ length: 3_000 }, (_, at) => `${at} ${'x'.repeat(60)}\r`).join('');
  screen.type(text);
  await pause(300);
  take();
  await eventually(() => assert.equal(typedInto('bash').length, text.length), { withinMs: 15_000 });
  assert.equal(typedInto('bash'), text);
  assert.ok(!screen.written.includes('\u0007'));
});

test('lines for a process with a pipe are edited: arrows, Delete, Ctrl-U, Ctrl-W, pastes, wide characters', async (t) => {
  const { rig, screen, typedInto } = await begin(t);
  screen.type('attach cat --stdin\r');
  await screen.shows(/attached to cat/);
  rig.engine.print('cat', 'name? ');
  await screen.shows(/name\?/);
  screen.type('abc\u001b[D\u001b[D\u001b[3~日\t\u007f\u007fx');
  await screen.shows(/^name\? axc$/m);
  // What is printed meanwhile comes above.
  rig.engine.print('cat', 'news\n');
  await screen.shows(/^name\? news\naxc$/m);
  screen.type('\r');
  await eventually(() => assert.equal(typedInto('cat'), 'axc\n'));
  screen.type('one two\u0017\u001b[200~three\u001b[201~\r');
  await eventually(() => assert.equal(typedInto('cat'), 'axc\none three\n'));
  screen.type('gone\u0015left\u0004');
  await eventually(() => assert.equal(typedInto('cat'), 'axc\none three\nleft'));
});

test('Tab ends where the engine does not answer, by itself and at Ctrl-C', async (t) => {
  const path = join(temporaryFolder(t), 'mute.sock');
  const mute = createServer((connection) => void connection.on('error', () => {}));
  await new Promise<void>((listening) => mute.listen(path, listening));
  t.after(() => mute.close());
  const { screen } = await begin(t, { environment: { TASKMASTER_SOCKET: path } });
  screen.type('status \t');
  await pause(100);
  screen.type(CTRL_C);
  await pause(50);
  screen.type('x');
  await screen.shows(/taskshell> status x$/m);
  screen.type('\u0015status \tall');
  await screen.shows(/taskshell> status all/);
});
