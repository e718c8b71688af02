/**
 * Words of systemd, supervisord, Docker, Compose, Kubernetes, pm2, s6 and runit, and what says the same here. Keys are in
 * small letters without anything between them. A text that begins with `KEY = VALUE` is what to write, up to a
 * semicolon; a test writes each of them. Any other text is advice.
 */

export type WordsElsewhere = Readonly<Record<string, string>>;

export const HEALTHCHECK_WORDS: WordsElsewhere = {
  test: 'cmd = "curl -f http://localhost/"',
  command: 'cmd = "curl -f http://localhost/"',
  exec: 'cmd = "curl -f http://localhost/"',
  url: 'http = "http://localhost:8080/health"',
  httpget: 'http = "http://localhost:8080/health"',
  port: 'tcp = 8080',
  tcpsocket: 'tcp = 8080',
  period: 'interval = "10s"',
  failurethreshold: 'retries = 3',
  initialdelayseconds: 'start_period = "30s"',
  periodseconds: 'interval = "10s"',
  timeoutseconds: 'timeout = "5s"',
  disable: 'uptime = "1s"',
};

export const OUTPUT_WORDS: WordsElsewhere = {
  path: 'file = "/var/log/web.log"',
  filename: 'file = "/var/log/web.log"',
  size: 'max_size = "10MB"',
  maxbytes: 'max_size = "10MB"',
  backups: 'max_files = 5',
};

export const SECRET_WORDS: WordsElsewhere = {
  path: 'file = "/run/secrets/password"',
  source: 'file = "/run/secrets/password"',
  secret: 'file = "/run/secrets/password"',
};

export const ENGINE_WORDS: WordsElsewhere = {
  logfile:
    'remove it; the engine logs to standard error, and [engine.journal] directory keeps a journal in files',
  loglevel: 'log = "info"',
  nodaemon: 'remove it; the engine always runs in the foreground',
  pidfile: 'remove it; as PID 1 of the container it needs none',
  user: 'remove it; the engine runs as the user of the container (USER of the image, docker run --user)',
  childlogdir: 'give each process stdout = "/var/log/NAME.log"',
  minfds: 'remove it; a process has limits = {nofile = 65536}',
  minprocs: 'remove it; a process has limits = {nproc = 4096}',
  umask: 'remove it; a process has umask = "022", and [defaults] gives it to all',
  environment: 'remove it; [defaults] gives env to all processes',
  env: 'write it in [defaults], for all processes',
  directory: 'remove it; a process has workingdir = "/srv", and [defaults] gives it to all',
  chmod: 'socket_mode = "0660"',
  chown: 'socket_group = "www"',
  file: 'socket = "/run/taskmaster/taskmaster.sock"',
  port: 'http = {listen = 9180}',
  stopgraceperiod: 'grace = "10s"',
};

export const TOP_LEVEL_WORDS: WordsElsewhere = {
  services: '[processes.NAME]',
  service: '[processes.NAME]',
  programs: '[processes.NAME]',
  program: '[processes.NAME]',
  process: '[processes.NAME]',
  tasks: '[processes.NAME]',
  jobs: '[processes.NAME]',
  apps: '[processes.NAME]',
  unit: 'depends_on of [processes.NAME]',
  install: 'autostart of [processes.NAME]',
  socket: '[sockets.NAME]',
  fcgiprogram:
    '[processes.NAME] with sockets = ["fcgi"], and [sockets.fcgi] with listen = "unix:/run/fcgi.sock"',
  supervisord: '[engine]',
  supervisor: '[engine]',
  supervisorctl: '[engine]',
  unixhttpserver: '[engine] with socket = "/run/taskmaster/taskmaster.sock"',
  inethttpserver: '[engine.http]',
  taskmaster: '[engine]',
  daemon: '[engine]',
  default: '[defaults]',
  common: '[defaults]',
  template: '[templates.NAME]',
  group: '[groups.NAME] with members = ["api", "web"]',
  target: '[groups.NAME] with members = ["api", "web"]',
  includes: 'include = ["conf.d/*.toml"]',
  imports: 'include = ["conf.d/*.toml"]',
  files: 'include = ["conf.d/*.toml"]',
};

/** Values of keys that are called the same, or nearly: by key and value as they are written there. */
export const VALUES_ELSEWHERE: Readonly<Record<string, WordsElsewhere>> = {
  autorestart: {
    unexpected: 'autorestart = "on-failure"',
    onabnormal: 'autorestart = "on-failure"',
    onabort: 'autorestart = "on-failure"',
    onwatchdog: 'autorestart = "on-failure"',
    onsuccess: 'autorestart = "always"',
    any: 'autorestart = "always"',
    yes: 'autorestart = "always"',
    true: 'autorestart = "always"',
    never: 'autorestart = "no"',
    none: 'autorestart = "no"',
    false: 'autorestart = "no"',
    off: 'autorestart = "no"',
  },
  type: {
    exec: 'type = "simple"',
    idle: 'type = "simple"',
    dbus: 'type = "simple"; with a healthcheck',
    notifyreload: 'type = "notify"; with reload_signal = "HUP"',
    longrun: 'type = "simple"',
    bundle: 'type = "oneshot"; with cmd = "true" and depends_on',
  },
  kill_mode: {
    controlgroup: 'kill_mode = "group"',
    process: 'kill_mode = "leader"; with leave_running = true what it started stays',
    none: 'kill_mode = "leader"; with leave_running = true what it started stays',
  },
  condition: {
    servicestarted: 'condition = "started"',
    servicehealthy: 'condition = "healthy"',
    servicecompletedsuccessfully: 'condition = "completed"',
  },
  stdout: {
    none: 'stdout = "null"',
    auto: 'stdout = "inherit"',
    journal: 'stdout = "inherit"',
    syslog: 'stdout = "inherit"',
    console: 'stdout = "inherit"',
    tty: 'stdout = "inherit"',
  },
  stderr: {
    none: 'stderr = "null"',
    auto: 'stderr = "inherit"',
    journal: 'stderr = "inherit"',
    syslog: 'stderr = "inherit"',
    console: 'stderr = "inherit"',
    tty: 'stderr = "inherit"',
  },
  on_unhealthy: { kill: 'on_unhealthy = "restart"', ignore: 'on_unhealthy = "none"' },
  exit_when: { any: 'exit_when = "main"; with main = "NAME"', all: 'exit_when = "all-done"' },
};

/** @returns the word in small letters without anything between them. */
export function levelled(word: string): string {
  return word.toLowerCase().replace(/[^a-z]/g, '');
}
