import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, loadGood, problemsOf } from '../support/config-ports.ts';

const PROCESSES =
  '[processes.db]\ncmd = "x"\n[processes.worker-a]\ncmd = "x"\n[processes.worker-b]\ncmd = "x"\n[processes.api]\ncmd = "x"\n';

function groupsOf(document: string, environment = {}): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(loadGood(document, { environment }).groups);
}

test('members are processes, patterns and other groups, in the order of the configuration and each once', () => {
  const groups =
    '[groups.all-of-it]\nmembers = ["app", "db", "api"]\n[groups.app]\nmembers = ["api", "worker-*"]\n';
  assert.deepEqual(groupsOf(`${groups}${PROCESSES}`), {
    'all-of-it': ['db', 'worker-a', 'worker-b', 'api'],
    app: ['worker-a', 'worker-b', 'api'],
  });
});

test('only processes of the chosen profiles are members', () => {
  const document = `${PROCESSES}[processes.extra]\ncmd = "x"\nprofiles = ["full"]\n[groups.app]\nmembers = ["api", "extra"]\n`;
  assert.deepEqual(groupsOf(document), { app: ['api'] });
  assert.deepEqual(groupsOf(document, { TASKMASTER_PROFILES: 'full' }), { app: ['api', 'extra'] });
});

const BAD: readonly (readonly [title: string, groups: string, message: string, hint: string | undefined])[] =
  [
    ['a group without members', '[groups.app]\nmembers = []\n', 'found an array of 0 elements', undefined],
    ['a group that does not say its members', '[groups.app]\n', 'the key "members" is missing', undefined],
    [
      'a group with the name of a process',
      '[groups.db]\nmembers = ["api"]\n',
      'a group cannot have the name of a process: db is one, at /etc/tm/main.toml:1',
      'give the group another name',
    ],
    [
      'a group named "all"',
      '[groups.all]\nmembers = ["api"]\n',
      'a group cannot be named "all": on the command line that means all processes',
      'give the group another name',
    ],
    [
      'a group that is a member of itself',
      '[groups.app]\nmembers = ["api", "app"]\n',
      'the group "app" is a member of itself',
      'remove one of these members',
    ],
    [
      'groups that are members of each other',
      '[groups.one]\nmembers = ["two"]\n[groups.two]\nmembers = ["api", "one"]\n',
      'groups that are members of each other: one → two → one',
      'remove one of these members',
    ],
    [
      'a member that is not there',
      '[groups.app]\nmembers = ["apj"]\n',
      'there is no process and no group "apj"',
      'did you mean "api"?',
    ],
    [
      'a pattern that no process has',
      '[groups.app]\nmembers = ["queue*"]\n',
      'no process has a name such as "queue*"',
      undefined,
    ],
  ];
for (const [title, groups, message, hint] of BAD) {
  test(`${title} is reported once`, () => {
    const problems = problemsOf(`${PROCESSES}${groups}`);
    assert.deepEqual(
      problems.map((problem) => [problem.message, problem.hint]),
      [[message, hint]],
    );
  });
}

test('a process may depend on a group: on each of its members but itself', () => {
  const document = `[groups.app]\nmembers = ["db", "api", "worker-*"]\n${PROCESSES}depends_on = ["app"]\n`;
  const { processes } = loadGood(document);
  assert.deepEqual(
    processes.get('api')?.dependsOn.map(({ process, condition }) => [process, condition]),
    [
      ['db', 'healthy'],
      ['worker-a', 'healthy'],
      ['worker-b', 'healthy'],
    ],
  );
});

test('what is said of a process by name comes before what is said of its group', () => {
  const depends = 'depends_on = {db = {condition = "healthy", restart = true}, app = "started"}\n';
  const { processes } = loadGood(`[groups.app]\nmembers = ["db", "worker-a"]\n${PROCESSES}${depends}`);
  assert.deepEqual(processes.get('api')?.dependsOn, [
    { process: 'db', restart: true, condition: 'healthy' },
    { process: 'worker-a', restart: false, condition: 'started' },
  ]);
});

test('a one-shot that is needed by way of a group has a limit for its start', () => {
  const once = '[processes.once]\ncmd = "x"\ntype = "oneshot"\n';
  const document = `[groups.app]\nmembers = ["once"]\n${once}${PROCESSES}depends_on = ["app"]\n`;
  const { processes } = loadGood(document);
  assert.equal(processes.get('once')?.startTimeoutMs, 90_000);
  assert.equal(processes.get('api')?.dependsOn[0]?.condition, 'completed');
});

test('a cycle by way of a group is reported at the group’s name', () => {
  const document = `[groups.app]\nmembers = ["db"]\n[processes.db]\ncmd = "x"\ndepends_on = ["api"]\n[processes.api]\ncmd = "x"\ndepends_on = ["app"]\n`;
  const [problem, ...more] = problemsOf(document);
  assert.equal(more.length, 0);
  assert.match(problem?.message ?? '', /processes that wait for each other never start/);
});

test('a dependency that is no process may have been meant to be a group', () => {
  const document = `[groups.workers]\nmembers = ["worker-*"]\n${PROCESSES}depends_on = ["wrkers"]\n`;
  assert.equal(problemsOf(document)[0]?.hint, 'did you mean "workers"?');
});

test('a grant to a group is one to its members', () => {
  const document = `[engine]\naccess = {control = [{user = "www", processes = ["app", "db"]}]}\nsocket_mode = "0666"\n[groups.app]\nmembers = ["worker-*"]\n${PROCESSES}`;
  const loaded = load(document);
  assert.ok(loaded.ok);
  assert.deepEqual(loaded.config.engine.access[0]?.only?.processes, ['worker-a', 'worker-b', 'db']);
});
