import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CliRun, cli } from '../support/cli-rig.ts';
import { eventually } from '../support/eventually.ts';
import { startRig } from '../support/rpc-rig.ts';

async function withEvents(t: Parameters<typeof startRig>[0], count = 0) {
  const rig = await startRig(t);
  rig.engine.emit('process_spawned', { command: 'nginx' }, { instance: 'web', process: 'web' });
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
    assert.deepEqual([lines[1], lines[2]], ['web stdout | be\\x1b[2Jtween', 'web stdout | partial']);
  });

  test('with --follow go on until Ctrl-C, without a gap or a repetition', async (t) => {
    const rig = await withEvents(t);
    const running = new CliRun(['logs', '-f', '-o', '--socket', rig.path]);
    await eventually(() => rig.engine.listenerCount === 3);
    rig.engine.emit('engine_notice', { message: 'later' });
    rig.engine.print('web', 'printed\n');
    await eventually(() => running.out.includes('web stdout | printed'));
    assert.match(
      running.out,
      /^\S+ info {2}process_spawned.*\n.*warning.*\n.*notice message=later\nweb stdout \| printed\n$/,
    );
    running.interrupt();
    assert.equal(await running.done, 130);
  });
});
