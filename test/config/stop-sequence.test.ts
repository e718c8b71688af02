import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, loadWeb } from '../support/config-ports.ts';

const web = (lines: string): string => `[processes.web]\ncmd = "web"\n${lines}\n`;
const stopOf = (lines: string): readonly string[] =>
  loadWeb(web(lines)).stop.map((stage) => {
    if (stage.kind === 'signal') return `${stage.signal} ${stage.waitMs} ${stage.to}`;
    if (stage.kind === 'pause') return `pause ${stage.waitMs}`;
    const { name, command, as } = stage.step;
    return `${name} ${[command.file, ...command.args].join(' ')} ${stage.waitMs} ${as}`;
  });

test('by default the leader has the signal, and its children shortly before KILL', () => {
  assert.deepEqual(stopOf(''), ['SIGTERM 4000 leader', 'SIGTERM 1000 others']);
  assert.deepEqual(stopOf('stop_timeout = "1s"'), ['SIGTERM 800 leader', 'SIGTERM 200 others']);
  assert.deepEqual(stopOf('stop_timeout = 0'), ['SIGTERM 0 leader']);
  assert.deepEqual(stopOf('stop = [{signal = "QUIT", wait = 30}, {signal = "TERM", wait = 10}]'), [
    'SIGQUIT 30000 leader',
    'SIGTERM 9000 leader',
    'SIGTERM 1000 others',
  ]);
});

test('commands and pauses may be among the signals, and a signal comes last', () => {
  assert.deepEqual(
    stopOf('stop = [{cmd = "drain now", wait = 10}, {wait = 3}, {signal = "TERM", kill_mode = "group"}]'),
    ['stop[0] drain now 10000 process', 'pause 3000', 'SIGTERM 5000 group'],
  );
  assert.deepEqual(stopOf('stop = [{cmd = ["quit"], as = "engine"}]'), [
    'stop[0] quit 5000 engine',
    'SIGTERM 4000 leader',
    'SIGTERM 1000 others',
  ]);
  assert.deepEqual(stopOf('pre_stop = [{cmd = "a"}, {cmd = "b"}]\nstop = [{signal = "INT"}]').slice(0, 2), [
    'pre_stop[0] a 5000 process',
    'pre_stop[1] b 5000 process',
  ]);
});

test('kill_mode says who gets the signals and who gets KILL', () => {
  const kill = (lines: string): string => loadWeb(web(lines)).kill;
  assert.deepEqual(stopOf('kill_mode = "group"'), ['SIGTERM 5000 group']);
  assert.deepEqual(stopOf('kill_mode = "mixed"'), ['SIGTERM 5000 leader']);
  assert.deepEqual(stopOf('kill_mode = "leader"'), ['SIGTERM 5000 leader']);
  assert.deepEqual(
    ['group', 'mixed', 'leader'].map((mode) => kill(`kill_mode = "${mode}"`)),
    ['all', 'all', 'leader'],
  );
});

test('an element of stop may have a mode of its own', () => {
  const stop =
    'stop = [{signal = "TERM", kill_mode = "leader"}, {signal = "TERM", kill_mode = "group", wait = 1}]';
  assert.deepEqual(stopOf(stop), ['SIGTERM 5000 leader', 'SIGTERM 1000 group']);
  assert.deepEqual(
    stopOf(`kill_mode = "group"\nstop = [{signal = "INT"}, {signal = "TERM", kill_mode = "leader"}]`),
    ['SIGINT 5000 group', 'SIGTERM 5000 leader'],
  );
});

test('what is to be left running gets no signal, and no mode that would send one', () => {
  const { kill, leaveRunning } = loadWeb(web('leave_running = true'));
  assert.deepEqual([kill, leaveRunning], ['leader', true]);
  assert.deepEqual(stopOf('leave_running = true'), ['SIGTERM 5000 leader']);
  for (const lines of ['kill_mode = "mixed"', 'stop = [{signal = "TERM", kill_mode = "group"}]']) {
    const result = load(web(`leave_running = true\n${lines}`));
    assert.equal(result.ok, false);
    assert.match(JSON.stringify(result), /with leave_running = true all signals go to the leader/);
  }
});

test('the words of other supervisors are answered with ours', () => {
  for (const [key, words] of [
    ['KillMode = "process"', /kill_mode .*leave_running = true/],
    ['stopasgroup = true', /kill_mode = .{0,2}group/],
    ['killasgroup = true', /kill_mode = .{0,2}mixed/],
    ['SendSIGHUP = true', /HUP/],
    ['KillSignal = "QUIT"', /stop_signal/],
  ] as const) {
    const result = load(web(key));
    assert.match(JSON.stringify(result), words, key);
  }
});
