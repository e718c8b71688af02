import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StepConfig } from '../../src/config/resolved-config.ts';
import { load, loadGood, loadWeb } from '../support/config-ports.ts';

const web = (lines: string): string => `[processes.web]\ncmd = "web"\n${lines}\n`;
const words = ({ name, command, timeoutMs, as }: StepConfig): string =>
  `${name}: ${[command.file, ...command.args].join(' ')} ${timeoutMs} ${as}`;
const preStart = (value: string): readonly string[] =>
  (loadWeb(web(`pre_start = ${value}`)).steps?.preStart ?? []).map(words);

test('steps are a string, an array of words, a table, or a list of tables', () => {
  assert.deepEqual(preStart('"initdb -D \'/my data\'"'), ['pre_start: initdb -D /my data 90000 process']);
  assert.deepEqual(preStart('["initdb", "-D", "/data"]'), ['pre_start: initdb -D /data 90000 process']);
  assert.deepEqual(preStart('{cmd = "initdb", as = "engine"}'), ['pre_start: initdb 90000 engine']);
  assert.deepEqual(preStart('[{cmd = "a"}, {cmd = ["b", "c"], timeout = "5s"}]'), [
    'pre_start[0]: a 90000 process',
    'pre_start[1]: b c 5000 process',
  ]);
});

test('steps at the end of a life have the time that a stop has, unless they say otherwise', () => {
  const { steps, stop } = loadWeb(
    web('pre_stop = "a"\npost_exit = [{cmd = "b"}, {cmd = "c", timeout = 60}]'),
  );
  assert.deepEqual(steps?.postExit.map(words), [
    'post_exit[0]: b 5000 process',
    'post_exit[1]: c 60000 process',
  ]);
  const [first, ...others] = stop;
  assert.equal(first?.kind === 'command' && words(first.step), 'pre_stop: a 5000 process');
  assert.deepEqual(
    others.map(({ kind }) => kind),
    ['signal', 'signal'],
  );
});

test('a process without steps has nothing of them', () => {
  assert.deepEqual(
    Object.keys(loadWeb(web(''))).filter((key) => ['steps', 'reload'].includes(key)),
    [],
  );
});

test('steps differ from copy to copy, and know the pid of the process', () => {
  const { config } = {
    config: loadGood(`[processes.web]\ncmd = "x"\ninstances = 2\npost_start = "r $\{instance} $MAINPID"\n`),
  };
  assert.equal(config.warnings.length, 0);
  assert.match(JSON.stringify(config.processes.get('web')?.steps?.postStart), /MAINPID/);
});

/** What is wrong, and what is said of it. */
const WRONG: readonly (readonly [lines: string, said: RegExp])[] = [
  ['pre_start = ["a", {cmd = "b"}]', /words and tables cannot be mixed.*pre_start = \[\{cmd = /],
  ['pre_start = ""', /found "" a command/],
  ['pre_start = []', /found .* a command/],
  ['pre_start = [{timeout = 5}]', /"cmd" is missing/],
  ['pre_start = {cmd = "a", user = "root"}', /user/],
  ['pre_start = {cmd = "a", as = "root"}', /"process" or "engine"/],
  ['pre_start = {cmd = "a", timeout = 0}', /at least one millisecond/],
  ['pre_start = 5', /a command: a string/],
  ['type = "oneshot"\npost_start = "a"', /a one-shot has ended when it is ready.*post_exit/],
  ['reload = "a"\nreload_signal = "HUP"', /reload and reload_signal cannot be used together/],
  ['reload = [{cmd = "a"}]', /a word of the command/],
  ['stop = [{signal = "TERM", cmd = "a"}]', /either signal or cmd/],
  ['stop = [{cmd = "a", kill_mode = "group"}]', /kill_mode is for a signal/],
  ['stop = [{signal = "TERM", as = "engine"}]', /as is for cmd/],
  ['stop = [{}]', /an empty table/],
  [`stop = [{cmd = "kill $${'{MAINPID}'}"}]`, /the pid of the process is \$MAINPID/],
];

for (const [lines, said] of WRONG) {
  test(`${lines.replace('\n', ', ')} is refused with its line`, () => {
    const result = load(web(lines));
    assert.ok(!result.ok);
    const [problem] = result.problems;
    assert.match([problem?.message, problem?.expected, problem?.hint].join(' '), said);
    assert.equal(problem?.line, 2 + lines.split('\n').length);
  });
}

test('what only a shell would understand is warned of, but not $MAINPID', () => {
  const { warnings } = loadGood(web('pre_start = "test -d $DATA"\nreload = "kill -HUP $MAINPID"'));
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /\$DATA/);
});

test('stop and steps at the end that may take longer than the grace are warned of', () => {
  assert.deepEqual(loadGood(web('pre_stop = "a"\npost_exit = "b"')).warnings, []);
  assert.match(
    loadGood(web('post_exit = {cmd = "a", timeout = "60s"}')).warnings[0] ?? '',
    /stopping may take 1m05s \(web 1m05s\)/,
  );
});

test('reload of [defaults] gives way to a reload_signal of the process, and the other way round', () => {
  const of = (defaults: string, own: string): unknown => {
    const text = `[defaults]\n${defaults}\n[processes.web]\ncmd = "x"\n${own}\n`;
    const process = loadGood(text).processes.get('web');
    return [process?.reload?.command.file, process?.reloadSignal];
  };
  assert.deepEqual(of('reload = "a"', 'reload_signal = "HUP"'), [undefined, 'SIGHUP']);
  assert.deepEqual(of('reload_signal = "HUP"', 'reload = "a"'), ['a', undefined]);
});

test('several commands as strings are taken for the words of one, with a warning that says how to write them', () => {
  const { warnings } = loadGood('[processes.web]\ncmd = "x"\npre_start = ["echo one", "sleep 1"]\n');
  assert.equal(warnings.length, 1);
  const meant = 'several commands are pre_start = [{cmd = "echo one"}, {cmd = "sleep 1"}]';
  assert.match(warnings[0] ?? '', new RegExp(`${RegExp.escape(meant)}$`));
  assert.deepEqual(loadGood('[processes.web]\ncmd = "x"\npre_start = ["echo", "one two"]\n').warnings, []);
});
