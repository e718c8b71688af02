// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is what the configuration’s own variables look like
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEnvFile } from '../../src/config/values/env-file.ts';
import { failure, loadWeb, problemsOf } from '../support/config-ports.ts';

const LINES: readonly (readonly [string, string, string])[] = [
  ['A=1', 'A', '1'],
  ['  export  A = 1  ', 'A', '1'],
  ['A=', 'A', ''],
  ['A=b c', 'A', 'b c'],
  ['A=b # comment', 'A', 'b'],
  ['A=b#no comment', 'A', 'b#no comment'],
  ['A=# comment', 'A', ''],
  ['A=a=b', 'A', 'a=b'],
  ["A='b # $c \\n'", 'A', 'b # $c \\n'],
  ["A='b' # comment", 'A', 'b'],
  ['A="b\\n\\t\\"\\\\\\$\\x"', 'A', 'b\n\t"\\$\\x'],
  ['A="${HOME}"', 'A', '${HOME}'],
  ['A=it"s', 'A', 'it"s'],
  ['a.b-c_1=x', 'a.b-c_1', 'x'],
  ['__proto__=x', '__proto__', 'x'],
];
for (const [line, name, value] of LINES) {
  test(`an env file's ${JSON.stringify(line)} sets ${name} to ${JSON.stringify(value)}`, () => {
    const { variables, problems } = parseEnvFile(`# first\n\n${line}\n`);
    assert.deepEqual(problems, []);
    assert.deepEqual([...variables], [[name, value]]);
  });
}

for (const line of [
  '=x',
  'A#x',
  'A B=x',
  '1A=x',
  'A="x',
  "A='x",
  'A="x"y',
  'A=\0',
  '- A=1',
  'A: 1',
  '{"A": 1}',
]) {
  test(`an env file's ${JSON.stringify(line)} is a problem at its place`, () => {
    const { problems } = parseEnvFile(`OK=1\n${line}\nALSO=2`);
    assert.equal(problems.length, 1);
    assert.ok((problems[0]?.offset ?? 0) >= 5 && (problems[0]?.offset ?? 0) <= 5 + line.length);
  });
}

const KEY = '-----BEGIN KEY-----\nab=#\'c"\n\n-----END KEY-----';

test('a value in quotes may span lines', () => {
  for (const [text, expected] of [
    [`A='one\ntwo'\nB=2\n`, { A: 'one\ntwo', B: '2' }],
    [`A="one\n # two\n\n"  # comment\nexport B="3"`, { A: 'one\n # two\n\n', B: '3' }],
    [`A="${KEY.replaceAll('"', '\\"')}"\n`, { A: KEY }],
    [`A="a\\\nb"`, { A: 'a\\\nb' }],
  ] as const) {
    const { variables, problems } = parseEnvFile(text);
    assert.deepEqual(problems, [], text);
    assert.deepEqual(Object.fromEntries(variables), expected);
  }
});

test('a quote that is not closed, or not alone, is reported at its line, and reading continues on the next', () => {
  for (const [text, offset, message] of [
    ["OK=1\nA='one\nB=2", 7, /the ' of A is not closed/],
    ['OK=1\nA="one\\"\nB=2', 7, /the " of A is not closed/],
    ["OK=1\nA='one\n'x\nB=2", 13, /something follows the value of A/],
  ] as const) {
    const { variables, problems } = parseEnvFile(text);
    assert.equal(problems.length, 1);
    assert.equal(problems[0]?.offset, offset);
    assert.match(problems[0]?.message ?? '', message);
    assert.equal(variables.get('B'), '2');
    assert.ok(!variables.has('A'));
  }
});

test('a name alone has the value of the engine’s own variable, if there is one', () => {
  const environment = { SET: 'a b', EMPTY: '' };
  const { variables, problems } = parseEnvFile(
    'SET\n  export EMPTY # comment\nUNSET\nconstructor\nLAST',
    environment,
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(Object.fromEntries(variables), { SET: 'a b', EMPTY: '' });
  const web = loadWeb('[processes.web]\ncmd = "x"\nclear_env = true\nenv_file = "1"\n', {
    files: { '/etc/tm/1': 'SET\nUNSET\n' },
    environment,
  });
  assert.deepEqual({ ...web.spawn.environment.set }, { SET: 'a b' });
});

test('an env file of a mebibyte is read in time', () => {
  for (const line of ['A="', "A='x\n", 'A', 'A=b # c #', '"', ' ']) {
    const before = process.cpuUsage();
    parseEnvFile(line.repeat(1_048_576 / line.length));
    assert.ok(process.cpuUsage(before).user < 1_000_000, line);
  }
});

test('env wins over env_file, a later file over an earlier one, and both over the user', () => {
  const web = loadWeb(
    '[processes.web]\ncmd = "x"\nuser = "www"\nenv_file = ["1", "2"]\nenv = {C = "env"}\n',
    {
      files: { '/etc/tm/1': 'HOME=/one\nA=1\nB=1\nC=1\n', '/etc/tm/2': '\ufeffB=2\r\nC=2\r\n' },
    },
  );
  const { set } = web.spawn.environment;
  assert.deepEqual(
    { ...set },
    { HOME: '/one', USER: 'www', LOGNAME: 'www', SHELL: '/bin/false', A: '1', B: '2', C: 'env' },
  );
});

test('a secret is known by the path of its file alone, and goes before the same name in an env file', () => {
  const web = loadWeb('[processes.web]\ncmd = "x"\nenv_file = "1"\nenv = {A = {file = "a"}, B = "b"}\n', {
    files: { '/etc/tm/1': 'A=1\n', '/etc/tm/a': 'hunter2' },
  });
  assert.deepEqual(web.spawn.environment, {
    clear: false,
    set: { B: 'b' },
    secretFiles: { A: '/etc/tm/a' },
  });
});

test('PATH cannot be a secret, and a secret has a file and nothing else', () => {
  const web = (value: string): string => `[processes.web]\ncmd = "x"\nenv = ${value}\n`;
  assert.match(problemsOf(web('{PATH = {file = "/p"}}'))[0]?.message ?? '', /PATH cannot be a secret/);
  const [only, ...others] = problemsOf(web('{A = {path = "/p"}}'));
  assert.match(
    `${only?.message}; ${only?.hint}`,
    /unknown key "path"; write file = "\/run\/secrets\/password"/,
  );
  assert.deepEqual(others, []);
  assert.match(problemsOf(web('{A = {}}'))[0]?.message ?? '', /"file" is missing/);
  assert.match(problemsOf(web('{A = {file = ""}}'))[0]?.expected ?? '', /not empty/);
});

test("a variable may be called __proto__ and is the process's own", () => {
  const web = loadWeb('[processes.web]\ncmd = "x"\nenv_file = "1"\n', {
    files: { '/etc/tm/1': '__proto__=x\n' },
  });
  assert.deepEqual(Object.entries(web.spawn.environment.set), [['__proto__', 'x']]);
});

test('a problem in an env file names that file and line', () => {
  const [problem] = problemsOf('[processes.web]\ncmd = "x"\nenv_file = "my.env"\n', {
    files: { '/etc/tm/my.env': 'A=1\n\nwhat is this\n' },
  });
  assert.equal(problem?.file, '/etc/tm/my.env');
  assert.equal(problem?.line, 3);
  assert.equal(problem?.excerpt, 'what is this');
});

test('an optional env file may be missing, but not unreadable', () => {
  const document = '[processes.web]\ncmd = "x"\nenv_file = "-my.env"\n';
  assert.deepEqual(loadWeb(document).spawn.environment.set, {});
  const [problem] = problemsOf(document, { files: { '/etc/tm/my.env': failure('EACCES') } });
  assert.match(problem?.message ?? '', /cannot read \/etc\/tm\/my.env: permission denied/);
});
