import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, lstatSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { History, historyPath, MAX_HISTORY_LINES } from '../../src/cli/shell/history.ts';
import { PROMPT } from '../../src/cli/shell/prompter.ts';
import { splitLine } from '../../src/cli/shell/words.ts';
import { CliRun, cli } from '../support/cli-rig.ts';
import { eventually } from '../support/eventually.ts';
import { anInstance, FakeEngine } from '../support/fake-engine.ts';
import { startRig, temporaryFolder } from '../support/rpc-rig.ts';

describe('a line is split as a shell would', () => {
  const lines: readonly [line: string, words: string[]][] = [
    ['status nginx', ['status', 'nginx']],
    ['  stop\t a  ', ['stop', 'a']],
    ['', []],
    ['# only a comment', []],
    ['stop a # comment', ['stop', 'a']],
    ['stop a#b', ['stop', 'a#b']],
    [`logs --grep 'a b\\"c'`, ['logs', '--grep', 'a b\\"c']],
    ['x "a \\"b\\" \\n"', ['x', 'a "b" \\n']],
    ['a\\ b', ['a b']],
    [`'' ""`, ['', '']],
    [`a'b'"c"d`, ['abcd']],
    ['$HOME `x` *', ['$HOME', '`x`', '*']],
  ];
  for (const [line, words] of lines) {
    test(JSON.stringify(line), () => assert.deepEqual(splitLine(line), { commands: [words] }));
  }

  test('an open quote is told, with the words so far', () => {
    assert.deepEqual(splitLine("stop 'we"), {
      commands: [['stop', 'we']],
      missing: "a closing '",
    });
    assert.equal(splitLine('stop \\').missing, 'a character after the backslash');
  });

  test('a semicolon ends a command, unless it is quoted', () => {
    assert.deepEqual(splitLine(`stop a;;start "b;c" \\;; # d; e`).commands, [
      ['stop', 'a'],
      ['start', 'b;c', ';'],
      [],
    ]);
  });
});

describe('commands from standard input', () => {
  test('are run one after the other; the code is that of the last that failed', async (t) => {
    const rig = await startRig(t);
    const input = 'status web\n\n# comment\nstop nope\n  restart "web"\r\n';
    const { code, out, err } = await cli([], { input, environment: { TASKMASTER_SOCKET: rig.path } });
    assert.equal(code, 5);
    assert.equal(out, 'web: healthy since 2 seconds\nrestarting web\n');
    assert.equal(err, 'no process is called nope\n');
    assert.doesNotMatch(out, /taskshell>/);
  });

  test('exit ends them; a line that cannot be read is told and passed over', async (t) => {
    const rig = await startRig(t);
    const input = `stop 'web\nstatus web\nexit\nstop web\n`;
    const { code, out, err } = await cli(['--socket', rig.path], { input });
    assert.deepEqual([code, out], [2, 'web: healthy since 2 seconds\n']);
    assert.match(err, /it lacks a closing '/);
    assert.deepEqual(rig.engine.calls, []);
  });

  test('come with -c too, separated by semicolons; -e leaves at the first that fails', async (t) => {
    const rig = await startRig(t);
    const environment = { TASKMASTER_SOCKET: rig.path };
    const all = await cli(['-c', 'status web; stop nope; version'], { environment });
    assert.deepEqual([all.code, all.out], [5, 'web: healthy since 2 seconds\ntaskmaster 1.2.3\n']);
    const some = await cli(['-e', '--commands=status web\nstop nope\nversion'], { environment });
    assert.deepEqual([some.code, some.out], [5, 'web: healthy since 2 seconds\n']);
    const piped = await cli(['-e'], { environment, input: "stop 'a\nversion\n" });
    assert.deepEqual([piped.code, piped.out], [2, '']);
    const wrong = await cli(['-c', 'version', 'status'], { environment });
    assert.deepEqual([wrong.code, wrong.out], [2, '']);
    assert.match(wrong.err, /--commands is for the shell/);
  });

  test('status --watch prints a line for each change where there is no terminal', async (t) => {
    const rig = await startRig(t);
    const words = ['status', 'w*', '--watch', '--socket', rig.path];
    const [plain, json] = [new CliRun(words), new CliRun([...words, '--json'])];
    await eventually(() => plain.out !== '' && json.out !== '');
    rig.engine.change('web', { state: 'failed', pid: null, reason: 'it fell' });
    rig.engine.emit('state_changed', { from: 'healthy', to: 'failed' }, { instance: 'web' });
    rig.engine.emit('state_changed', { from: 'healthy', to: 'failed' }, { instance: 'other' });
    await eventually(() => plain.out.includes('failed') && json.out.includes('failed'));
    for (const running of [plain, json]) running.interrupt();
    assert.deepEqual(await Promise.all([plain.done, json.done]), [130, 130]);
    assert.match(plain.out, /^web: healthy since 2 seconds\nweb: failed since \d seconds \(it fell\)\n$/);
    const told = json.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      told.map(({ instances }) => instances[0].state),
      ['healthy', 'failed'],
    );
    assert.equal(rig.engine.listenerCount, 0);
  });

  test('an engine that comes back is found again', async (t) => {
    const rig = await startRig(t);
    const running = new CliRun([], { environment: { TASKMASTER_SOCKET: rig.path } });
    running.stdin.write('version\n');
    await eventually(() => running.out === 'taskmaster 1.2.3\n');
    await rig.server.close(0);
    running.stdin.write('version\n');
    // Whether it has seen the end already, or finds it when it writes.
    await eventually(() => /cannot reach the engine|closed|broke/.test(running.err));
    await rig.server.listen();
    running.stdin.end('version\n');
    assert.equal(await running.done, 1);
    assert.equal(running.out, 'taskmaster 1.2.3\ntaskmaster 1.2.3\n');
  });
});

describe('on a terminal', () => {
  async function begin(t: Parameters<typeof startRig>[0], engine?: FakeEngine) {
    const rig = await startRig(t, {}, engine);
    const state = join(rig.folder, 'state');
    const environment = { TASKMASTER_SOCKET: rig.path, XDG_STATE_HOME: state, NO_COLOR: '1' };
    const start = () => new CliRun([], { terminal: true, environment });
    const shell = start();
    await eventually(() => shell.out.includes(PROMPT));
    return { rig, shell, start, historyFile: join(state, 'taskmaster', 'history') };
  }

  test('prompts, answers, keeps history across runs, and leaves at exit', async (t) => {
    const { shell, start, historyFile } = await begin(t);
    shell.stdin.write('status web\r');
    await eventually(() => shell.out.includes('web: healthy since 2 seconds'));
    shell.stdin.write('stop nope\r');
    await eventually(() => shell.out.includes('no process is called nope'));
    shell.stdin.write('exit\r');
    assert.equal(await shell.done, 0);
    assert.equal(readFileSync(historyFile, 'utf8'), 'status web\nstop nope\nexit\n');
    const again = start();
    await eventually(() => again.out.includes(PROMPT));
    // Three times up: exit, stop nope, status web.
    again.stdin.write('\u001b[A\u001b[A\u001b[A\r');
    await eventually(() => again.out.includes('web: healthy since 2 seconds'));
    again.stdin.write('\u0004');
    assert.equal(await again.done, 0);
  });

  test('Tab completes verbs, names, flags and signals', async (t) => {
    const { shell } = await begin(t, new FakeEngine(anInstance('nginx'), anInstance('worker:1')));
    shell.stdin.write('sta\t');
    shell.stdin.write('\t');
    await eventually(() => shell.out.includes('status') && shell.out.includes('start'));
    shell.stdin.write('\u0015signal ngi\t');
    await eventually(() => shell.out.includes('nginx '));
    shell.stdin.write('HU\t');
    await eventually(() => shell.out.includes('HUP '));
    shell.stdin.write('\r');
    await eventually(() => shell.out.includes('sent SIGHUP to nginx'));
    shell.stdin.write('exit\r');
    assert.equal(await shell.done, 0);
  });

  test('Ctrl-C drops the line at the prompt, and ends a command that waits', async (t) => {
    const { rig, shell } = await begin(t);
    shell.stdin.write('stop web');
    shell.stdin.write('\u0003');
    shell.stdin.write('version\r');
    await eventually(() => shell.out.includes('taskmaster 1.2.3'));
    assert.deepEqual(rig.engine.calls, []);
    shell.stdin.write('stop web --wait\r');
    await eventually(() => rig.engine.waiters === 1);
    shell.stdin.write('\u0003');
    await eventually(() => rig.engine.waiters === 0);
    shell.stdin.write('health\r');
    await eventually(() => shell.out.includes('are healthy'));
    shell.stdin.write('exit\r');
    assert.equal(await shell.done, 0);
  });

  test('lines pasted together are run one after the other', async (t) => {
    const { rig, shell } = await begin(t);
    shell.stdin.write('stop web\rstart web\rrestart web\rexit\r');
    assert.equal(await shell.done, 0);
    assert.deepEqual(
      rig.engine.calls.map((call) => call.split(' ')[0]),
      ['stop', 'start', 'restart'],
    );
  });

  test('attach takes the terminal and gives it back', async (t) => {
    const { rig, shell } = await begin(t);
    shell.stdin.write('attach web\r');
    await eventually(() => shell.out.includes('Ctrl-P Ctrl-Q detaches'));
    rig.engine.print('web', 'live\n');
    await eventually(() => shell.out.includes('live'));
    shell.stdin.write('\u0010\u0011');
    await eventually(() => shell.out.includes('detached from web'));
    shell.stdin.write('version\r');
    await eventually(() => shell.out.includes('taskmaster 1.2.3'));
    shell.stdin.write('exit\r');
    assert.equal(await shell.done, 0);
    assert.equal(rig.engine.listenerCount, 0);
  });
});

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

describe('history', () => {
  test('is private, and keeps each line once, the later one', async (t) => {
    const path = join(temporaryFolder(t), 'a', 'history');
    const first = new History(path);
    for (const line of ['one', 'two', 'one', ' secret', '', 'x'.repeat(5_000)]) first.add(line);
    await first.saved();
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(statSync(dirname(path)).mode & 0o777, 0o700);
    chmodSync(path, 0o644);
    const second = new History(path);
    await second.load();
    assert.deepEqual(second.newestFirst, ['one', 'two']);
    second.add('three');
    await second.saved();
    assert.equal(statSync(path).mode & 0o777, 0o600, 'also where it was loose before');
  });

  test('stays bounded', async (t) => {
    const path = join(temporaryFolder(t), 'history');
    const lines = Array.from({ length: MAX_HISTORY_LINES * 3 }, (_, index) => `line ${index}`);
    writeFileSync(path, `${lines.join('\n')}\n`);
    const history = new History(path);
    await history.load();
    assert.equal(history.newestFirst.length, MAX_HISTORY_LINES);
    assert.equal(history.newestFirst[0], lines.at(-1));
    assert.equal(readFileSync(path, 'utf8').split('\n').length, MAX_HISTORY_LINES + 1);
  });

  test('a link to /dev/null, a FIFO and a file of others mean none, and stay as they are', async (t) => {
    const folder = temporaryFolder(t);
    const device = join(folder, 'null');
    const made: readonly [name: string, make: (path: string) => void, mode: (path: string) => number][] = [
      ['device', (path) => execFileSync('mknod', ['-m', '666', path, 'c', '1', '3']), modeOf],
      ['link', (path) => symlinkSync(device, path), () => modeOf(device)],
      ['fifo', (path) => execFileSync('mkfifo', ['-m', '666', path]), modeOf],
      ['theirs', (path) => execFileSync('install', ['-m', '666', '-o', 'nobody', '/dev/null', path]), modeOf],
    ];
    execFileSync('mknod', ['-m', '666', device, 'c', '1', '3']);
    for (const [name, make, mode] of made) {
      const path = join(folder, name);
      make(path);
      const history = new History(path);
      await history.load();
      history.add('secret');
      await history.saved();
      assert.deepEqual(history.newestFirst, ['secret']);
      assert.equal(mode(path), 0o666, name);
      assert.equal(lstatSync(path).size, name === 'link' ? device.length : 0, name);
    }
  });

  test('that cannot be written costs nothing else', async (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(join(folder, 'file'), '');
    const history = new History(join(folder, 'file', 'history'));
    await history.load();
    history.add('one');
    await history.saved();
    assert.deepEqual(history.newestFirst, ['one']);
  });

  test('lies in XDG_STATE_HOME, else below home', () => {
    assert.equal(historyPath({ XDG_STATE_HOME: '/s', HOME: '/h' }), '/s/taskmaster/history');
    assert.equal(
      historyPath({ XDG_STATE_HOME: 'relative', HOME: '/h' }),
      '/h/.local/state/taskmaster/history',
    );
  });
});
