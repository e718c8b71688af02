import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import { renderProblem, renderProblems } from '../../src/config/text/problem.ts';
import { asRoot, load, loadGood, problemsOf, users } from '../support/config-ports.ts';

const process = (name: string): string => `[processes.${name}]\ncmd = "x"\n`;

test('included files are read in alphabetical order, after the file that includes them', () => {
  const { processes, files } = loadGood(`include = ["conf.d/*.toml", "last.toml"]\n${process('main')}`, {
    files: {
      '/etc/tm/conf.d/b.toml': process('b'),
      '/etc/tm/conf.d/a.toml': `include = "sub/x.toml"\n${process('a')}`,
      '/etc/tm/conf.d/sub/x.toml': process('x'),
      '/etc/tm/conf.d/.hidden.toml': process('hidden'),
      '/etc/tm/conf.d/c.toml.bak': process('backup'),
      '/etc/tm/last.toml': process('last'),
    },
  });
  assert.deepEqual([...processes.keys()], ['main', 'a', 'x', 'b', 'last']);
  assert.equal(files[0], '/etc/tm/main.toml');
  assert.equal(files.length, 5);
});

test('a pattern may stand in any part of the path, and may match nothing', () => {
  const files = {
    '/srv/one/app.toml': process('one'),
    '/srv/two/app.toml': process('two'),
    '/srv/two/x1.toml': process('x1'),
    '/srv/three/other.toml': process('three'),
  };
  const names = (pattern: string): string[] => [
    ...loadGood(`include = "${pattern}"\n`, { files }).processes.keys(),
  ];
  assert.deepEqual(names('/srv/*/app.toml'), ['one', 'two']);
  assert.deepEqual(names('/srv/t[w]o/*.toml'), ['two', 'x1']);
  assert.deepEqual(names('/srv/[!t]*/?pp.toml'), ['one']);
  assert.deepEqual(names('../../srv/two/x[0-9].toml'), ['x1']);
  assert.deepEqual(names('/srv/*/none.toml'), []);
  assert.deepEqual(names('/nowhere/*/x'), []);
  assert.deepEqual(names('/srv/[z-a]*'), []);
});

test('the same process twice is refused, naming both places', () => {
  const [problem] = problemsOf(`include = "b.toml"\n${process('web')}`, {
    files: { '/etc/tm/b.toml': `\n\n${process('web')}` },
  });
  assert.equal(problem?.file, '/etc/tm/b.toml');
  assert.equal(problem?.line, 3);
  assert.match(problem?.message ?? '', /"web" is defined twice; first at \/etc\/tm\/main.toml:2/);
});

test('the engine may stand in one file, not in two', () => {
  const files = { '/etc/tm/b.toml': `[engine]\ngrace = "20s"\n${process('web')}` };
  assert.equal(loadGood('include = "b.toml"\n', { files }).engine.graceMs, 20_000);
  const problems = problemsOf('include = "b.toml"\n[engine]\n', { files });
  assert.equal(problems.length, 1);
  assert.match(problems[0]?.message ?? '', /more than one file; first at \/etc\/tm\/main.toml:2/);
});

test('files that include each other are refused, a file included twice is read once', () => {
  const problems = problemsOf('include = "b.toml"\n', {
    files: { '/etc/tm/b.toml': 'include = "c.toml"\n', '/etc/tm/c.toml': 'include = "b.toml"\n' },
  });
  assert.equal(problems.length, 1);
  assert.equal(problems[0]?.file, '/etc/tm/c.toml');
  assert.match(problems[0]?.message ?? '', /b.toml → \/etc\/tm\/c.toml → \/etc\/tm\/b.toml/);
  const { processes } = loadGood('include = ["b.toml", "c.toml"]\n', {
    files: { '/etc/tm/b.toml': 'include = "c.toml"\n', '/etc/tm/c.toml': process('web') },
  });
  assert.equal(processes.size, 1);
});

test('an included file with mistakes has them in its own name, and hides no others', () => {
  const problems = problemsOf(`include = ["b.toml", "c.toml"]\n[processes.web]\ncmd = "x"\nnise = 1\n`, {
    files: { '/etc/tm/b.toml': '[processes.b]\ncmd = oops\n', '/etc/tm/c.toml': '[processes.c]\n' },
  });
  assert.deepEqual(problems.map(({ file, line }) => `${file}:${line}`).sort(), [
    '/etc/tm/b.toml:2',
    '/etc/tm/c.toml:1',
    '/etc/tm/main.toml:4',
  ]);
});

test('a file that cannot be parsed may hold what seems to be missing', () => {
  const problems = problemsOf('include = "b.toml"\n[processes.web]\ncmd = "x"\ndepends_on = "b"\n', {
    files: { '/etc/tm/b.toml': '[processes.b]\ncmd = oops\n' },
  });
  assert.equal(problems.length, 1);
});

test('relative paths are relative to the file they stand in', () => {
  const { processes } = loadGood('include = "sub/b.toml"\n', {
    files: {
      '/etc/tm/sub/b.toml': `${process('web')}workingdir = "w"\nstdout = "./out"\nenv_file = "../e"\n`,
      '/etc/tm/e': 'A=1\n',
    },
  });
  const web = processes.get('web');
  assert.equal(web?.spawn.workingDirectory, '/etc/tm/sub/w');
  assert.equal(web?.stdout.kind === 'file' && web.stdout.path, '/etc/tm/sub/out');
  assert.deepEqual(web?.spawn.environment.set, { A: '1' });
});

test('a stop path that is longer than the grace is warned of', () => {
  const chain = `${process('db')}stop_timeout = 20\n${process('api')}depends_on = ["db"]\n${process('web')}depends_on = ["api"]\nstop = [{signal = "INT", wait = 2}, {signal = "TERM", wait = 1}]\n`;
  const { warnings } = loadGood(chain);
  assert.equal(warnings.length, 1);
  assert.match(
    warnings[0] ?? '',
    /stopping may take 28s \(web 3s, then api 5s, then db 20s\), but a grace of 10s leaves 9s/,
  );
  assert.deepEqual(loadGood(`${chain}[engine]\ngrace = "28s"\n`).warnings, []);
  assert.equal(loadGood(`${chain}[engine]\ngrace = "27.9s"\n`).warnings.length, 1);
});

test('a problem is shown with its line, a caret, what is expected and a hint', () => {
  const [problem] = problemsOf(`${process('web')}\tautorestart = "on-failur"\n`);
  assert.ok(problem !== undefined);
  assert.equal(
    renderProblem(problem),
    `/etc/tm/main.toml:3:16: processes.web.autorestart: found "on-failur"
  3 | \tautorestart = "on-failur"
    | \t              ^
  expected: "no", "always", "unless-stopped", "on-failure", or "on-failure:N"
  hint: did you mean "on-failure"?`,
  );
  assert.match(renderProblems([problem]), /\n\n1 problem found\n$/);
});

test('what a message shows of a file cannot command a terminal', () => {
  const hostile = '\\u001b]0;x\\u0007';
  const loaded = load(
    `[processes."${hostile}"]\ncmd = "x"\n[processes.web]\ncmd = "x"\nuser = "${hostile}\u009b1m"\n`,
  );
  assert.ok(!loaded.ok);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
  assert.doesNotMatch(renderProblems(loaded.problems), /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
});

const directory = mkdtempSync(join(tmpdir(), 'taskmaster-config-'));
after(() => rmSync(directory, { recursive: true }));
const onDisk = (name: string): ReturnType<typeof loadConfig> =>
  loadConfig(join(directory, name), { users, self: asRoot });

test('files on disk are read through links', () => {
  mkdirSync(join(directory, 'conf.d'));
  writeFileSync(join(directory, 'main.toml'), 'include = "conf.d/*.toml"\n');
  writeFileSync(join(directory, 'web'), process('web'));
  symlinkSync('../web', join(directory, 'conf.d', 'web.toml'));
  const loaded = onDisk('main.toml');
  assert.ok(loaded.ok && loaded.config.processes.has('web'));
});

const UNREADABLE: readonly (readonly [string, (path: string) => void, RegExp])[] = [
  ['a file that is not there', () => {}, /cannot be read: there is no such file/],
  ['a directory', (path) => mkdirSync(path), /cannot be read: it is a directory/],
  ['a device', (path) => symlinkSync('/dev/zero', path), /cannot be read: it is no regular file/],
  ['a loop of links', (path) => symlinkSync(path, path), /cannot be read: too many symbolic links/],
  ['a file of 2 MiB', (path) => writeFileSync(path, Buffer.alloc(2 ** 21, '#')), /is larger than 1 MiB/],
];
for (const [what, make, expected] of UNREADABLE) {
  test(`${what} is told by its path`, () => {
    const name = what.replaceAll(' ', '-');
    make(join(directory, name));
    const loaded = onDisk(name);
    assert.ok(!loaded.ok && loaded.problems.length === 1);
    const [problem] = loaded.problems;
    assert.equal(problem?.file, join(directory, name));
    assert.match(problem?.message ?? '', expected);
  });
}

test('a file that is locked away is told by its path', () => {
  const denied = (): never => {
    throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
  };
  const loaded = loadConfig('/etc/locked.toml', {
    users,
    self: asRoot,
    files: { read: denied, list: () => [] },
  });
  assert.ok(!loaded.ok);
  assert.equal(loaded.problems[0]?.file, '/etc/locked.toml');
  assert.match(loaded.problems[0]?.message ?? '', /permission denied/);
});

test('a thousand processes, each waiting for the one before, are loaded', () => {
  const document = Array.from(
    { length: 1_000 },
    (_, index) =>
      `${process(`p${index}`)}depends_on = [${index > 0 ? `"p${index - 1}"` : ''}]\nstop_timeout = 0\n`,
  ).join('');
  assert.equal(loadGood(document).processes.size, 1_000);
});
