/**
 * Words of other tools for what a process has here, by the key that says the same. A key without a row does not compile: one
 * that no other tool has a word for has an empty one.
 */

import type { ProcessSource } from '../schema/schema.ts';
import type { WordsElsewhere } from './words-elsewhere.ts';

const FOREGROUND =
  'remove it, and run the program in the foreground: taskmaster knows the pid of what it starts';
const A_ONESHOT_BEFORE =
  'make it a process of its own with type = "oneshot", and name that in depends_on of this one';
const OF_THE_CONTAINER =
  'remove it; that is for the runtime of the container (docker run, compose, Kubernetes)';
const CHECK = 'healthcheck = {http = "http://localhost:8080/health"}';
const DEPENDS = 'depends_on = ["db"]';
const LOG_FILE = 'stdout = "/var/log/web.log"';
const A_SOCKET =
  'add [sockets.http] with listen = "0.0.0.0:8080", and sockets = ["http"] to the process that gets it';
const SCHEDULE = 'schedule = "30 2 * * *"';
const CONFINED = 'landlock = {read = ["/usr", "/etc"], write = ["/var/lib/app"]}; it may open nothing else';
const PORTS = 'landlock = {bind_tcp = [8080], connect_tcp = [5432]}';
const ACTIVATE = 'add activate = true to a process that has sockets';
const IDLE_STOP = 'add idle_stop = "5m" to a process that has activate = true';
const CMD = 'cmd = "/srv/web --port 80"';

const BY_KEY: Readonly<Record<keyof ProcessSource, WordsElsewhere>> = {
  extends: {},
  profiles: {},
  cmd: {
    command: CMD,
    exec: CMD,
    execstart: CMD,
    entrypoint: CMD,
    run: CMD,
    program: CMD,
    script: CMD,
    up: 'cmd = "/srv/setup"; with type = "oneshot"',
    interpreter: 'cmd = "node app.js"; the interpreter is a word of the command',
    nodeargs: 'cmd = "node --enable-source-maps app.js"',
    interpreterargs: 'cmd = "node --enable-source-maps app.js"',
  },
  args: {},
  description: {},
  type: {
    remainafterexit: 'type = "oneshot"',
  },
  notify_access: {
    notifyaccess: 'type = "notify"; with notify_access = "all"',
  },
  watchdog: {
    watchdogsec: 'type = "notify"; with watchdog = "30s"',
  },
  on_watchdog: {
    watchdogsignal: 'type = "notify"; its on_watchdog = "restart" sends SIGABRT first',
  },
  notify_fd: {
    notificationfd: 'notify_fd = 3',
  },
  ready_log: {},
  pid_file: {
    pidfile: 'type = "forking"; with pid_file = "/run/web.pid"',
  },
  pre_start: {
    execstartpre: 'pre_start = "/srv/setup"',
  },
  post_start: {
    execstartpost: 'post_start = "/srv/register"',
  },
  pre_stop: {},
  post_exit: {
    execstoppost: 'post_exit = "/srv/cleanup"',
    finish: 'post_exit = "/srv/cleanup"',
  },
  reload: {
    execreload: 'reload = "kill -HUP $MAINPID"; or reload_signal = "HUP"',
  },
  user: {
    uid: 'user = "www"',
  },
  group: {
    gid: 'group = "www"',
  },
  groups: {
    supplementarygroups: 'groups = ["video"]',
    groupadd: 'groups = ["video"]',
  },
  workingdir: {
    directory: 'workingdir = "/srv"',
    workingdirectory: 'workingdir = "/srv"',
    workdir: 'workingdir = "/srv"',
    cwd: 'workingdir = "/srv"',
    chdir: 'workingdir = "/srv"',
  },
  umask: {},
  env: {
    environment: 'env = {NAME = "value"}',
    envproduction: 'env = {NODE_ENV = "production"}',
    secrets: 'env = {PASSWORD = {file = "/run/secrets/password"}}',
    loadcredential: 'env = {PASSWORD = {file = "/run/secrets/password"}}',
  },
  env_file: {
    environmentfile: 'env_file = "app.env"',
    envfile: 'env_file = "app.env"',
  },
  clear_env: {},
  autostart: {
    down: 'autostart = false',
    enabled: 'autostart = true',
    disabled: 'autostart = false',
    wantedby: 'autostart = true',
  },
  autorestart: {
    restart: 'autorestart = "on-failure"',
    restartpolicy: 'autorestart = "on-failure"',
    startretries: 'autorestart = "on-failure:3"',
    maxrestarts: 'autorestart = "on-failure:3"',
    maxdeathtally: 'autorestart = "on-failure:3"',
    startlimitburst: 'autorestart = "on-failure:3"',
  },
  exit_codes: {
    exitcodes: 'exit_codes = [0]',
    successexitstatus: 'exit_codes = [0]',
    restartpreventexitstatus: 'exit_codes = [0]; these codes are no failure',
    stopexitcodes: 'exit_codes = [0]',
  },
  backoff: {
    startlimitinterval: 'backoff = {reset = "30s"}',
    startlimitintervalsec: 'backoff = {reset = "30s"}',
    restartsec: 'backoff = {base = "1s"}',
    restartdelay: 'backoff = {base = "1s"}',
    expbackoffrestartdelay: 'backoff = {base = "100ms", factor = 1.5}',
  },
  instances: {
    numprocs: 'instances = 2',
    replicas: 'instances = 2',
    scale: 'instances = 2',
    execmode: 'instances = 2',
    deploy: 'instances = 2',
  },
  rollout: {
    updateconfig: 'rollout = "rolling"',
    strategy: 'rollout = "rolling"',
    rollingupdate: 'rollout = "rolling"',
  },
  max_unavailable: { parallelism: 'rollout = "rolling"; and max_unavailable = 2' },
  depends_on: {
    priority: `${DEPENDS}; order comes from dependencies`,
    after: DEPENDS,
    requires: DEPENDS,
    requisite: DEPENDS,
    wants: DEPENDS,
    dependencies: DEPENDS,
    links: DEPENDS,
    bindsto: 'depends_on = {db = {restart = true}}',
    partof: 'depends_on = {db = {restart = true}}',
  },
  sockets: {},
  schedule: {
    cron: SCHEDULE,
    crontab: SCHEDULE,
    cronexpression: SCHEDULE,
    oncalendar: 'schedule = "0 2 * * *"; a cron expression in place of a calendar event',
    startcalendarinterval: SCHEDULE,
    timer: SCHEDULE,
  },
  every: {
    onunitactivesec: 'every = "10m"',
    onunitinactivesec: 'every = "10m"; from start to start',
    startinterval: 'every = "10m"',
    repeat: 'every = "10m"',
  },
  timezone: {
    tz: 'schedule = "30 2 * * *"; with timezone = "Europe/Berlin". For the program itself: env = {TZ = "Europe/Berlin"}',
  },
  overlap: {
    concurrencypolicy: 'schedule = "30 2 * * *"; with overlap = "skip" for Forbid, and "kill" for Replace',
    nooverlap: 'schedule = "30 2 * * *"; with overlap = "skip"',
  },
  run_on_start: {
    runatload: 'every = "10m"; with run_on_start = true',
    onbootsec: 'every = "10m"; with run_on_start = true',
    onstartupsec: 'every = "10m"; with run_on_start = true',
  },
  missed: {
    persistent:
      'schedule = "30 2 * * *"; with missed = "run-once". What it missed while the engine did not run is not known',
    startingdeadlineseconds: 'schedule = "30 2 * * *"; with missed = "skip"',
  },
  splay: {
    randomizeddelaysec: 'every = "10m"; with splay = "5m"',
    jitter: 'every = "10m"; with splay = "5m"',
    randomdelay: 'every = "10m"; with splay = "5m"',
  },
  activate: {
    socketactivation: ACTIVATE,
    ondemand: ACTIVATE,
    lazy: ACTIVATE,
  },
  idle_stop: {
    exitidletime: IDLE_STOP,
    exitidletimesec: IDLE_STOP,
    idletimeout: IDLE_STOP,
    stopwhenidle: IDLE_STOP,
  },
  essential: {},
  stop: {
    execstop: 'stop = [{cmd = "/srv/quit", wait = "5s"}, {signal = "TERM"}]; for signals alone stop_signal',
    sendsighup: 'stop = [{signal = "TERM"}, {signal = "HUP"}]',
    finalkillsignal: 'stop = [{signal = "TERM"}]; KILL follows the last one',
    killsignals: 'stop = [{signal = "TERM", wait = "5s"}]',
  },
  stop_signal: {
    stopsignal: 'stop_signal = "TERM"',
    killsignal: 'stop_signal = "TERM"',
    downsignal: 'stop_signal = "TERM"',
    restartkillsignal: 'stop_signal = "TERM"',
  },
  start_timeout: {
    listentimeout: 'start_timeout = "60s"',
    timeoutstartsec: 'start_timeout = "60s"',
    timeoutsec: 'start_timeout = "60s"; and stop_timeout for the stop',
    timeoutup: 'start_timeout = "60s"',
  },
  stop_timeout: {
    stopwaitsecs: 'stop_timeout = "5s"',
    stopgraceperiod: 'stop_timeout = "5s"',
    terminationgraceperiodseconds: 'stop_timeout = "5s"; for all together: [engine] grace',
    timeoutstopsec: 'stop_timeout = "5s"',
    timeoutkill: 'stop_timeout = "5s"',
    timeoutdown: 'stop_timeout = "5s"',
    killtimeout: 'stop_timeout = "5s"',
    killretrytime: 'stop_timeout = "5s"',
    sendsigkill: 'stop_timeout = "60s"; KILL follows when it is over',
  },
  kill_mode: {
    killmode: 'kill_mode = "mixed"; or "group", "leader"; for "process" of systemd leave_running = true',
    stopasgroup: 'kill_mode = "group"; what the leader leaves behind is stopped in any case',
    killasgroup: 'kill_mode = "mixed"; KILL goes to the whole group unless it is "leader"',
    treekill: 'kill_mode = "group"',
  },
  leave_running: {},
  reload_signal: {},
  stdin: {
    standardinput: 'stdin = "pipe"',
    stdinopen: 'stdin = "pipe"',
  },
  tty: {
    terminal: 'tty = true',
  },
  stdout: {
    stdoutlogfile: LOG_FILE,
    outfile: LOG_FILE,
    logfile: LOG_FILE,
    log: LOG_FILE,
    logger: LOG_FILE,
    logging: LOG_FILE,
    logdriver: LOG_FILE,
    standardoutput: LOG_FILE,
    stdoutlogfilemaxbytes: 'stdout = {file = "/var/log/web.log", max_size = "50MB"}',
    stdoutlogfilebackups: 'stdout = {file = "/var/log/web.log", max_size = "50MB", max_files = 10}',
    mergelogs: 'stdout = {file = "/var/log/web.log", shared = true}',
    combinelogs: 'stdout = {file = "/var/log/web.log", shared = true}',
    logdateformat: 'stdout = {file = "/var/log/web.log", timestamps = true}',
    stdoutsyslog: 'stdout = "inherit"; the container’s own stream, where its log driver reads it',
  },
  stderr: {
    stderrlogfile: 'stderr = "/var/log/web.err"',
    errorfile: 'stderr = "/var/log/web.err"',
    standarderror: 'stderr = "/var/log/web.err"',
    stderrlogfilemaxbytes: 'stderr = {file = "/var/log/web.err", max_size = "50MB"}',
    stderrlogfilebackups: 'stderr = {file = "/var/log/web.err", max_size = "50MB", max_files = 10}',
    redirectstderr: 'stderr = "stdout"',
    stderrsyslog: 'stderr = "inherit"; the container’s own stream, where its log driver reads it',
  },
  ring_size: {},
  healthcheck: {
    startsecs: 'healthcheck = {uptime = "10s"}',
    minuptime: 'healthcheck = {uptime = "10s"}',
    waitready: CHECK,
    livenessprobe: CHECK,
    readinessprobe: CHECK,
    startupprobe: 'healthcheck = {tcp = 8080, start_period = "60s"}',
    health: CHECK,
  },
  limits: {
    maxmemoryrestart: 'limits = {data = "500MB"}; the program fails at the limit, and autorestart applies',
    ulimits: 'limits = {nofile = 65536}',
    limitnofile: 'limits = {nofile = 65536}',
    limitnproc: 'limits = {nproc = 4096}',
    limitcore: 'limits = {core = "unlimited"}',
    limitmemlock: 'limits = {memlock = "unlimited"}',
    limitas: 'limits = {as = "2GiB"}',
    memlimit: 'limits = {data = "500MB"}',
    memorymax: 'limits = {data = "500MB"}',
    memorylimit: 'limits = {data = "500MB"}',
    pidslimit: 'limits = {nproc = 4096}',
    tasksmax: 'limits = {nproc = 4096}',
  },
  nice: {},
  oom_score_adj: {
    oomscoreadjust: 'oom_score_adj = 500',
  },
  capabilities: {
    capadd: 'capabilities = ["NET_BIND_SERVICE"]',
    capdrop: 'capabilities = ["NET_BIND_SERVICE"]; all others are dropped',
    ambientcapabilities: 'capabilities = ["NET_BIND_SERVICE"]',
  },
  bounding_capabilities: { capabilityboundingset: 'bounding_capabilities = ["NET_BIND_SERVICE"]' },
  seccomp: { systemcallfilter: 'seccomp = "default"' },
  read_only_paths: {},
  inaccessible_paths: {},
  private_tmp: { privatetmp: 'private_tmp, in a container with CAP_SYS_ADMIN' },
  chroot: { rootdirectory: 'chroot, in a container with CAP_SYS_CHROOT' },
  securebits: { securebit: 'securebits = ["noroot"]' },
  parent_death_signal: {},
  landlock: {
    readwritepaths: CONFINED,
    readonlypaths: CONFINED,
    inaccessiblepaths: CONFINED,
    protecthome: CONFINED,
    protectsystem: CONFINED,
    sandbox: CONFINED,
    execpaths: 'landlock = {execute = ["/usr/bin"]}',
    noexecpaths: 'landlock = {execute = ["/usr/bin"]}',
    socketbindallow: PORTS,
    socketbinddeny: PORTS,
  },
  no_new_privs: {
    nonewprivileges: 'no_new_privs = true',
    securityopt: 'no_new_privs = true',
  },
};

/** For these there is no key, or one of another table. */
const WITHOUT_KEY: WordsElsewhere = {
  listenstream: A_SOCKET,
  listendatagram: A_SOCKET,
  listensequentialpacket: A_SOCKET,
  listenfifo: A_SOCKET,
  socketmode: 'mode of [sockets.NAME]',
  socketuser: 'owner of [sockets.NAME]',
  socketgroup: 'group of [sockets.NAME]',
  socketowner: 'owner and group of [sockets.NAME]',
  reuseport: 'reuse_port of [sockets.NAME]',
  accept: 'remove it; a process gets the socket that listens, and accepts connections itself',
  execcondition: A_ONESHOT_BEFORE,
  processname: 'remove it; the name is in the header: [processes.NAME]',
  containername: 'remove it; the name is in the header: [processes.NAME]',
  guesmainpid: FOREGROUND,
  guessmainpid: FOREGROUND,
  nodaemon: FOREGROUND,
  passenvironment: 'remove it; a process has the engine’s own environment unless clear_env = true',
  watch: 'remove it; nothing here watches files. Restart it by taskshell restart NAME',
  ignorewatch: 'remove it; nothing here watches files',
  cronrestart: 'add a process with schedule = "0 4 * * *" and cmd = "taskshell restart NAME"',
  runtimemaxsec: 'remove it; there is no longest time. Restart it by taskshell restart NAME',
  numprocsstart:
    'remove it; instances are numbered from 1, and an expression such as instance - 1 counts from 0',
  shutdownwithmessage: 'remove it; a stop sends a signal',
  before: 'give the other process depends_on with the name of this one',
  syslogidentifier: 'remove it; [engine.log] output = "prefix" begins each line with the name',
  stdouteventsenabled: 'remove it; taskshell events shows what happens, and [engine.hooks] runs commands',
  stderreventsenabled: 'remove it; taskshell events shows what happens, and [engine.hooks] runs commands',
  cpus: OF_THE_CONTAINER,
  cpuquota: OF_THE_CONTAINER,
  image: OF_THE_CONTAINER,
  build: OF_THE_CONTAINER,
  ports: OF_THE_CONTAINER,
  volumes: OF_THE_CONTAINER,
  networks: OF_THE_CONTAINER,
  init: 'remove it; taskmaster is the init',
};

export const PROCESS_WORDS: WordsElsewhere = Object.assign({}, ...Object.values(BY_KEY), WITHOUT_KEY);
