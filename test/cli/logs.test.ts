import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CliRun, cli } from '../support/cli-rig.ts';
import { eventually } from '../support/eventually.ts';
import { startRig } from '../support/rpc-rig.ts';

async function withEvents(t: Parameters<typeof startRig>[0], count = 0) {
  const rig = await startRig(t);
  rig.engine.emit(
    'process_spawned',
    { command: 'nginx' },
    { instance: 'web', process: 'web', incarnation: 3 },
  );
  rig.engine.emit('config_warning', { message: 'hm' }, { level: 'warn' });
  for (let index = 0; index < count; index++) rig.engine.emit('engine_notice', { message: `n${index}` });
  return rig;
}

describe('logs', () => {
  const cases: readonly [flags: string[], lines: RegExp[]][] = [
    [[], [/process_spawned web command=nginx$/, /warn {2}config_warning message=hm$/]],
    [['-p', 'web'], [/process_spawned/]],
    [['-e', 'config_warning'], [/config_warning/]],
    [['-l', 'warn'], [/config_warning/]],
    [['--grep', 'c.mmand'], [/process_spawned/]],
    [['-n', '1'], [/config_warning/]],
    [['--since', '10m'], []],
    [['--since', '2023-11-14T22:13:20.002Z'], [/config_warning/]],
    [['--until', '2023-11-14 22:13:20.001'], [/process_spawned/]],
    [['--text', 'command=nginx'], []],
    [['--text', 'nginx'], [/process_spawned/]],
    [['--incarnation', '3'], [/process_spawned/]],
    [['--incarnation', '4'], []],
    [['w*'], [/process_spawned/]],
  ];
  for (const [flags, lines] of cases) {
    test(`logs ${flags.join(' ')}`, async (t) => {
      const rig = await withEvents(t);
      const { code, out } = await cli(['logs', ...flags, '--socket', rig.path]);
      assert.equal(code, 0);
      const found = out.split('\n').slice(0, -1);
      assert.equal(found.length, lines.length, out);
      for (const [index, line] of lines.entries()) assert.match(found[index] ?? '', line);
    });
  }

  test('go through more events than one page holds', async (t) => {
    const rig = await withEvents(t, 2_500);
    const { out } = await cli(['events', '--json', '--socket', rig.path]);
    const ids = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).id);
    assert.deepEqual(
      ids,
      Array.from({ length: 2_502 }, (_, index) => index + 1),
    );
  });

  test('with --output merge what processes print, by time', async (t) => {
    const rig = await withEvents(t);
    const time = 1_700_000_000_001.5;
    const bytes = Buffer.from('be\u001b[2Jtween\npart');
    rig.engine.output.set('web', [
      { stream: 'stdout', incarnation: 1, bytes, time },
      { stream: 'stdout', incarnation: 1, bytes: Buffer.from('ial\r\n'), time: time + 100 },
    ]);
    const { out } = await cli(['logs', '--output', '--socket', rig.path]);
    const lines = out.trimEnd().split('\n');
    assert.match(lines[0] ?? '', /process_spawned/);
    assert.deepEqual(
      [lines[1], lines[2]],
      [
        '2023-11-14T22:13:20.001Z web stdout | be\\x1b[2Jtween',
        '2023-11-14T22:13:20.001Z web stdout | partial',
      ],
    );
  });

  test('take output from the journal where that keeps it, in the order of ids', async (t) => {
    const rig = await withEvents(t);
    rig.engine.keepsOutput = true;
    rig.engine.journalLine('web', 'kept', { level: 'warn' });
    rig.engine.journalLine('web', 'wrong', { level: 'error', stream: 'stderr' });
    rig.engine.output.set('web', [
      { stream: 'stdout', incarnation: 1, bytes: Buffer.from('ring\n'), time: 1 },
    ]);
    const both = await cli(['logs', '-o', '-l', 'warn', '--socket', rig.path]);
    assert.match(both.out, /^\S+ warn.*\n\S+ web stdout \| kept\n\S+ web stderr \| wrong\n$/);
    const one = await cli(['logs', '--stream', 'stderr', '--json', '--socket', rig.path]);
    const { text, event, stream, id } = JSON.parse(one.out);
    assert.deepEqual(
      { text, event, stream, id },
      { text: 'wrong', event: 'output', stream: 'stderr', id: 4 },
    );
    assert.doesNotMatch((await cli(['logs', '--socket', rig.path])).out, /kept/);
  });

  test('show the last ones in order, whatever an expression leaves out', async (t) => {
    const rig = await withEvents(t, 2_500);
    const { out } = await cli(['logs', '-n', '3', '--grep', 'message=n\\d+0$', '--socket', rig.path]);
    assert.deepEqual(
      out
        .trimEnd()
        .split('\n')
        .map((line) => line.slice(line.indexOf('=') + 1)),
      ['n2470', 'n2480', 'n2490'],
    );
  });

  test('an expression that would take for ever is given up, and says so', async (t) => {
    const rig = await withEvents(t);
    rig.engine.emit('engine_notice', { message: `${'a'.repeat(60)}!` });
    const { code, err } = await cli(['logs', '--grep', '="(a+)+"', '--socket', rig.path]);
    assert.equal(code, 1);
    assert.match(err, /--grep: ="\(a\+\)\+" takes too long/);
  });

  const slips: readonly [flags: string[], told: RegExp][] = [
    [['-e', 'state_change'], /there is no event "state_change"; did you mean state_changed\?/],
    [['-p', 'wbe'], /no process is called wbe; did you mean web\?/],
    [['--stream', 'out'], /--stream is one of stdout, stderr, not "out"/],
    [['--since', 'yesterday'], /--since takes a time such as 10m, 10:02/],
    [['--since', '1m', '--until', '2m'], /--until \(.*\) lies before --since/],
    [['-f', '--until', '1m'], /--follow goes on for ever and --until ends/],
    [['--grep', '('], /--grep: Invalid regular expression/],
  ];
  for (const [flags, told] of slips) {
    test(`logs ${flags.join(' ')} is corrected`, async (t) => {
      const rig = await withEvents(t);
      const { err } = await cli(['logs', ...flags, '--socket', rig.path]);
      assert.match(err, told);
    });
  }

  test('with --follow go on until Ctrl-C, without a gap or a repetition', async (t) => {
    const rig = await withEvents(t);
    const running = new CliRun(['logs', '-f', '-o', '--socket', rig.path]);
    // Events, the instances there are, and of the one its life and its output.
    await eventually(() => rig.engine.listenerCount === 4);
    rig.engine.emit('engine_notice', { message: 'later' });
    rig.engine.print('web', 'printed\n');
    await eventually(() => running.out.includes('web stdout | printed'));
    assert.match(
      running.out,
      /^\S+ info {2}process_spawned.*\n.*warning.*\n.*notice message=later\n\S+Z web stdout \| printed\n$/,
    );
    running.interrupt();
    assert.equal(await running.done, 130);
  });

  test('with --follow go on in the middle of a line, and tell what is no longer remembered', async (t) => {
    const rig = await withEvents(t);
    rig.engine.output.set('web', [
      { stream: 'stdout', incarnation: 1, bytes: Buffer.from('whole\nhal'), time: 1_700_000_000_500 },
    ]);
    const running = new CliRun(['logs', '-f', '--stream', 'stdout', '--socket', rig.path]);
    await eventually(() => rig.engine.listenerCount === 3);
    rig.engine.print('web', 'f a line\n');
    await eventually(() => running.out.includes('half a line'));
    assert.match(running.out, /^\S+Z web stdout \| whole\n\S+Z web stdout \| half a line\n$/);
    running.interrupt();
    assert.equal(await running.done, 130);
    // 100 bytes were printed since; the ring holds the last nine of them.
    rig.engine.positions.set('web', {
      bytes: { stdout: 109, stderr: 0 },
      journalled: { stdout: 0, stderr: 0 },
    });
    rig.engine.keepsOutput = true;
    rig.engine.recentOutput = () => [
      { stream: 'stdout', incarnation: 1, bytes: Buffer.from('the last\n'), position: 100 },
    ];
    const late = new CliRun(['logs', '-f', '--stream', 'stdout', '--socket', rig.path]);
    await eventually(() => late.out.includes('the last'));
    assert.equal(late.err, '[too slow: 100 bytes were lost]\n');
    late.interrupt();
    await late.done;
  });

  test('a line has the time at which its own first byte was read', async (t) => {
    const rig = await withEvents(t);
    const at = (time: number, text: string) =>
      ({ stream: 'stdout', incarnation: 1, bytes: Buffer.from(text), time }) as const;
    rig.engine.output.set('web', [at(1_000, 'a\n'), at(2_000, 'b'), at(3_000, '\nc\n'), at(4_000, 'd\n')]);
    const { out } = await cli(['logs', '--stream', 'stdout', '--json', '--socket', rig.path]);
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      lines.map(({ time, text }) => [time, text]),
      [
        [1_000, 'a'],
        [2_000, 'b'],
        [3_000, 'c'],
        [4_000, 'd'],
      ],
    );
  });

  test('--tail 0 with --follow shows only what is to come', async (t) => {
    const rig = await withEvents(t);
    rig.engine.output.set('web', [
      { stream: 'stdout', incarnation: 1, bytes: Buffer.from('old\n'), time: 1 },
    ]);
    const running = new CliRun(['logs', '-f', '-o', '-n', '0', '--socket', rig.path]);
    await eventually(() => rig.engine.listenerCount === 4);
    rig.engine.print('web', 'new\n');
    await eventually(() => running.out.includes('new'));
    assert.match(running.out, /^\S+ web stdout \| new\n$/);
    running.interrupt();
    await running.done;
  });

  test('with --follow also follow an instance that is added later', async (t) => {
    const rig = await withEvents(t);
    const running = new CliRun(['logs', '-f', '-o', '-p', 'w*', '--socket', rig.path]);
    await eventually(() => rig.engine.listenerCount === 4);
    for (const name of ['web:2', 'other']) {
      rig.engine.change(name, {});
      rig.engine.emit('state_changed', { from: 'idle', to: 'starting' }, { instance: name, process: name });
    }
    await eventually(() => rig.engine.listenerCount === 5);
    rig.engine.print('web:2', 'I am new\n');
    await eventually(() => running.out.includes('web:2 stdout | I am new'));
    assert.doesNotMatch(running.out, /other stdout/);
    running.interrupt();
    assert.equal(await running.done, 130);
  });

  test('what a process prints has the level that the line tells', async (t) => {
    const rig = await withEvents(t);
    rig.engine.output.set('web', [
      { stream: 'stdout', incarnation: 1, bytes: Buffer.from('plain\nlevel=error msg=no\n'), time: 1 },
    ]);
    const words = ['logs', '--stream', 'stdout', '--json', '--socket', rig.path];
    const levels = async (...more: string[]) =>
      (await cli([...words, ...more])).out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).level);
    assert.deepEqual(await levels(), ['info', 'error']);
    assert.deepEqual(await levels('-l', 'warn'), ['error']);
  });
});
