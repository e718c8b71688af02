/** Processes with a terminal or a pipe as input, typed at through taskshell on a terminal of our own. */

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { EngineRun, shellCommand } from '../support/engine-run.ts';
import { eventually } from '../support/eventually.ts';
import { runToEnd, type ShellResult } from '../support/running-engine.ts';
import { CTRL_C, CTRL_Z, Terminal } from '../support/terminal.ts';

const taskshell = resolve(import.meta.dirname, '../../dist/taskshell');
const STAY = '[engine]\nexit_when = "never"\n';
// Without start-up files, so that the prompt is known. An interactive shell ignores TERM.
const BASH = `[processes.sh]\ncmd = ["bash", "--norc", "--noprofile", "-i"]\ntty = true\nautorestart = "always"\nbackoff = {base = 0}\nstop_signal = "HUP"\nenv = {PS1 = "$$ ", HISTFILE = ""}\n`;
const CTRL_D = '\x04';
const DETACH = '\x10\x11';

/** A terminal of 100×30 on which somebody attaches; what it was like before and after stands in files. */
class Client extends Terminal {
  readonly #engine: EngineRun;

  constructor(t: TestContext, engine: EngineRun, ...words: readonly string[]) {
    const notes = join(engine.folder, 'client');
    const attach = `sh -c 'echo $$ >${notes}.pid; exec ${taskshell} attach ${words.join(' ')} --socket ${engine.socket}'`;
    const script = `stty cols 100 rows 30; tty >${notes}.tty; stty -g >${notes}.before; ${attach}; code=$?; stty -g >${notes}.after; echo "left with $code"`;
    super(t, ['sh', '-c', script]);
    this.#engine = engine;
  }

  async resize(columns: number, rows: number): Promise<void> {
    const tty = this.#engine.read('client.tty').trim();
    const { code, stderr } = await runToEnd('sh', ['-c', `stty cols ${columns} rows ${rows} <${tty}`]);
    assert.equal(code, 0, stderr);
  }

  async left(code: number): Promise<void> {
    await this.shows(new RegExp(`left with ${code}\\b`));
    await this.exitCode();
    assert.equal(this.#engine.read('client.after'), this.#engine.read('client.before'));
  }
}

test('a shell with job control, in a window that follows ours, which is given back', async (t) => {
  const engine = await new EngineRun(t, `${STAY}${BASH}`).ready();
  await engine.reaches('sh', 'healthy');
  const client = new Client(t, engine, 'sh', '--stdin');
  await client.shows(/attached to sh; Ctrl-P Ctrl-Q detaches/);
  client.type('echo $TERM; stty size\r');
  await client.shows(/xterm\r+\n30 100\r/);
  await client.resize(120, 40);
  client.type('until [ "$(stty size)" = "40 120" ]; do sleep 0.02; done; echo fol""lowed\r');
  await client.shows(/followed\r/);
  client.forget();
  client.type('sleep 100\r');
  const sleepsInForeground = async (): Promise<void> =>
    eventually(async () => {
      assert.match((await engine.inside('ps', ['-C', 'sleep', '-o', 'stat='])).stdout, /^S\+/);
    });
  await sleepsInForeground();
  client.type(CTRL_Z);
  await client.shows(/Stopped/);
  client.forget();
  client.type('fg\r');
  // Told before it has the terminal again.
  await client.shows(/sleep 100/);
  await sleepsInForeground();
  client.type(CTRL_C);
  client.type('echo status $?\r');
  await client.shows(/status 130/);
  client.type(DETACH);
  await client.left(0);
  assert.equal((await engine.see('sh')).state, 'healthy');
});

test('the terminal is its user’s own, and what it shows goes to the file that stdout names', async (t) => {
  const script = 'tty; stat -c %U "$(tty)"; echo reopened >/dev/tty; exec sleep 1000';
  const config = `${STAY}[processes.a]\n${shellCommand(script)}tty = true\nuser = "www-data"\nstdout = "{folder}/log"\n`;
  const engine = await new EngineRun(t, config).ready();
  await eventually(() => assert.match(engine.read('log'), /^\/dev\/pts\/\d+\r\nwww-data\r\nreopened\r\n$/));
  assert.equal(engine.stdout, '');
});

test('an attachment outlives the process: what is typed then goes to the next, in a window of our size', async (t) => {
  const engine = await new EngineRun(t, `${STAY}${BASH}`).ready();
  const first = await engine.reaches('sh', 'healthy');
  const client = new Client(t, engine, 'sh', '--stdin');
  await client.shows(/attached/);
  client.type('stty size; echo pid $$\r');
  await client.shows(new RegExp(`30 100\\r+\\npid ${first.pid}\\b`));
  client.type(CTRL_D);
  await client.shows(/\[sh has ended: 0\](.|\s)*\[sh has started again\]/);
  client.forget();
  const next = await engine.reaches('sh', 'healthy');
  assert.notEqual(next.pid, first.pid);
  client.type('stty size; echo pid $$\r');
  await client.shows(new RegExp(`30 100\\r+\\npid ${next.pid}\\b`));
  // One of each life is all that is left open: to write, and to read.
  const enginePid = await engine.enginePid();
  await eventually(() => {
    const terminals = readdirSync(`/proc/${enginePid}/fd`).filter((fd) => isMaster(enginePid, fd));
    assert.equal(terminals.length, 2);
  });
  client.type(DETACH);
  await client.left(0);
});

function isMaster(pid: number, fd: string): boolean {
  const path = `/proc/${pid}/fdinfo/${fd}`;
  return existsSync(path) && /^tty-index:/m.test(readFileSync(path, 'utf8'));
}

test('our terminal is given back when the client is terminated, and when the engine goes', async (t) => {
  const engine = await new EngineRun(t, `${STAY}${BASH}`).ready();
  await engine.reaches('sh', 'healthy');
  const killed = new Client(t, engine, 'sh', '--stdin');
  await killed.shows(/attached/);
  process.kill(Number(engine.read('client.pid')), 'SIGTERM');
  await killed.left(143);
  const left = new Client(t, engine, 'sh', '--stdin', '--detach-keys', 'ctrl-a,d');
  await left.shows(/Ctrl-A d detaches/);
  await engine.signal('SIGTERM');
  assert.equal(await engine.exitCode(), 0);
  await left.left(1);
});

test('a second writer is refused with who writes, takes over with --steal, and readers read on', async (t) => {
  const engine = await new EngineRun(t, `${STAY}${BASH}`).ready();
  await engine.reaches('sh', 'healthy');
  const client = new Client(t, engine, 'sh', '--stdin');
  await client.shows(/attached/);
  const refused = await piped(engine, 'x', 'sh', '--stdin');
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /cannot write to sh: uid 0 \(pid \d+\) writes to it already; .*--steal/);
  const thief = piped(engine, 'echo sto""len\nexit 7\n', 'sh', '--stdin', '--steal', '--exit-code');
  await client.shows(/uid 0 has taken over the input of sh/);
  await client.shows(/stolen\r/);
  client.type('x');
  await client.shows(/uid 0 \(pid \d+\) has taken over|you gave it up/);
  client.type(DETACH);
  await client.left(0);
  await engine.shell('stop', 'sh', '--wait');
  assert.match((await thief).stdout, /stolen/);
});

/** taskshell attach with a text on its standard input. */
function piped(engine: EngineRun, text: string, ...words: readonly string[]): Promise<ShellResult> {
  const command = 'printf %s "$1" | { shift; exec "$@"; }';
  return runToEnd('sh', [
    '-c',
    command,
    'sh',
    text,
    taskshell,
    'attach',
    ...words,
    '--socket',
    engine.socket,
  ]);
}

test('a pipe is read to its end, and the process with it', async (t) => {
  const config = `${STAY}[processes.sort]\ncmd = "sort"\nstdin = "pipe"\n[processes.none]\ncmd = "sleep 1000"\n`;
  const engine = await new EngineRun(t, config).ready();
  await engine.reaches('sort', 'healthy');
  const { code, stdout, stderr } = await piped(engine, 'b\na\n', 'sort', '--stdin', '--exit-code');
  assert.equal(stdout, 'a\nb\n', stderr);
  assert.equal(code, 0);
  assert.equal((await engine.see('sort')).state, 'completed');
  const none = await piped(engine, 'x', 'none', '--stdin');
  assert.equal(none.code, 1);
  assert.match(
    none.stderr,
    /cannot write to none: its standard input is \/dev\/null; give it stdin = "pipe"/,
  );
});
