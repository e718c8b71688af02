/** A `[processes.NAME]` table: what to run, as whom, and when to start, restart and stop it. */

import { copiesSchema } from './copies.ts';
import { healthcheckSchema } from './healthcheck.ts';
import { landlockSchema } from './landlock.ts';
import { limits } from './limits.ts';
import { errorOutput, OUTPUT_FORMS, output } from './output.ts';
import { privilegesSchema } from './privileges.ts';
import { readinessSchema } from './readiness.ts';
import { scheduleSchema } from './schedule.ts';
import { keysOfSockets } from './sockets.ts';
import { reloadSchema, stepCommand, stepsSchema, stepUser } from './steps.ts';
import {
  account,
  argumentList,
  command,
  duration,
  flag,
  nonEmptyText,
  octalMode,
  type SchemaRows,
  signal,
  size,
  text,
} from './values.ts';

const dependency = {
  type: ['string', 'object'],
  pattern: '^(started|healthy|completed)$',
  properties: {
    condition: {
      type: 'string',
      enum: ['started', 'healthy', 'completed'],
      description: 'Default: `healthy`, for a one-shot `completed`.',
    },
    restart: {
      ...flag,
      default: false,
      description: 'Restart this process whenever the dependency restarts.',
    },
  },
  additionalProperties: false,
  expected: '"started", "healthy", "completed", or {condition, restart}',
} as const;

const killMode = {
  type: 'string',
  enum: ['group', 'mixed', 'leader'],
  expected: '"group", "mixed" or "leader"',
} as const;

export const processSchema = {
  type: 'object',
  description: 'A process to supervise.',
  properties: {
    extends: {
      reload: 'keys',
      merge: 'none',
      type: ['string', 'array'],
      pattern: '\\S',
      items: nonEmptyText,
      description:
        'Templates whose keys it takes where it does not give them itself. Of several, a later one comes before an earlier one.',
      expected: 'the name of a template, or an array of names',
      examples: ['worker'],
    },
    profiles: {
      reload: 'presence',
      type: 'array',
      items: nonEmptyText,
      description:
        'It is part of the configuration only if one of these is chosen, by `engine start --profile NAME` or TASKMASTER_PROFILES. Without the key it always is.',
      expected: 'an array of names',
      examples: [['debug']],
    },
    cmd: {
      displaces: ['args'],
      reload: 'restart',
      ...command,
      perInstance: true,
      description:
        'What to run. With `args`: the program. Without: split into words as a shell would (quotes and backslashes), but no shell is run. Or an array of program and arguments. A program without a slash is looked for in the process’s own PATH.',
      examples: ['/usr/sbin/nginx -g "daemon off;"', ['sleep', '60']],
    },
    args: {
      reload: 'restart',
      ...argumentList,
      perInstance: true,
      description: 'Arguments, passed on exactly as they are.',
      examples: [['-g', 'daemon off;']],
    },
    description: { reload: 'live', ...text, description: 'One line for people.' },
    type: {
      reload: 'restart',
      type: 'string',
      enum: ['simple', 'oneshot', 'notify', 'forking'],
      expected: '"simple", "oneshot", "notify" or "forking"',
      default: 'simple',
      description:
        '`simple`: a service. `oneshot`: runs to its end; ready when it ends well. `notify`: a service that says by sd_notify(3) when it is ready. `forking`: what is started exits and leaves a daemon, which is the service.',
    },
    ...readinessSchema,
    ...stepsSchema,
    reload: reloadSchema,
    ...scheduleSchema,
    user: {
      reload: 'restart',
      displaces: ['group', 'groups'],
      ...account,
      description:
        'Run as this user: name or number, `user:group` for short. HOME, USER, LOGNAME and SHELL are set to match. Default: the engine’s own user.',
      examples: ['www-data', 1000],
    },
    group: { reload: 'restart', ...account, description: 'Primary group. Default: the user’s own.' },
    groups: {
      reload: 'restart',
      type: 'array',
      items: account,
      description: 'Supplementary groups, all of them. Default: the user’s own.',
      expected: 'an array of names or numbers',
    },
    workingdir: {
      reload: 'restart',
      ...nonEmptyText,
      perInstance: true,
      description: 'Directory to start in. Default: the engine’s own.',
    },
    umask: {
      reload: 'restart',
      ...octalMode,
      description: 'File mode creation mask. Default: the engine’s own.',
      examples: ['022'],
    },
    env: {
      reload: 'restart',
      merge: 'keys',
      type: 'object',
      propertyNames: { pattern: '^[^=\\u0000]+$' },
      additionalProperties: {
        perInstance: true,
        type: ['string', 'number', 'boolean', 'object'],
        properties: { file: { ...nonEmptyText, perInstance: true, description: 'Path of the secret.' } },
        required: ['file'],
        additionalProperties: false,
        expected: 'a string, number or boolean, or {file = "/run/secrets/NAME"}',
      },
      description:
        'Environment variables, over those of `env_file` and those inherited. Variables in its values refer to the engine’s own environment. `{file = "PATH"}` is a secret: the engine reads the file at each start of the process, and shows it to nobody else.',
      expected: 'a table such as {PORT = "8080"}',
      examples: [{ PORT: '8080' }, { DB_PASSWORD: { file: '/run/secrets/db' } }],
    },
    env_file: {
      reload: 'restart',
      type: ['string', 'array'],
      pattern: '\\S',
      items: nonEmptyText,
      description:
        'File (or files, later ones win) of `NAME=value` lines, relative to the configuration file. A leading `-` makes it optional. Values in quotes may span lines. `NAME` alone passes on the engine’s own variable, if it has one. Nothing in it is expanded.',
      expected: 'a path, or an array of paths',
    },
    clear_env: {
      reload: 'restart',
      ...flag,
      default: false,
      description: 'Inherit nothing of the engine’s environment.',
    },
    autostart: { reload: 'next start', ...flag, default: true, description: 'Start with the engine.' },
    autorestart: {
      reload: 'live',
      type: 'string',
      pattern: '^(no|always|unless-stopped|on-failure(:\\d{1,9}|\\[:\\d{1,9}\\])?)$',
      default: 'on-failure',
      description:
        'When to start it again after it ended by itself: `no`, `always`, `unless-stopped` (as always, but a stop by the user survives reloads), `on-failure`, `on-failure:N` (gives up after N restarts in a row; `on-failure[:N]` means the same).',
      expected: '"no", "always", "unless-stopped", "on-failure", or "on-failure:N"',
      examples: ['on-failure:5'],
    },
    exit_codes: {
      reload: 'live',
      type: 'array',
      items: { type: 'integer', minimum: 0, maximum: 255, expected: 'an exit code from 0 to 255' },
      default: [0],
      description: 'Exit codes that are no failure.',
      expected: 'an array of exit codes',
    },
    backoff: {
      reload: 'live',
      merge: 'keys',
      type: 'object',
      description:
        'How long to wait before a restart: base·factor^(n−1), at most max, ±10 %. After five incarnations in a row that ran for less than a second, at least a second.',
      properties: {
        base: {
          ...duration,
          default: '500ms',
          description: 'Before the first restart; 0: restart at once, except in a crash loop.',
        },
        factor: { type: 'number', minimum: 1, maximum: 100, default: 2, description: 'Growth each time.' },
        max: { ...duration, default: '30s', description: 'Never longer than this.' },
        reset: {
          ...duration,
          default: '30s',
          description: 'After running well for this long, the count of restarts returns to 0.',
        },
      },
      additionalProperties: false,
      default: {},
      expected: 'a table such as {base = "500ms", factor = 2, max = "30s", reset = "30s"}',
    },
    ...copiesSchema,
    depends_on: {
      reload: 'live',
      type: ['array', 'object', 'string'],
      items: nonEmptyText,
      pattern: '\\S',
      additionalProperties: dependency,
      description: 'Processes that come first: names, or `{db = {condition = "healthy", restart = true}}`.',
      expected: 'an array of names, or a table such as {db = {condition = "healthy"}}',
      examples: [['db'], { db: { condition: 'healthy', restart: true } }],
    },
    ...keysOfSockets,
    essential: {
      reload: 'live',
      ...flag,
      default: false,
      description: 'When it ends by itself and is not restarted, the container ends with its exit code.',
    },
    stop: {
      reload: 'live',
      displaces: ['stop_signal', 'stop_timeout'],
      type: 'array',
      minItems: 1,
      maxItems: 16,
      items: {
        type: 'object',
        properties: {
          signal: { ...signal, description: 'What to send.' },
          cmd: {
            ...stepCommand,
            description:
              'What to run in place of a signal, while its main process runs; the next stage follows when it has ended. `$MAINPID` in its words is the pid of the process.',
          },
          as: { ...stepUser, description: 'As whom `cmd` runs: `process` or `engine`.' },
          wait: {
            ...duration,
            default: '5s',
            description:
              'How long to wait for it to end. Of `cmd`: how long that may run. Alone in its table: only wait.',
          },
          kill_mode: {
            ...killMode,
            description:
              'Who gets this signal: `group` all of its process group, the others the leader. Default: as the process.',
          },
        },
        additionalProperties: false,
        expected: 'a table such as {signal = "TERM", wait = "5s"} or {cmd = "…", wait = "5s"}',
      },
      description:
        'Signals and commands to stop it with, in order; KILL follows the last one. If that is no signal, TERM comes before KILL.',
      expected: 'an array such as [{signal = "TERM", wait = "5s"}]',
      examples: [
        [
          { signal: 'QUIT', wait: '20s' },
          { signal: 'TERM', wait: '5s' },
        ],
      ],
    },
    stop_signal: {
      reload: 'live',
      ...signal,
      displaces: ['stop'],
      default: 'TERM',
      description: 'Short for a `stop` of one signal.',
    },
    start_timeout: {
      reload: 'live',
      ...duration,
      description:
        'How long a start may take, until the process is healthy or, with `type = "oneshot"`, has exited. After that it is stopped, and that counts as a failure. 0: no limit. Default: `"90s"` for a process that says itself when it is ready (`notify`, `forking`, `notify_fd`, `ready_log`), and for a one-shot that another process depends on; otherwise no limit.',
      examples: ['60s'],
    },
    stop_timeout: {
      reload: 'live',
      displaces: ['stop'],
      ...duration,
      default: '5s',
      description: 'How long to wait after `stop_signal` before KILL.',
    },
    kill_mode: {
      reload: 'live',
      ...killMode,
      description:
        'Who gets the stop signals, and the KILL after them. `group`: both go to the whole process group. `mixed`: the signals to the leader, which is the process that the engine started, and KILL to all. `leader`: both to the leader. Default: as `mixed`, and in the last fifth of the last wait (at most 1s) its children get the signal too. What is left when the leader has ended gets the same sequence from its start, then KILL.',
    },
    leave_running: {
      reload: 'live',
      ...flag,
      default: false,
      description:
        'Leave what it started running when it ends: cron’s jobs, sessions of sshd. All signals go to the leader only. What it left gets TERM when the engine shuts down.',
    },
    reload_signal: {
      reload: 'live',
      displaces: ['reload'],
      ...signal,
      description:
        'Sent to the process (not its group) on every reload of the configuration that does not restart it.',
      examples: ['HUP'],
    },
    stdin: {
      reload: 'restart',
      type: 'string',
      enum: ['null', 'pipe'],
      default: 'null',
      description:
        'Standard input. `"null"`: /dev/null. `"pipe"`: what `attach --stdin` writes; it waits while nobody does.',
    },
    tty: {
      reload: 'restart',
      ...flag,
      default: false,
      description:
        'Run it on a pseudo-terminal of its own, for `attach --stdin`: shells, full-screen programs. It is standard input, output and error in one, so `stdout` says where all of it goes, and `stdin` and `stderr` are not given. TERM is `xterm` unless `env` says otherwise.',
    },
    stdout: { reload: 'restart', ...output, description: `Standard output. ${OUTPUT_FORMS}` },
    stderr: {
      reload: 'restart',
      ...errorOutput,
      description:
        'Standard error, in the same forms; `"stdout"`: to the same as standard output, as `2>&1`. Both share one pipe then, which keeps their exact order, and `attach` and `logs` show both as stdout. So they do if both lead to the same file.',
    },
    ring_size: {
      reload: 'live',
      ...size,
      default: '64KiB',
      description: 'How much of each stream is kept in memory for `attach`, `logs` and `why`: 1KiB to 16MiB.',
    },
    healthcheck: { reload: 'live', ...healthcheckSchema },
    limits: { reload: 'restart', ...limits },
    nice: {
      reload: 'restart',
      type: 'integer',
      minimum: -20,
      maximum: 19,
      description: 'Scheduling priority, −20 to 19.',
    },
    oom_score_adj: {
      reload: 'restart',
      type: 'integer',
      minimum: -1000,
      maximum: 1000,
      description: 'How readily the kernel kills it when memory runs out.',
    },
    ...privilegesSchema,
    parent_death_signal: {
      reload: 'restart',
      ...signal,
      description:
        'Sent to the process (not to its children) when the engine dies without having stopped it. As PID 1 the engine takes everything with it, so this is for an engine that is not. A program that changes its user by itself loses it. Default: none.',
      examples: ['TERM'],
    },
    landlock: { reload: 'restart', ...landlockSchema },
    no_new_privs: {
      reload: 'restart',
      ...flag,
      default: false,
      description: 'Neither it nor its children can gain privileges by set-user-ID programs.',
    },
  } as const satisfies SchemaRows,
  required: ['cmd'],
  additionalProperties: false,
  expected: 'a table such as [processes.web]',
} as const;
