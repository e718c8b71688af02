import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TaskmasterError } from '../../src/errors.ts';
import { CliRun } from '../support/cli-rig.ts';
import { eventually } from '../support/eventually.ts';
import { anInstance, FakeEngine } from '../support/fake-engine.ts';
import { startRig } from '../support/rpc-rig.ts';
import { emulator, textOf } from '../support/screen.ts';

const ESC = '\u001b';
const ABOUT = { instance: 'web', process: 'web', incarnation: 1 } as const;

/** As a terminal shows it. */
async function shownBy(written: string): Promise<string> {
  const terminal = emulator(80, 24);
  await new Promise<void>((done) => terminal.write(written.replaceAll('\n', '\r\n'), done));
  return textOf(terminal).trimEnd();
}

async function begin(
  t: Parameters<typeof startRig>[0],
  flags: string[] = [],
  terminal = false,
  changes = {},
) {
  const rig = await startRig(t, {}, new FakeEngine(anInstance('web', changes)));
  rig.engine.output.set('web', [{ stream: 'stdout', incarnation: 1, bytes: Buffer.from('old\n') }]);
  const running = new CliRun(['attach', 'web', ...flags, '--socket', rig.path], { terminal });
  return { rig, running };
}

describe('attach', () => {
  test('replays, then streams each stream to its own; Ctrl-C ends it with 130', async (t) => {
    const { rig, running } = await begin(t);
    await eventually(() => running.out === 'old\n');
    rig.engine.print('web', `${ESC}[2Jraw`);
    rig.engine.print('web', Buffer.from('problem\n'), { stream: 'stderr' });
    await eventually(() => running.out === `old\n${ESC}[2Jraw` && running.err === 'problem\n');
    running.interrupt();
    assert.equal(await running.done, 130);
    await eventually(() => rig.engine.listenerCount === 0);
  });

  test('on a terminal shows control characters, and keeps them from it', async (t) => {
    const { rig, running } = await begin(t, ['--no-replay'], true);
    await eventually(() => rig.engine.listenerCount === 2);
    rig.engine.print('web', `${ESC}[2J${ESC}[31mred`);
    await eventually(() => running.out.endsWith(`detaches\n\\x1b[2J${ESC}[31mred`));
    running.stdin.write('\u0010');
    running.stdin.write('\u0011');
    assert.equal(await running.done, 0);
    assert.deepEqual(running.rawModes, [true, false]);
    await eventually(() => running.out.endsWith(`red${ESC}[0mdetached from web\n`));
  });

  test('--raw on a terminal passes every byte', async (t) => {
    const { rig, running } = await begin(t, ['--no-replay', '--raw'], true);
    await eventually(() => rig.engine.listenerCount === 2);
    rig.engine.print('web', `${ESC}[2J\r`);
    await eventually(() => running.out.endsWith(`detaches\n${ESC}[2J\r`));
    running.stdin.write('\u0003');
    assert.equal(await running.done, 130);
  });

  test('gives the terminal back when the engine goes', async (t) => {
    const { rig, running } = await begin(t, [], true);
    await eventually(() => running.rawModes.length === 1);
    await rig.server.close(0);
    assert.equal(await running.done, 1);
    assert.deepEqual(running.rawModes, [true, false]);
  });

  test('survives a restart, and says so', async (t) => {
    const { rig, running } = await begin(t);
    await eventually(() => running.out === 'old\n');
    const status = { how: 'signalled', signal: 'SIGKILL', core: false } as const;
    rig.engine.emit('process_exited', { status, uptime_ms: 1, requested: false }, ABOUT);
    rig.engine.emit('process_spawned', { command: 'x' }, { ...ABOUT, incarnation: 2 });
    rig.engine.print('web', 'new\n', { incarnation: 2 });
    await eventually(() => running.out === 'old\nnew\n');
    assert.equal(running.err, '[web has ended: SIGKILL]\n[web has started again]\n');
    running.interrupt();
    await running.done;
  });

  const endings = [
    [{ how: 'exited', code: 7 }, 7],
    [{ how: 'signalled', signal: 'SIGTERM', core: false }, 143],
  ] as const;
  for (const [status, code] of endings) {
    test(`--exit-code streams to the end and exits with ${code}`, async (t) => {
      const { rig, running } = await begin(t, ['--exit-code']);
      await eventually(() => rig.engine.listenerCount === 2);
      rig.engine.emit('process_exited', { status, uptime_ms: 1, requested: false }, ABOUT);
      rig.engine.emit('state_changed', { from: 'ended', to: 'backoff' }, ABOUT);
      rig.engine.print('web', 'last words\n');
      assert.equal(await running.done, code);
      assert.equal(running.out, 'old\nlast words\n');
    });
  }

  test('--exit-code tells of the life it saw the end of, not of the next one', async (t) => {
    const { rig, running } = await begin(t, ['--exit-code']);
    await eventually(() => rig.engine.listenerCount === 2);
    const ended = (code: number): void =>
      rig.engine.emit(
        'process_exited',
        { status: { how: 'exited', code }, uptime_ms: 1, requested: false },
        ABOUT,
      );
    ended(4);
    rig.engine.print('web', 'last words\n');
    rig.engine.emit('process_spawned', { cmd: 'web' } as never, { ...ABOUT, pid: 8 });
    rig.engine.print('web', 'the next life\n', { incarnation: 2 });
    ended(5);
    assert.equal(await running.done, 4);
    assert.match(running.out, /^old\nlast words\n/);
  });

  test('--exit-code of one that has ended already replays and tells how', async (t) => {
    const status = { how: 'exited', code: 3 } as const;
    const last_exit = { at: 1, status, requested: false, uptime_ms: 1 };
    const { running } = await begin(t, ['--exit-code'], false, { state: 'failed', pid: null, last_exit });
    assert.equal(await running.done, 3);
    assert.equal(running.out, 'old\n');
  });

  test('--exit-code of one that never ran says so and fails', async (t) => {
    const { running } = await begin(t, ['--exit-code', '--no-replay'], false, { state: 'idle', pid: null });
    assert.equal(await running.done, 1);
    assert.equal(running.err, 'web has never run\n');
  });

  test('--stdin passes a pipe on, and its end', async (t) => {
    const { rig, running } = await begin(t, ['--stdin']);
    running.stdin.end('hello\n');
    await eventually(() => assert.equal(rig.engine.written.at(-1)?.end, true));
    assert.equal(rig.engine.written.map(({ text }) => text).join(''), 'hello\n');
    running.interrupt();
    await running.done;
    await eventually(() => assert.equal(rig.engine.holders.size, 0));
  });

  test('--stdin reads no more of a pipe while the process has not taken what it was given', async (t) => {
    const { rig, running } = await begin(t, ['--stdin']);
    let take = (): void => {};
    rig.engine.inputTaken = new Promise((resolve) => {
      take = resolve;
    });
    const sent = Buffer.from(Array.from({ length: 500_000 }, (_, index) => 0x20 + (index % 95)));
    for (let from = 0; from < sent.length; from += 65_536)
      running.stdin.write(sent.subarray(from, from + 65_536));
    running.stdin.end();
    await eventually(() => assert.equal(rig.engine.written.length, 1));
    assert.equal(running.stdin.isPaused(), true);
    assert.ok(running.stdin.readableLength + running.stdin.writableLength > 400_000);
    take();
    await eventually(() => assert.equal(rig.engine.written.at(-1)?.end, true));
    assert.ok(rig.engine.written.map(({ text }) => text).join('') === sent.toString(), 'all of it, in order');
    running.interrupt();
    await running.done;
  });

  test('--stdin of a pipe ends with what the engine says when the process does not run', async (t) => {
    const { rig, running } = await begin(t, ['--stdin']);
    await eventually(() => assert.equal(rig.engine.holders.size, 1));
    rig.engine.failure = new TaskmasterError('not-running', 'cannot write to web: it does not run');
    running.stdin.write('x');
    assert.equal(await running.done, 7);
    assert.match(running.err, /cannot write to web: it does not run/);
  });

  test('a second writer is refused, and --steal takes over from the first, who reads on', async (t) => {
    const { rig, running } = await begin(t, ['--stdin'], true);
    await eventually(() => assert.equal(rig.engine.holders.size, 1));
    const refused = new CliRun(['attach', 'web', '--stdin', '--socket', rig.path]);
    assert.equal(await refused.done, 1);
    assert.match(refused.err, /cannot write to web: uid \d+ does/);
    const thief = new CliRun(['attach', 'web', '--stdin', '--steal', '--socket', rig.path]);
    await eventually(() => assert.match(running.out, /\[uid \d+ has taken over the input of web\]/));
    rig.engine.print('web', 'both\n');
    await eventually(() => {
      for (const { out } of [running, thief]) assert.match(out, /both\n$/);
    });
    thief.interrupt();
    await thief.done;
    running.stdin.write('\u0003');
    assert.equal(await running.done, 130);
  });

  test('to a process with a terminal goes every key but those that detach, and its size is ours', async (t) => {
    const rig = await startRig(t, {}, new FakeEngine(anInstance('web')));
    rig.engine.inputs.set('web', 'terminal');
    const words = ['attach', 'web', '--stdin', '--detach-keys', 'ctrl-a,d', '--socket', rig.path];
    const running = new CliRun(words, { terminal: true, columns: 100, rows: 30 });
    await eventually(() => assert.ok(rig.engine.calls.includes('resize web 100 30')));
    running.stdin.write('ls\r\u0003\u0004\u0010\u0011\u0001');
    running.stdin.write('x');
    const typed = (): string => rig.engine.written.map(({ text }) => text).join('');
    await eventually(() => assert.equal(typed(), 'ls\r\u0003\u0004\u0010\u0011\u0001x'));
    rig.engine.print('web', `${ESC}[2J`);
    await eventually(() => assert.ok(running.out.endsWith(`attached to web; Ctrl-A d detaches\n${ESC}[2J`)));
    Object.assign(running.stdout, { columns: 120, rows: 40 });
    running.stdout.emit('resize');
    await eventually(() => assert.ok(rig.engine.calls.includes('resize web 120 40')));
    rig.engine.failure = new TaskmasterError('not-running', 'cannot write to web: it does not run');
    running.stdin.write('y');
    await eventually(() => assert.match(running.out, /\[cannot write to web: it does not run\]/));
    running.stdin.write('\u0001d');
    assert.equal(await running.done, 0);
    assert.deepEqual(running.rawModes, [true, false]);
    assert.equal(running.stdout.listenerCount('resize'), 0);
  });

  test('keys that detach can be typed even if the process reads nothing', async (t) => {
    const { rig, running } = await begin(t, ['--stdin'], true);
    rig.engine.inputs.set('web', 'terminal');
    rig.engine.inputTaken = new Promise(() => {});
    await eventually(() => assert.equal(running.rawModes.length, 1));
    running.stdin.write(`${'x'.repeat(300)}\r`);
    running.stdin.write('more\r\u0010\u0011');
    assert.equal(await running.done, 0);
  });

  test('--detach-keys and --steal that make no sense are refused before anything is attached', async (t) => {
    const rig = await startRig(t);
    for (const [words, said] of [
      [['--detach-keys', 'ctrl-1'], /"ctrl-1" is no key/],
      [['--steal'], /--steal goes with --stdin/],
    ] as const) {
      const run = new CliRun(['attach', 'web', ...words, '--socket', rig.path]);
      assert.equal(await run.done, 2);
      assert.match(run.err, said);
    }
  });
  test('--stdin on a terminal sends lines, edited, with echo', async (t) => {
    const { rig, running } = await begin(t, ['--stdin', '--no-replay'], true);
    await eventually(() => running.rawModes.length === 1);
    running.stdin.write('hx\u007fi\r\u0004');
    await eventually(() => rig.engine.written.length === 2);
    assert.deepEqual(rig.engine.written, [
      { instance: 'web', text: 'hi\n', end: false },
      { instance: 'web', text: '', end: true },
    ]);
    assert.equal(await shownBy(running.out), 'attached to web; Ctrl-P Ctrl-Q detaches\nhi');
    running.stdin.write('\u0010\u0011');
    assert.equal(await running.done, 0);
  });
});
