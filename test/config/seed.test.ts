import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadGood, loadWeb, problemsOf } from '../support/config-ports.ts';

const WAIT = { whenSlow: 'wait', stuckAfterMs: 5_000 };
const SEED = `[processes.nginx]
cmd = "/usr/sbin/nginx"
user = "www"                     # Deescalate into www user
workingdir = "/var/www"
autostart = true                 # Spawn process automatically when taskmaster is started
autorestart = "on-failure[:5]"   # Retry 5 times before giving up   
stdout = "/var/log/nginx.stdout"
stderr = "/var/log/nginx.stderr"

[processes.nginx.healthcheck]
cmd = "/usr/bin/curl"
args = ["http://localhost/health"]
timeout = 5    # Wait 5 seconds for one healthcheck before considering it failed
retries = 3    # Retry health check 5 times
`;

const file = (path: string) => ({
  kind: 'file',
  path,
  maxSizeBytes: undefined,
  maxFiles: 5,
  compress: false,
});

test("the seed's example works word for word", () => {
  const { engine, processes, warnings, files } = loadGood(SEED);
  assert.deepEqual(warnings, []);
  assert.deepEqual(files, ['/etc/tm/main.toml']);
  assert.deepEqual(engine, {
    socket: undefined,
    socketMode: 0o660,
    socketGid: undefined,
    access: [],
    log: { level: 'info', format: 'auto', output: 'raw', marks: false, slowReader: WAIT },
    journal: { output: false, directory: undefined, maxBytes: undefined, maxAgeMs: undefined },
    graceMs: 10_000,
    http: undefined,
    terminationLog: '/dev/termination-log',
    exitWhen: 'all-done',
    main: undefined,
    hooks: [],
  });
  assert.deepEqual(processes.get('nginx'), {
    name: 'nginx',
    description: undefined,
    command: { file: '/usr/sbin/nginx', args: [] },
    type: 'simple',
    instances: 1,
    autostart: true,
    essential: false,
    sockets: [],
    dependsOn: [],
    restart: {
      policy: 'on-failure',
      maxRestarts: 5,
      exitCodes: [0],
      backoff: { baseMs: 500, factor: 2, maxMs: 30_000, resetMs: 30_000 },
    },
    startTimeoutMs: undefined,
    stop: [
      { kind: 'signal', signal: 'SIGTERM', waitMs: 4_000, to: 'leader' },
      { kind: 'signal', signal: 'SIGTERM', waitMs: 1_000, to: 'others' },
    ],
    kill: 'all',
    leaveRunning: false,
    reloadSignal: undefined,
    health: {
      probe: { kind: 'command', file: '/usr/bin/curl', args: ['http://localhost/health'] },
      intervalMs: 10_000,
      timeoutMs: 5_000,
      retries: 3,
      startPeriodMs: 30_000,
      startIntervalMs: 1_000,
      onUnhealthy: 'restart',
    },
    spawn: {
      identity: { userName: 'www', uid: 33, gid: 33, groups: [33, 44] },
      workingDirectory: '/var/www',
      umask: undefined,
      environment: {
        clear: false,
        set: { HOME: '/var/www', USER: 'www', LOGNAME: 'www', SHELL: '/bin/false' },
      },
      limits: [],
      nice: undefined,
      oomScoreAdj: undefined,
      noNewPrivs: false,
      capabilities: undefined,
    },
    stdin: 'null',
    stdout: file('/var/log/nginx.stdout'),
    stderr: file('/var/log/nginx.stderr'),
    ringBytes: 65_536,
  });
});

test('every key of a process can be given at once', () => {
  const web = loadWeb(
    `
[processes.web]
cmd = ["/srv/web", "--port", "80"]
description = "the web"
type = "simple"
user = "www"
group = "video"
groups = ["www", 44]
workingdir = "srv"
umask = "0o027"
env = {PORT = 80, DEBUG = true, RATIO = 0.5}
env_file = ["a.env", "-b.env"]
clear_env = true
autostart = false
autorestart = "unless-stopped"
exit_codes = [0, 3]
backoff = {base = 0, factor = 1.5, max = "1m", reset = 10}
start_timeout = "2m"
instances = 3
depends_on = {db = "started", migrate = {restart = true}}
essential = true
stop = [{signal = "int", wait = "1m30s", kill_mode = "group"}, {signal = 15}]
kill_mode = "mixed"
leave_running = false
reload_signal = "SIGRTMIN+3"
stdin = "pipe"
stdout = {file = "logs/web.log", max_size = "10MB", max_files = 2, compress = true}
ring_size = "1MiB"
stderr = "null"
limits = {nofile = 1024, core = "unlimited", memlock = "64KiB", nproc = {soft = 10, hard = "unlimited"}}
nice = -5
oom_score_adj = 500
capabilities = ["net_bind_service", "CAP_CHOWN"]
no_new_privs = true
[processes.web.healthcheck]
http = {url = "http://localhost/", status = [200, 204]}
interval = "1s"
timeout = "500ms"
retries = 1
start_period = 0
start_interval = "100ms"
on_unhealthy = "exit"
[processes.db]
cmd = "db"
[processes.migrate]
cmd = "migrate"
type = "oneshot"
`,
    { files: { '/etc/tm/a.env': 'A=1\nPORT=1\n' } },
  );
  assert.deepEqual(web, {
    name: 'web',
    description: 'the web',
    command: { file: '/srv/web', args: ['--port', '80'] },
    type: 'simple',
    instances: 3,
    autostart: false,
    essential: true,
    sockets: [],
    dependsOn: [
      { process: 'db', condition: 'started', restart: false },
      { process: 'migrate', condition: 'completed', restart: true },
    ],
    restart: {
      policy: 'unless-stopped',
      maxRestarts: undefined,
      exitCodes: [0, 3],
      backoff: { baseMs: 0, factor: 1.5, maxMs: 60_000, resetMs: 10_000 },
    },
    startTimeoutMs: 120_000,
    stop: [
      { kind: 'signal', signal: 'SIGINT', waitMs: 90_000, to: 'group' },
      { kind: 'signal', signal: 'SIGTERM', waitMs: 5_000, to: 'leader' },
    ],
    kill: 'all',
    leaveRunning: false,
    reloadSignal: 'SIGRTMIN+3',
    health: {
      probe: { kind: 'http', url: 'http://localhost/', expectStatus: [200, 204] },
      intervalMs: 1_000,
      timeoutMs: 500,
      retries: 1,
      startPeriodMs: 0,
      startIntervalMs: 100,
      onUnhealthy: 'exit',
    },
    spawn: {
      identity: { userName: 'www', uid: 33, gid: 44, groups: [33, 44] },
      workingDirectory: '/etc/tm/srv',
      umask: 0o027,
      environment: {
        clear: true,
        set: {
          HOME: '/var/www',
          USER: 'www',
          LOGNAME: 'www',
          SHELL: '/bin/false',
          A: '1',
          PORT: '80',
          DEBUG: 'true',
          RATIO: '0.5',
        },
      },
      limits: [
        { resource: 'nofile', soft: 1024, hard: 1024 },
        { resource: 'core', soft: Number.POSITIVE_INFINITY, hard: Number.POSITIVE_INFINITY },
        { resource: 'memlock', soft: 65_536, hard: 65_536 },
        { resource: 'nproc', soft: 10, hard: Number.POSITIVE_INFINITY },
      ],
      nice: -5,
      oomScoreAdj: 500,
      noNewPrivs: true,
      capabilities: ['CAP_NET_BIND_SERVICE', 'CAP_CHOWN'],
    },
    stdin: 'pipe',
    stdout: {
      kind: 'file',
      path: '/etc/tm/logs/web.log',
      maxSizeBytes: 10_000_000,
      maxFiles: 2,
      compress: true,
    },
    stderr: { kind: 'null' },
    ringBytes: 1_048_576,
  });
});

test('every key of the engine can be given at once', () => {
  const { engine } = loadGood(`
[engine]
socket = "tm.sock"
socket_mode = "0600"
socket_group = "www"
access = {read = ["@video", 1234], control = ["www"]}
log = {level = "debug", format = "json", output = "prefix", marks = true, when_slow = "drop", stuck_after = "1m"}
grace = "30s"
main = "web"
journal = {output = true, directory = "logs", max_size = "1GiB", max_age = "7d"}
[engine.hooks]
on_failed = "page --who 'the admin'"
on_exit = ["note", "exit"]
on_shutdown = {cmd = "bye", args = ["a b"], timeout = 2}
[processes.web]
cmd = "web"
`);
  assert.deepEqual(engine, {
    socket: '/etc/tm/tm.sock',
    socketMode: 0o600,
    socketGid: 33,
    access: [
      { level: 'read', uid: undefined, gid: 44 },
      { level: 'read', uid: 1234, gid: undefined },
      { level: 'control', uid: 33, gid: undefined },
    ],
    log: {
      level: 'debug',
      format: 'json',
      output: 'prefix',
      marks: true,
      slowReader: { whenSlow: 'drop', stuckAfterMs: 60_000 },
    },
    journal: { output: true, directory: '/etc/tm/logs', maxBytes: 2 ** 30, maxAgeMs: 7 * 86_400_000 },
    graceMs: 30_000,
    http: undefined,
    terminationLog: '/dev/termination-log',
    exitWhen: 'main',
    main: 'web',
    hooks: [
      { on: 'exit', file: 'note', args: ['exit'], timeoutMs: 10_000 },
      { on: 'failed', file: 'page', args: ['--who', 'the admin'], timeoutMs: 10_000 },
      { on: 'shutdown', file: 'bye', args: ['a b'], timeoutMs: 2_000 },
    ],
  });
});

test('a journal too small to be of use is refused, in a directory sooner', () => {
  for (const [journal, least] of [
    ['{max_size = "63KiB"}', 'at least 64KiB'],
    ['{directory = "/j", max_size = "1MB"}', 'at least 1024KiB in a directory'],
  ]) {
    const problems = problemsOf(`[engine]\njournal = ${journal}\n[processes.web]\ncmd = "web"\n`);
    assert.deepEqual(
      problems.map(({ key, expected }) => [key, expected]),
      [['engine.journal.max_size', least]],
    );
  }
});

test('a log level alone is short for a log table', () => {
  const { engine } = loadGood('[engine]\nlog = "warn"\n[processes.web]\ncmd = "web"\n');
  assert.deepEqual(engine.log, {
    level: 'warn',
    format: 'auto',
    output: 'raw',
    marks: false,
    slowReader: WAIT,
  });
});

test('exit_when that is given beside main wins', () => {
  const { engine } = loadGood('[engine]\nmain = "web"\nexit_when = "never"\n[processes.web]\ncmd = "web"\n');
  assert.equal(engine.exitWhen, 'never');
});

test('processes keep the order of the file, names of digits too', () => {
  const names = ['web', '10', 'api', '2'];
  const { processes } = loadGood(names.map((name) => `[processes.${name}]\ncmd = "x"\n`).join(''));
  assert.deepEqual([...processes.keys()], names);
});

test('an empty file is a configuration, and odd enough to say so', () => {
  for (const document of ['', '\n', '# nothing', '\ufeff', '[engine]\n', '[processes]\n']) {
    const { processes, warnings } = loadGood(document);
    assert.equal(processes.size, 0);
    assert.match(warnings.join(), /no process is configured/);
  }
});

test('a grant may be confined to processes and to what is done to them', () => {
  const { engine } = loadGood(`
[engine]
socket_mode = "0666"
access.read = [{user = "www", processes = ["web*"]}]
access.control = [{group = "@video", stdin = true}, {user = 1234, reload = true, shutdown = true}]
[processes.web]
cmd = "web"
`);
  const none = { processes: undefined, stdin: false, shutdown: false, reload: false };
  assert.deepEqual(engine.access, [
    { level: 'read', uid: 33, gid: undefined, only: { ...none, processes: ['web*'] } },
    { level: 'control', uid: undefined, gid: 44, only: { ...none, stdin: true } },
    { level: 'control', uid: 1234, gid: undefined, only: { ...none, reload: true, shutdown: true } },
  ]);
});

test('a socket that those who are granted something cannot reach is warned of', () => {
  const warned = (keys: string): readonly string[] =>
    loadGood(`[engine]\n${keys}\n[processes.web]\ncmd = "web"\n`).warnings;
  const cases: readonly [keys: string, says: RegExp | undefined][] = [
    ['access.read = ["www"]\nsocket_mode = "0600"', /nobody else can connect/],
    ['access.control = ["@video"]\nsocket_mode = "0700"', /nobody else can connect/],
    ['access.control = ["@video"]\nsocket_mode = "0644"', /nobody else can connect/],
    ['access.control = ["@video"]', /for group 0 only/],
    ['access.read = [1234]\nsocket_group = "video"', /for group 44 only/],
    ['access.read = ["www"]\nsocket_group = "video"', undefined],
    ['access.control = ["@video"]\nsocket_group = "video"', undefined],
    ['access.read = ["www", 1234]\nsocket_mode = "0666"', undefined],
    ['access.read = ["root"]\nsocket_mode = "0600"', undefined],
    ['socket_mode = "0600"', undefined],
  ];
  for (const [keys, says] of cases) {
    const said = warned(keys).filter((warning) => warning.includes('access'));
    assert.equal(said.length, says === undefined ? 0 : 1, `${keys}: ${said}`);
    if (says !== undefined) assert.match(said[0] ?? '', says);
  }
});
