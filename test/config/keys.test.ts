import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareConfigs } from '../../src/config/diff.ts';
import { ENGINE_KEYS } from '../../src/config/keys/engine-keys.ts';
import { PROCESS_KEYS } from '../../src/config/keys/process-keys.ts';
import { type GivenBy, giveAll, type KeyRows } from '../../src/config/keys/rows.ts';
import type { EngineConfig, ProcessConfig, SpawnSettings } from '../../src/config/resolved-config.ts';
import type { EngineSource, ProcessSource } from '../../src/config/schema/schema.ts';
import type { ReloadTreatment, SchemaRows } from '../../src/config/schema/values.ts';
import { knownKeys, reloadAt, schemaAt } from '../../src/config/schema/walk.ts';
import { asRoot, loadGood } from '../support/config-ports.ts';

/** A table that has one more key. */
type More<Source> = Source & { readonly added: boolean };

/** Compile-time only: `npm run typecheck` fails if one of those that are expected to fail compiles. */
export const rowsOfKeys = () => {
  const process: KeyRows<ProcessSource, ProcessConfig> = PROCESS_KEYS;
  const engine: KeyRows<EngineSource, EngineConfig> = ENGINE_KEYS;
  // @ts-expect-error a key of a process without a row
  const moreOfProcess: KeyRows<More<ProcessSource>, ProcessConfig> = PROCESS_KEYS;
  // @ts-expect-error a key of the engine without a row
  const moreOfEngine: KeyRows<More<EngineSource>, EngineConfig> = ENGINE_KEYS;
  const saysIt: SchemaRows = { flag: { reload: 'live', type: 'boolean', description: 'A flag.' } };
  // @ts-expect-error a key of the schema that does not say what a reload does
  const saysNothing: SchemaRows = { flag: { type: 'boolean', description: 'A flag.' } };
  return [process, engine, moreOfProcess, moreOfEngine, saysIt, saysNothing];
};
type GivenToProcess = GivenBy<typeof PROCESS_KEYS, 'resolve'>;
type GivenToSpawn = GivenBy<typeof PROCESS_KEYS, 'spawn'>;
export const complete = (process: GivenToProcess, spawn: GivenToSpawn) => {
  const whole: Omit<ProcessConfig, 'name' | 'spawn'> = process;
  const settings: SpawnSettings = spawn;
  // @ts-expect-error a field of the resolved process that no row gives
  const more: More<Omit<ProcessConfig, 'name' | 'spawn'>> = process;
  // @ts-expect-error a field of the settings of a spawn that no row gives
  const moreOfSpawn: More<SpawnSettings> = spawn;
  return [whole, settings, more, moreOfSpawn];
};

/** For each key: lines with one value of it, and with another. */
const OF_A_PROCESS: Readonly<Record<string, readonly [before: string, after: string]>> = {
  extends: ['', 'extends = "t"'],
  profiles: ['', 'profiles = ["full"]'],
  cmd: ['cmd = "a"', 'cmd = "b"'],
  args: ['args = ["a"]', 'args = ["b"]'],
  description: ['', 'description = "d"'],
  type: ['', 'type = "oneshot"'],
  notify_access: ['type = "notify"', 'type = "notify"\nnotify_access = "all"'],
  watchdog: ['type = "notify"', 'type = "notify"\nwatchdog = "30s"'],
  on_watchdog: ['type = "notify"', 'type = "notify"\non_watchdog = "exit"'],
  notify_fd: ['notify_fd = 3', 'notify_fd = 4'],
  ready_log: ['ready_log = "a"', 'ready_log = "b"'],
  pid_file: ['type = "forking"', 'type = "forking"\npid_file = "/run/x.pid"'],
  rollout: ['', 'rollout = "rolling"'],
  max_unavailable: ['rollout = "rolling"', 'rollout = "rolling"\nmax_unavailable = 2'],
  user: ['', 'user = "www"'],
  group: ['', 'group = "video"'],
  groups: ['', 'groups = ["video"]'],
  workingdir: ['', 'workingdir = "/"'],
  umask: ['', 'umask = "022"'],
  env: ['env = {A = 1}', 'env = {A = 2}'],
  clear_env: ['', 'clear_env = true'],
  autostart: ['', 'autostart = false'],
  autorestart: ['', 'autorestart = "always"'],
  exit_codes: ['', 'exit_codes = [1]'],
  'backoff.base': ['', 'backoff = {base = 1}'],
  'backoff.factor': ['', 'backoff = {factor = 3}'],
  'backoff.max': ['', 'backoff = {max = "1m"}'],
  'backoff.reset': ['', 'backoff = {reset = 1}'],
  instances: ['', 'instances = 2'],
  depends_on: ['', 'depends_on = "db"'],
  sockets: ['', 'sockets = ["http"]'],
  activate: ['sockets = ["http"]', 'sockets = ["http"]\nactivate = true'],
  idle_stop: [
    'sockets = ["http"]\nactivate = true\nidle_stop = "1m"',
    'sockets = ["http"]\nactivate = true\nidle_stop = "5m"',
  ],
  essential: ['', 'essential = true'],
  stop: ['', 'stop = [{signal = "INT"}]'],
  stop_signal: ['', 'stop_signal = "INT"'],
  start_timeout: ['', 'start_timeout = 1'],
  stop_timeout: ['', 'stop_timeout = 1'],
  kill_mode: ['', 'kill_mode = "group"'],
  leave_running: ['', 'leave_running = true'],
  pre_start: ['', 'pre_start = "a"'],
  post_start: ['', 'post_start = "a"'],
  pre_stop: ['', 'pre_stop = "a"'],
  post_exit: ['', 'post_exit = "a"'],
  reload: ['', 'reload = "a"'],
  reload_signal: ['', 'reload_signal = "HUP"'],
  schedule: ['schedule = "@daily"', 'schedule = "@hourly"'],
  every: ['every = "1m"', 'every = "2m"'],
  timezone: ['schedule = "@daily"', 'schedule = "@daily"\ntimezone = "UTC"'],
  overlap: ['every = "1m"', 'every = "1m"\noverlap = "kill"'],
  run_on_start: ['every = "1m"', 'every = "1m"\nrun_on_start = true'],
  missed: ['every = "1m"', 'every = "1m"\nmissed = "skip"'],
  splay: ['every = "1m"', 'every = "1m"\nsplay = "5s"'],
  stdin: ['', 'stdin = "pipe"'],
  tty: ['', 'tty = true'],
  ring_size: ['', 'ring_size = "1MiB"'],
  'limits.nofile': ['', 'limits = {nofile = 9}'],
  nice: ['', 'nice = 1'],
  oom_score_adj: ['', 'oom_score_adj = 1'],
  capabilities: ['', 'capabilities = []'],
  bounding_capabilities: ['', 'bounding_capabilities = []'],
  seccomp: ['', 'seccomp = "default"'],
  read_only_paths: ['', 'read_only_paths = ["/srv"]'],
  inaccessible_paths: ['', 'inaccessible_paths = ["/srv"]'],
  private_tmp: ['', 'private_tmp = true'],
  chroot: ['', 'chroot = "/srv"'],
  securebits: ['', 'securebits = ["noroot"]'],
  parent_death_signal: ['', 'parent_death_signal = "TERM"'],
  no_new_privs: ['', 'no_new_privs = true'],
  'landlock.read': ['', 'landlock = {read = ["/srv"]}'],
  'landlock.write': ['', 'landlock = {write = ["/srv"]}'],
  'landlock.execute': ['', 'landlock = {execute = ["/srv"]}'],
  'landlock.connect_tcp': ['', 'landlock = {connect_tcp = [80]}'],
  'landlock.bind_tcp': ['', 'landlock = {bind_tcp = [80]}'],
  'landlock.required': ['landlock = {bind_tcp = [80]}', 'landlock = {bind_tcp = [80], required = true}'],
  'healthcheck.uptime': ['', 'healthcheck = {uptime = 2}'],
  'healthcheck.cmd': ['healthcheck = {cmd = "a"}', 'healthcheck = {cmd = "b"}'],
  'healthcheck.args': ['healthcheck = {cmd = "a", args = ["a"]}', 'healthcheck = {cmd = "a", args = ["b"]}'],
  'healthcheck.http': ['healthcheck = {http = "http://a/"}', 'healthcheck = {http = "http://b/"}'],
  'healthcheck.tcp': ['healthcheck = {tcp = 1}', 'healthcheck = {tcp = 2}'],
  'healthcheck.interval': ['', 'healthcheck = {interval = 1}'],
  'healthcheck.timeout': ['', 'healthcheck = {timeout = 1}'],
  'healthcheck.retries': ['', 'healthcheck = {retries = 1}'],
  'healthcheck.start_period': ['', 'healthcheck = {start_period = 1}'],
  'healthcheck.start_interval': ['', 'healthcheck = {start_interval = 2}'],
  'healthcheck.on_unhealthy': ['', 'healthcheck = {on_unhealthy = "none"}'],
  ...streamKeys('stdout'),
  ...streamKeys('stderr'),
};

function streamKeys(stream: string): Readonly<Record<string, readonly [string, string]>> {
  const of = (keys: string): string => `${stream} = {file = "/log"${keys}}`;
  const values = {
    max_size: '"1MB"',
    rotate_every: '"1d"',
    max_files: '1',
    compress: 'true',
    mode: '"0640"',
    owner: '"www"',
    group: '"video"',
    shared: 'true',
    timestamps: 'true',
  };
  const keys = Object.entries(values).map(
    ([key, value]) => [`${stream}.${key}`, [of(''), of(`, ${key} = ${value}`)]] as const,
  );
  return { [`${stream}.file`]: [of(''), `${stream} = {file = "/other"}`], ...Object.fromEntries(keys) };
}

const OF_THE_ENGINE: Readonly<Record<string, readonly [before: string, after: string]>> = {
  socket: ['', 'socket = "/s"'],
  socket_mode: ['', 'socket_mode = "0600"'],
  socket_group: ['', 'socket_group = "video"'],
  'access.read': ['', 'access = {read = ["www"]}'],
  'access.control': ['', 'access = {control = ["www"]}'],
  'log.level': ['', 'log = "debug"'],
  'log.format': ['', 'log = {format = "json"}'],
  'log.output': ['', 'log = {output = "prefix"}'],
  'log.marks': ['log = {output = "prefix"}', 'log = {output = "prefix", marks = true}'],
  'log.when_slow': ['', 'log = {when_slow = "drop"}'],
  'log.stuck_after': ['', 'log = {stuck_after = 1}'],
  'journal.output': ['', 'journal = {output = true}'],
  'journal.directory': ['', 'journal = {directory = "/j"}'],
  'journal.max_size': ['', 'journal = {max_size = "1GiB"}'],
  'journal.max_age': ['', 'journal = {max_age = "7d"}'],
  'http.listen': ['', 'http = {listen = 9180}'],
  grace: ['', 'grace = "20s"'],
  exit_when: ['', 'exit_when = "never"'],
  main: ['', 'main = "db"'],
  termination_log: ['', 'termination_log = "/t"'],
  'hooks.on_started': ['', 'hooks = {on_started = "x"}'],
  'hooks.on_healthy': ['', 'hooks = {on_healthy = "x"}'],
  'hooks.on_unhealthy': ['', 'hooks = {on_unhealthy = "x"}'],
  'hooks.on_stopped': ['', 'hooks = {on_stopped = "x"}'],
  'hooks.on_exit': ['', 'hooks = {on_exit = "x"}'],
  'hooks.on_failed': ['', 'hooks = {on_failed = "x"}'],
  'hooks.on_status': ['', 'hooks = {on_status = "x"}'],
  'hooks.on_shutdown': ['', 'hooks = {on_shutdown = "x"}'],
};

/** `env_file`: its variables are compared, and it takes a file to read; see environment.test.ts. */
const WITHOUT_EXAMPLE = ['env_file'];

/** Commands, each of which is compared as a whole. */
const COMMANDS = ['pre_start', 'post_start', 'pre_stop', 'post_exit', 'reload'];
/** They take a table, but are a value. */
const VALUES = ['limits', ...COMMANDS];

/** Keys that hold a value, with the tables they are in: `healthcheck.tcp`. */
function leavesBelow(path: readonly string[], depth = 0): readonly string[] {
  return knownKeys(path).flatMap((key) => {
    const isTable =
      depth === 0 && !VALUES.includes(key) && schemaAt([...path, key])?.properties !== undefined;
    return isTable ? leavesBelow([...path, key], 1).map((below) => `${key}.${below}`) : [key];
  });
}

test('every key has an example', () => {
  const ofProcess = Object.keys(OF_A_PROCESS).map((key) => key.replace(/^limits\..*/, 'limits'));
  assert.deepEqual([...ofProcess, ...WITHOUT_EXAMPLE].sort(), [...leavesBelow(['processes', 'NAME'])].sort());
  assert.deepEqual(Object.keys(OF_THE_ENGINE).sort(), [...leavesBelow(['engine'])].sort());
});

const ACTIONS: Readonly<Record<Exclude<ReloadTreatment, 'new engine'>, string>> = {
  restart: 'restart',
  live: 'update',
  'next start': 'update',
  copies: 'update',
  keys: 'update',
  presence: 'remove',
};

for (const [key, lines] of Object.entries(OF_A_PROCESS)) {
  const treatment = reloadAt(['processes', 'NAME', ...key.split('.')]);
  test(`a change of ${key} is treated by a reload as its row says: ${treatment}`, () => {
    assert.ok(treatment !== undefined && treatment !== 'new engine');
    const [before, after] = lines.map((line) => {
      const cmd = line.startsWith('cmd') ? '' : 'cmd = "x"\n';
      const tables = '[sockets.http]\nlisten = "127.0.0.1:80"\n[templates.t]\ndescription = "d"\n';
      const capabilities = new Set([...asRoot.capabilities, 'CAP_SYS_ADMIN', 'CAP_SYS_CHROOT']);
      const document = `[processes.web]\n${cmd}${line}\n[processes.db]\ncmd = "x"\n${tables}`;
      return loadGood(document, { self: { ...asRoot, capabilities } });
    });
    assert.ok(before !== undefined && after !== undefined);
    const [web, db] = compareConfigs(before, after).plan;
    assert.equal(web?.action, ACTIONS[treatment]);
    assert.equal(db?.action, 'unchanged');
  });
}

for (const [key, lines] of Object.entries(OF_THE_ENGINE)) {
  const treatment = reloadAt(['engine', ...key.split('.')]);
  test(`a change of engine.${key} is treated by a reload as its row says: ${treatment}`, () => {
    assert.ok(treatment === 'live' || treatment === 'new engine');
    const [before, after] = lines.map((line) => loadGood(`[engine]\n${line}\n[processes.db]\ncmd = "x"\n`));
    assert.ok(before !== undefined && after !== undefined);
    const { plan, engineChanged, needsEngineRestart } = compareConfigs(before, after);
    assert.equal(engineChanged.length > 0, true);
    assert.deepEqual(needsEngineRestart, treatment === 'new engine' ? engineChanged : []);
    assert.deepEqual(
      plan.map(({ action }) => action),
      ['unchanged'],
    );
  });
}

test('rows give what they have in common once', () => {
  const rows = {
    first: { value: () => 0, resolve: (from: { readonly given: number }) => ({ one: from.given }) },
    second: { partOf: 'first' },
    third: { value: () => 0, resolve: () => ({ two: 2 }) },
  };
  assert.deepEqual(giveAll(rows, 'resolve', { given: 1 }), { one: 1, two: 2 });
});
