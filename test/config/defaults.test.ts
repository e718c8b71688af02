// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is what the configuration’s own variables look like
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProcessConfig } from '../../src/config/resolved-config.ts';
import { ofInstance } from '../../src/config/text/instance-text.ts';
import { load, loadGood, loadWeb, problemsOf } from '../support/config-ports.ts';

/** The process `web` with what `[defaults]` and it give. */
function web(defaults: string, own = '', files = {}): ProcessConfig {
  return loadWeb(`[defaults]\n${defaults}\n[processes.web]\ncmd = "x"\n${own}\n`, { files });
}

test('a process has what [defaults] gives, and its own value comes first', () => {
  const { spawn, restart, stdout, instances } = web(
    'user = "www"\numask = "027"\nautorestart = "always"\nstdout = "/var/log/all.log"\nnice = 5',
    'umask = "077"\ninstances = 2',
  );
  assert.equal(spawn.identity?.uid, 33);
  assert.equal(spawn.umask, 0o077);
  assert.equal(spawn.nice, 5);
  assert.equal(restart.policy, 'always');
  assert.equal(stdout.kind === 'file' && stdout.path, '/var/log/all.log');
  assert.equal(instances, 2);
});

test('without a value of either, the schema’s own default holds', () => {
  const { restart, health } = web('nice = 5');
  assert.equal(restart.policy, 'on-failure');
  assert.deepEqual(health.probe, { kind: 'uptime', uptimeMs: 1_000 });
});

test('env, limits, backoff and healthcheck are merged by key; other tables and arrays are replaced', () => {
  const merged = web(
    `env = {A = "1", B = "2"}
limits = {nofile = 100, core = {soft = 0, hard = 10}}
backoff = {base = "2s", max = "60s"}
healthcheck = {http = "http://localhost/", retries = 7}
exit_codes = [0, 3]
stderr = {file = "/x/err.log", max_size = "1MB"}`,
    `env = {B = "3"}
limits = {core = 5}
backoff = {factor = 3}
healthcheck = {interval = "3s"}
exit_codes = [0]
stderr = {file = "/x/mine.log"}`,
  );
  const { set } = merged.spawn.environment;
  assert.deepEqual(Object.entries(set).sort(), [
    ['A', '1'],
    ['B', '3'],
  ]);
  assert.deepEqual(merged.spawn.limits, [
    { resource: 'core', soft: 5, hard: 5 },
    { resource: 'nofile', soft: 100, hard: 100 },
  ]);
  assert.deepEqual(merged.restart.backoff, { baseMs: 2_000, factor: 3, maxMs: 60_000, resetMs: 30_000 });
  assert.equal(merged.health.probe.kind, 'http');
  assert.equal(merged.health.retries, 7);
  assert.equal(merged.health.intervalMs, 3_000);
  assert.deepEqual(merged.restart.exitCodes, [0]);
  assert.equal(merged.stderr.kind === 'file' && merged.stderr.maxSizeBytes, undefined);
});

const ALTERNATIVES: readonly (readonly [string, string, (config: ProcessConfig) => unknown, unknown])[] = [
  [
    'healthcheck = {cmd = "probe", args = ["a"]}',
    'healthcheck = {tcp = 80}',
    ({ health }) => health.probe.kind,
    'tcp',
  ],
  [
    'healthcheck = {http = "http://h/"}',
    'healthcheck = {uptime = 5}',
    ({ health }) => health.probe.kind,
    'uptime',
  ],
  [
    'healthcheck = {tcp = 80}',
    'healthcheck = {http = "http://h/"}',
    ({ health }) => health.probe.kind,
    'http',
  ],
  [
    'healthcheck = {uptime = 9}',
    'healthcheck = {cmd = "probe"}',
    ({ health }) => health.probe.kind,
    'command',
  ],
  [
    'healthcheck = {cmd = "probe", args = ["a"]}',
    'healthcheck = {cmd = "other now"}',
    ({ health }) => health.probe,
    { kind: 'command', file: 'other', args: ['now'] },
  ],
  [
    'stop = [{signal = "INT"}]',
    'stop_signal = "QUIT"',
    ({ stop }) => (stop[0]?.kind === 'signal' ? stop[0].signal : undefined),
    'SIGQUIT',
  ],
  [
    'stop_signal = "QUIT"\nstop_timeout = 9',
    'stop = [{signal = "INT"}]',
    ({ stop }) => (stop[0]?.kind === 'signal' ? stop[0].signal : undefined),
    'SIGINT',
  ],
  [
    'user = "root"\ngroup = "root"\ngroups = ["video"]',
    'user = "www"',
    ({ spawn }) => spawn.identity?.gid,
    33,
  ],
  ['user = "root"\ngroups = ["video"]', 'user = "www"', ({ spawn }) => spawn.identity?.groups, [33, 44]],
  ['backoff = {max = "5s"}', 'backoff = {base = "9s"}', ({ restart }) => restart.backoff.maxMs, 9_000],
  ['stderr = "/x/y"\nstdin = "pipe"', 'tty = true', ({ stdin }) => stdin, 'terminal'],
  ['autorestart = "always"', 'type = "oneshot"', ({ restart }) => restart.policy, 'on-failure'],
  ['healthcheck = {tcp = 80}', 'type = "oneshot"', ({ type }) => type, 'oneshot'],
  ['kill_mode = "group"', 'leave_running = true', ({ kill }) => kill, 'leader'],
];
for (const [defaults, own, read, expected] of ALTERNATIVES) {
  test(`over ${JSON.stringify(defaults)} stands ${JSON.stringify(own)} alone`, () => {
    const config = web(defaults, own);
    assert.deepEqual(read(config), expected);
    assert.deepEqual(loadGood(`[defaults]\n${defaults}\n[processes.web]\ncmd = "x"\n${own}\n`).warnings, []);
  });
}

test('what is wrong is reported once, where it is written, in whatever file', () => {
  const two = '[processes.web]\ncmd = "x"\n[processes.db]\ncmd = "y"\n';
  for (const [line, key] of [
    ['user = "nobody-here"', 'defaults.user'],
    ['nice = "low"', 'defaults.nice'],
    ['healthcheck = {http = "nowhere"}', 'defaults.healthcheck.http'],
    ['healthcheck = {htp = "nowhere"}', 'defaults.healthcheck.htp'],
    ['env = {A = ["x"]}', 'defaults.env.A'],
    ['env = {"A=B" = "x"}', 'defaults.env."A=B"'],
    ['limits = {nofile = {soft = 1}}', 'defaults.limits.nofile'],
    ['limits = {nofile = "many"}', 'defaults.limits.nofile'],
    ['stop_signal = "NOPE"', 'defaults.stop_signal'],
    ['umask = 77', 'defaults.umask'],
    ['env_file = "absent.env"', 'defaults.env_file'],
    ['workingdir = "${NOPE}"', 'defaults.workingdir'],
    ['env = {A = "${1 / 0 + instance}"}', 'defaults.env.A'],
    ['nice = "${NOPE}"', 'defaults.nice'],
    ['usr = "www"', 'defaults.usr'],
    ['cmd = "x"', 'defaults.cmd'],
    ['args = ["x"]', 'defaults.args'],
    ['depends_on = ["db"]', 'defaults.depends_on'],
  ] as const) {
    const problems = problemsOf('include = "conf/d.toml"\n[processes.a]\ncmd = "z"\n', {
      files: { '/etc/tm/conf/d.toml': `[defaults]\n${line}\n${two}` },
    });
    assert.deepEqual(
      problems.map((problem) => [problem.file, problem.line, problem.key]),
      [['/etc/tm/conf/d.toml', 2, key]],
      line,
    );
  }
});

test('what a process gives itself wrong is reported there', () => {
  const [problem, ...more] = problemsOf(
    '[defaults]\nhealthcheck = {tcp = 80}\n[processes.web]\ncmd = "x"\n[processes.web.healthcheck]\nretries = 0\n',
  );
  assert.deepEqual(more, []);
  assert.equal(problem?.line, 6);
});

test('paths are relative to the file that gives them', () => {
  const config = loadGood('include = "conf/d.toml"\n[processes.web]\ncmd = "x"\n', {
    files: {
      '/etc/tm/conf/d.toml':
        '[defaults]\nworkingdir = "work"\nstdout = "./out.log"\nenv_file = "d.env"\nenv = {K = {file = "key"}}\n',
      '/etc/tm/conf/d.env': 'FROM=file\n',
    },
  });
  const own = config.processes.get('web');
  assert.equal(own?.spawn.workingDirectory, '/etc/tm/conf/work');
  assert.equal(own?.stdout.kind === 'file' && own.stdout.path, '/etc/tm/conf/out.log');
  assert.equal(own?.spawn.environment.set.FROM, 'file');
  assert.deepEqual(own?.spawn.environment.secretFiles, { K: '/etc/tm/conf/key' });
});

test('[defaults] holds for the processes of all files, and is in one of them only', () => {
  const files = { '/etc/tm/b.toml': '[defaults]\nnice = 3\n[processes.b]\ncmd = "x"\n' };
  const config = loadGood('include = "b.toml"\n[processes.a]\ncmd = "x"\n', { files });
  assert.deepEqual(
    [...config.processes.values()].map(({ spawn }) => spawn.nice),
    [3, 3],
  );
  const problems = problemsOf('include = "b.toml"\n[defaults]\nnice = 2\n', { files });
  assert.equal(problems.length, 1);
  assert.equal(problems[0]?.file, '/etc/tm/b.toml');
  assert.match(problems[0]?.message ?? '', /\[defaults\] is in more than one file; first at .*main\.toml:2/);
});

test('variables and the number of the instance work in [defaults] too', () => {
  const loaded = load(
    '[defaults]\nnice = "${NICE}"\ninstances = "${N:-2}"\nstdout = "/var/log/${instance}.log"\nenv = {P = "${instance + 1}"}\n[processes.web]\ncmd = "x"\n',
    { environment: { NICE: '4' } },
  );
  const own = loaded.ok ? loaded.config.processes.get('web') : undefined;
  assert.equal(own?.spawn.nice, 4);
  assert.equal(own?.instances, 2);
  assert.equal(ofInstance(own as ProcessConfig, 2).spawn.environment.set.P, '3');
});

test('processes do not share what they inherit', () => {
  const { processes } = loadGood(
    '[defaults]\nhealthcheck = {tcp = 80}\n[processes.a]\ncmd = "x"\nhealthcheck = {retries = 9}\n[processes.b]\ncmd = "x"\n',
  );
  assert.deepEqual(
    [...processes.values()].map(({ health }) => health.retries),
    [9, 3],
  );
});

test('defaults that are no table, and processes that are none, are reported and nothing else happens', () => {
  for (const document of [
    'defaults = 3\n[processes.web]\ncmd = "x"\n',
    '[defaults]\nnice = 1\n[processes]\nweb = 3\n',
  ]) {
    assert.equal(problemsOf(document).length, 1, document);
  }
});

test('hints of other tools’ words work in [defaults] too', () => {
  assert.match(problemsOf('[defaults]\nenvironment = "A=1"\n')[0]?.hint ?? '', /env = /);
  assert.match(problemsOf('[defaults]\ncmd = "x"\n')[0]?.hint ?? '', /\[processes\.NAME\]/);
});
