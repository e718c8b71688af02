import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareConfigs } from '../../src/config/diff.ts';
import { loadGood } from '../support/config-ports.ts';

const BASE = `[processes.web]
cmd = "x"
`;

/** Every key of a process: a line, the keys told as changed against the line's absence, and what a reload does. */
const KEYS: readonly (readonly [string, string, 'restart' | 'update' | 'unchanged'])[] = [
  ['args = ["a"]', 'cmd', 'restart'],
  ['args = []', '', 'unchanged'],
  ['type = "oneshot"', 'type', 'restart'],
  ['user = "www"', 'user env.HOME env.USER env.LOGNAME env.SHELL', 'restart'],
  ['group = "video"', 'user', 'restart'],
  ['groups = ["video"]', 'user', 'restart'],
  ['workingdir = "/"', 'workingdir', 'restart'],
  ['umask = "022"', 'umask', 'restart'],
  ['env = {A = 1, B = 2}', 'env.A env.B', 'restart'],
  ['env = {A = {file = "/run/secrets/a"}}', 'env.A', 'restart'],
  ['env = {A = 1, "A.B" = 2}', 'env.A env.A.B', 'restart'],
  ['clear_env = true', 'clear_env', 'restart'],
  ['limits = {nofile = 10, core = "unlimited"}', 'limits.nofile limits.core', 'restart'],
  ['nice = 1', 'nice', 'restart'],
  ['oom_score_adj = 1', 'oom_score_adj', 'restart'],
  ['capabilities = []', 'capabilities', 'restart'],
  ['no_new_privs = true', 'no_new_privs', 'restart'],
  ['stdin = "pipe"', 'stdin', 'restart'],
  ['stdin = "null"', '', 'unchanged'],
  ['tty = true', 'tty env.TERM', 'restart'],
  ['stdout = "null"', 'stdout', 'restart'],
  ['stdout = "/log"', 'stdout', 'restart'],
  ['stderr = "stdout"', 'stderr', 'restart'],
  ['stderr = {file = "/log", max_size = 10}', 'stderr', 'restart'],
  ['instances = 3', 'instances', 'update'],
  ['description = "d"', 'description', 'update'],
  ['autostart = false', 'autostart', 'update'],
  ['essential = true', 'essential', 'update'],
  ['autorestart = "on-failure:3"', 'autorestart', 'update'],
  ['exit_codes = [0, 1]', 'exit_codes', 'update'],
  ['exit_codes = [0, 0]', '', 'unchanged'],
  [
    'backoff = {base = 1, factor = 3, max = 60, reset = 5}',
    'backoff.base backoff.factor backoff.max backoff.reset',
    'update',
  ],
  ['depends_on = ["db"]', 'depends_on', 'update'],
  ['stop_signal = "INT"', 'stop', 'update'],
  ['stop_timeout = "5000ms"', '', 'unchanged'],
  ['stop = [{signal = "TERM", wait = "5s"}]', '', 'unchanged'],
  ['reload_signal = "HUP"', 'reload_signal', 'update'],
  ['healthcheck = {uptime = 2}', 'healthcheck.uptime', 'update'],
  ['healthcheck = {tcp = 80}', 'healthcheck.uptime healthcheck.tcp', 'update'],
  [
    'healthcheck = {retries = 5, interval = 1, timeout = 1}',
    'healthcheck.interval healthcheck.timeout healthcheck.retries',
    'update',
  ],
  [
    'healthcheck = {start_period = 1, start_interval = 2, on_unhealthy = "none"}',
    'healthcheck.start_period healthcheck.start_interval healthcheck.on_unhealthy',
    'update',
  ],
  ['# only a comment', '', 'unchanged'],
];
const OTHERS = '[processes.db]\ncmd = "db"\n';

for (const [line, changed, action] of KEYS) {
  test(`${line}: ${action}${changed === '' ? '' : `, and ${changed} is told as changed`}`, () => {
    const before = loadGood(`${BASE}${OTHERS}`);
    const after = loadGood(`${BASE}${line}\n${OTHERS}`);
    const expected = {
      process: 'web',
      action,
      changed: changed === '' ? [] : changed.split(' '),
      ...(changed === 'instances' && { instances: { added: ['web:2', 'web:3'], removed: [] } }),
    };
    assert.deepEqual(compareConfigs(before, after).plan, [
      expected,
      { process: 'db', action: 'unchanged', changed: [] },
    ]);
    const [back] = compareConfigs(after, before).plan;
    assert.equal(back?.action, action);
    assert.deepEqual([...(back?.changed ?? [])].sort(), [...expected.changed].sort());
  });
}

test('rotation of a log file is taken over by the running process', () => {
  const before = loadGood(`${BASE}stdout = "/log"\n`);
  const after = loadGood(
    `${BASE}stdout = {file = "/log", max_size = "1MB", max_files = 1, compress = true}\n`,
  );
  assert.deepEqual(compareConfigs(before, after).plan, [
    { process: 'web', action: 'update', changed: ['stdout.max_size', 'stdout.max_files', 'stdout.compress'] },
  ]);
});

test('a file’s calendar, permissions and owner are taken over by the running process', () => {
  const before = loadGood(`${BASE}stdout = {file = "/log"}\n`);
  const after = loadGood(
    `${BASE}stdout = {file = "/log", rotate_every = "1d", mode = "0640", owner = "www", group = "video"}\n`,
  );
  const changed = ['rotate_every', 'mode', 'owner', 'group'].map((key) => `stdout.${key}`);
  assert.deepEqual(compareConfigs(before, after).plan, [{ process: 'web', action: 'update', changed }]);
});

test('timestamps are taken over by the running process, another file for some instances is not', () => {
  const of = (keys: string) => loadGood(`${BASE}stdout = {file = "/log"${keys}}\n`);
  for (const [key, action] of [
    ['timestamps', 'update'],
    ['shared', 'restart'],
  ] as const) {
    const { plan } = compareConfigs(of(''), of(`, ${key} = true`));
    assert.deepEqual(plan, [{ process: 'web', action, changed: [`stdout.${key}`] }]);
  }
});

test('what happens if the container’s reader is slow is taken over by the running engine', () => {
  const after = loadGood(`${BASE}[engine]\nlog = {when_slow = "drop", stuck_after = "1s"}\n`);
  const { engineChanged, needsEngineRestart } = compareConfigs(loadGood(BASE), after);
  assert.deepEqual(engineChanged, ['engine.log.when_slow', 'engine.log.stuck_after']);
  assert.deepEqual(needsEngineRestart, []);
});

test('a variable that the environment changed restarts who uses it', () => {
  const document = `${BASE}env = {A = "\${A}"}\n`;
  const [change] = compareConfigs(
    loadGood(document, { environment: { A: '1' } }),
    loadGood(document, { environment: { A: '2' } }),
  ).plan;
  assert.deepEqual(change, { process: 'web', action: 'restart', changed: ['env.A'] });
});

test('processes are added and removed by name', () => {
  const before = loadGood('[processes.a]\ncmd = "x"\n[processes.b]\ncmd = "x"\n');
  const after = loadGood('[processes.c]\ncmd = "x"\n[processes.b]\ncmd = "x"\n');
  assert.deepEqual(
    compareConfigs(before, after).plan.map(({ process, action }) => `${action} ${process}`),
    ['remove a', 'unchanged b', 'add c'],
  );
});

test('keys of the engine are told, and which of them need a new engine', () => {
  const before = loadGood(BASE);
  const after = loadGood(
    `${BASE}[engine]\nsocket = "/s"\nsocket_mode = "0600"\ngrace = "20s"\nlog = {level = "debug", format = "json"}\nmain = "web"\naccess = {read = ["www"]}\njournal = {output = true, directory = "/j", max_age = "1d"}\n[engine.hooks]\non_exit = "x"\n`,
  );
  const { engineChanged, needsEngineRestart } = compareConfigs(before, after);
  assert.deepEqual(engineChanged, [
    'engine.socket',
    'engine.socket_mode',
    'engine.access',
    'engine.log.level',
    'engine.log.format',
    'engine.journal.output',
    'engine.journal.directory',
    'engine.journal.max_age',
    'engine.grace',
    'engine.exit_when',
    'engine.main',
    'engine.hooks.on_exit',
  ]);
  assert.deepEqual(needsEngineRestart, [
    'engine.socket',
    'engine.socket_mode',
    'engine.log.format',
    'engine.journal.directory',
  ]);
});
