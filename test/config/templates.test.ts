// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is what the configuration’s own variables look like
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProcessConfig } from '../../src/config/resolved-config.ts';
import { ofInstance } from '../../src/config/text/instance-text.ts';
import { load, loadGood, loadWeb, problemsOf } from '../support/config-ports.ts';

/** The process `web`, which extends what it says, with these tables beside it. */
function web(tables: string, own: string, files = {}): ProcessConfig {
  return loadWeb(`${tables}\n[processes.web]\n${own}\n`, { files });
}

function firstProblem(document: string): string {
  const [problem] = problemsOf(document);
  return `${problem?.line}: ${problem?.key}: ${problem?.message}${problem?.hint === undefined ? '' : ` (${problem.hint})`}`;
}

test('a process takes the keys of its template, the command too, and its own come first', () => {
  const { command, spawn, instances } = web(
    '[templates.worker]\ncmd = "worker"\nargs = ["--all"]\nnice = 5\numask = "027"',
    'extends = "worker"\nnice = 7\ninstances = 3',
  );
  assert.deepEqual(command, { file: 'worker', args: ['--all'] });
  assert.equal(spawn.nice, 7);
  assert.equal(spawn.umask, 0o027);
  assert.equal(instances, 3);
});

test('a command of the process does not get the arguments of the template’s', () => {
  const { command } = web('[templates.t]\ncmd = "a"\nargs = ["x"]', 'extends = "t"\ncmd = "b c"');
  assert.deepEqual(command, { file: 'b', args: ['c'] });
});

test('a template comes before [defaults], and tables are merged from all three', () => {
  const { spawn } = web(
    '[defaults]\nnice = 1\nenv = {A = "defaults", B = "defaults", C = "defaults"}\n[templates.t]\nnice = 2\nenv = {A = "template", B = "template"}',
    'extends = "t"\ncmd = "x"\nenv = {A = "own"}',
  );
  assert.equal(spawn.nice, 2);
  assert.deepEqual({ ...spawn.environment.set }, { A: 'own', B: 'template', C: 'defaults' });
});

test('of several templates a later one comes before an earlier one', () => {
  const { spawn } = web(
    '[templates.a]\nnice = 1\numask = "027"\nenv = {X = "a", Y = "a"}\n[templates.b]\nnice = 2\nenv = {X = "b"}',
    'extends = ["a", "b"]\ncmd = "x"',
  );
  assert.equal(spawn.nice, 2);
  assert.equal(spawn.umask, 0o027);
  assert.deepEqual({ ...spawn.environment.set }, { X: 'b', Y: 'a' });
});

test('a template extends another one, wherever that is written', () => {
  const tables = '[templates.child]\nextends = "base"\nnice = 2\n';
  const base = '[templates.base]\nnice = 1\numask = "027"\nenv = {A = "base"}\n';
  for (const [before, after] of [
    [base, tables],
    [tables, base],
  ]) {
    const { spawn } = web(`${before}${after}`, 'extends = "child"\ncmd = "x"');
    assert.equal(spawn.nice, 2);
    assert.equal(spawn.umask, 0o027);
    assert.deepEqual({ ...spawn.environment.set }, { A: 'base' });
  }
});

test('processes and templates do not share what they inherit', () => {
  const { processes } = loadGood(
    '[defaults]\nenv = {D = "1"}\n[templates.t]\nenv = {T = "1"}\n' +
      '[processes.a]\nextends = "t"\ncmd = "x"\nenv = {A = "1"}\n[processes.b]\nextends = "t"\ncmd = "x"\n',
  );
  assert.deepEqual(
    [...processes.values()].map(({ spawn }) => Object.keys(spawn.environment.set).sort()),
    [
      ['A', 'D', 'T'],
      ['D', 'T'],
    ],
  );
});

test('a template of another file keeps the paths of that file', () => {
  const files = { '/etc/tm/more/t.toml': '[templates.t]\nworkingdir = "work"\nenv = {K = {file = "key"}}\n' };
  const { spawn } = web(
    'include = "more/*.toml"',
    'extends = "t"\ncmd = "x"\nenv = {L = {file = "own"}}',
    files,
  );
  assert.equal(spawn.workingDirectory, '/etc/tm/more/work');
  assert.deepEqual({ ...spawn.environment.secretFiles }, { K: '/etc/tm/more/key', L: '/etc/tm/own' });
});

test('variables and the number of the instance work in templates', () => {
  const loaded = load(
    '[templates.t]\nnice = "${NICE}"\ncmd = "x"\nargs = ["--port", "${instance + 9000}"]\n[processes.web]\nextends = "t"\ninstances = 8\n',
    { environment: { NICE: '4' } },
  );
  const own = loaded.ok ? loaded.config.processes.get('web') : undefined;
  assert.equal(own?.spawn.nice, 4);
  assert.deepEqual(ofInstance(own as ProcessConfig, 8).command.args, ['--port', '9008']);
});

const X = 'cmd = "x"';
const BAD: readonly (readonly [title: string, document: string, message: string])[] = [
  [
    'a template that is not there is reported with the one that is meant',
    `[templates.worker]\n[processes.web]\n${X}\nextends = "wroker"\n`,
    '4: processes.web.extends: there is no template "wroker" (did you mean "worker"?)',
  ],
  [
    'a template that is not there at all has to be added',
    `[processes.web]\n${X}\nextends = ["one"]\n`,
    '3: processes.web.extends[0]: there is no template "one" (add [templates.one])',
  ],
  [
    'a template that extends itself is reported, though nobody uses it',
    `[templates.a]\nextends = "a"\n[processes.web]\n${X}\n`,
    '2: templates.a.extends: the template "a" extends itself (remove one of these extends)',
  ],
  [
    'templates that extend each other are reported once, with the way around',
    `[templates.a]\nextends = "b"\n[templates.b]\nextends = "a"\n[processes.web]\nextends = "a"\n${X}\n`,
    '4: templates.b.extends: templates that extend each other: a → b → a (remove one of these extends)',
  ],
  [
    'a key that no process knows is reported in the template, and once',
    `[templates.a]\nnicer = 3\n[processes.web]\nextends = "a"\n${X}\n[processes.db]\nextends = "a"\n${X}\n`,
    '2: templates.a.nicer: unknown key "nicer" (did you mean "nice"?)',
  ],
  [
    'a value that is wrong is reported where it is written, and once',
    `[templates.a]\nnice = "much"\n[processes.web]\nextends = "a"\n${X}\n`,
    '2: templates.a.nice: found "much"',
  ],
  [
    'a process without a command in its template either is reported',
    '[templates.a]\nnice = 1\n[processes.web]\nextends = "a"\n',
    '3: processes.web: the key "cmd" is missing (every process needs a command: cmd = "/path/to/program")',
  ],
  [
    'what is no name is reported by its kind',
    `[processes.web]\n${X}\nextends = 3\n`,
    '3: processes.web.extends: found 3',
  ],
  [
    '[defaults] cannot extend',
    `[templates.a]\n[defaults]\nextends = "a"\n[processes.web]\n${X}\n`,
    '3: defaults.extends: unknown key "extends" (it differs from process to process: write it in [processes.NAME])',
  ],
];
for (const [title, document, message] of BAD) {
  test(title, () => {
    assert.equal(firstProblem(document), message);
    assert.equal(problemsOf(document).length, 1);
  });
}

test('a template in two files is reported with both places', () => {
  const files = { '/etc/tm/b.toml': '[templates.t]\nnice = 3\n' };
  const [problem, ...more] = problemsOf('include = "b.toml"\n[templates.t]\nnice = 2\n', { files });
  assert.equal(more.length, 0);
  assert.match(problem?.message ?? '', /the template "t" is defined twice; first at .*main\.toml:2/);
});

test('the configuration says where each inherited value is written', () => {
  const { inherited } = loadGood(
    '[defaults]\nenv = {TZ = "UTC"}\n[templates.t]\nextends = "base"\nenv = {Q = "jobs"}\n[templates.base]\nnice = 1\n' +
      '[processes.web]\nextends = "t"\ncmd = "x"\nenv = {A = "own"}\n[processes.db]\ncmd = "y"\n',
  );
  assert.deepEqual(Object.fromEntries(inherited ?? []), {
    web: {
      'env.Q': '[templates.t], /etc/tm/main.toml:5',
      'env.TZ': '[defaults], /etc/tm/main.toml:2',
      nice: '[templates.base], /etc/tm/main.toml:7',
    },
    db: { env: '[defaults], /etc/tm/main.toml:2' },
  });
});

test('a thousand processes of one template all get its values', () => {
  const one = '[templates.t]\nenv = {A = "${HOME}", B = "${HOME}", C = "${HOME}"}\n';
  const many = Array.from(
    { length: 1_000 },
    (_, index) => `[processes.p${index}]\nextends = "t"\ncmd = "x"\n`,
  );
  const { processes } = loadGood(`${one}${many.join('')}`, { environment: { HOME: '/h' } });
  assert.equal(processes.get('p999')?.spawn.environment.set.C, '/h');
});
