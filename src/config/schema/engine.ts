/** The `[engine]` table: how the engine itself behaves. */

import { LEVELS } from '../../levels.ts';
import {
  account,
  argumentList,
  command,
  duration,
  flag,
  nonEmptyText,
  octalMode,
  type SchemaRows,
  size,
  text,
} from './values.ts';

const whoAndWhat = {
  user: { ...account, description: 'Who is granted it: a user.' },
  group: { ...account, description: 'Or everybody of a group, by any of their groups.' },
  processes: {
    type: 'array',
    items: nonEmptyText,
    minItems: 1,
    expected: 'an array of names of processes and patterns such as "web*"',
    description:
      'Only these processes. The client cannot see the others, neither in `status`, events and logs nor anywhere else. Default: all.',
    examples: [['web*', 'cron']],
  },
} as const;

const readGrant = {
  type: ['string', 'integer', 'object'],
  pattern: '^[^\\s:]',
  minimum: 0,
  maximum: 4294967294,
  properties: whoAndWhat,
  additionalProperties: false,
  expected: 'a user, a group with a leading @, or a table such as {user = "alice", processes = ["web*"]}',
} as const;

const controlGrant = {
  ...readGrant,
  properties: {
    ...whoAndWhat,
    stdin: {
      ...flag,
      default: false,
      description:
        'Also write to standard inputs (`attach --stdin`, `send`). A client that types into a root shell is root.',
    },
    shutdown: { ...flag, default: false, description: 'Also shut the engine down.' },
    reload: { ...flag, default: false, description: 'Also reload the configuration.' },
  },
} as const;

const hook = {
  type: ['string', 'array', 'object'],
  pattern: '\\S',
  items: text,
  minItems: 1,
  properties: {
    cmd: { ...command, description: 'The program, as `cmd` of a process.' },
    args: { ...argumentList, description: 'Its arguments, as `args` of a process.' },
    timeout: { ...duration, default: '10s', description: 'Killed when it takes longer.' },
  },
  required: ['cmd'],
  additionalProperties: false,
  expected: 'a command: a string, an array of strings, or {cmd, args, timeout}',
} as const;

const HOOK_INPUT =
  'It runs as the engine itself and reads the event as one line of JSON on its standard input.';

const hooks = {
  type: 'object',
  description: `Commands the engine runs when something happens to any process. ${HOOK_INPUT}`,
  properties: {
    on_started: { ...hook, description: 'A process was spawned.' },
    on_healthy: { ...hook, description: 'A process became healthy.' },
    on_unhealthy: { ...hook, description: 'A process became unhealthy.' },
    on_stopped: { ...hook, description: 'A process was stopped because somebody asked for it.' },
    on_exit: { ...hook, description: 'A process ended, however it did.' },
    on_failed: {
      ...hook,
      description: 'A process failed for good: it is not restarted any more.',
      examples: ['/usr/local/bin/page-somebody --urgent'],
    },
    on_status: {
      ...hook,
      description:
        'A process says another STATUS by sd_notify(3): at most one a second, and one at a time for each process; if it takes longer, only the newest follows.',
    },
    on_shutdown: { ...hook, description: 'The engine begins to shut down.' },
  },
  additionalProperties: false,
  expected: 'a table such as [engine.hooks]',
} as const;

const log = {
  type: ['string', 'object'],
  pattern: `^(${LEVELS.join('|')})$`,
  description: "The engine's own log on standard error. A string is short for `{level = …}`.",
  properties: {
    level: {
      reload: 'live',
      type: 'string',
      enum: LEVELS,
      default: 'info',
      description: 'The least important level that is written.',
    },
    format: {
      reload: 'new engine',
      type: 'string',
      enum: ['auto', 'json', 'pretty'],
      default: 'auto',
      description: '`auto`: pretty on a terminal, JSON lines elsewhere.',
    },
    output: {
      reload: 'new engine',
      type: 'string',
      enum: ['raw', 'prefix', 'json'],
      default: 'raw',
      description:
        'How the output of processes with `stdout = "inherit"` appears: as it is, with the process’s name before each line, or as JSON lines.',
    },
    marks: {
      reload: 'live',
      ...flag,
      default: false,
      description:
        'Starts, ends and health of the processes appear between their lines; with `output = "prefix"` or `"json"`.',
    },
    when_slow: {
      reload: 'live',
      type: 'string',
      enum: ['wait', 'drop'],
      default: 'wait',
      description:
        'If the reader of the container’s stream, or of a FIFO, is slower than the processes. `wait`: they wait, and nothing is lost. `drop`: they never wait, and the oldest lines are dropped.',
    },
    stuck_after: {
      reload: 'live',
      ...duration,
      default: '5s',
      description:
        'With `when_slow = "wait"`: if the reader has not taken a single byte for this long, the oldest lines are dropped until it reads again.',
    },
  } as const satisfies SchemaRows,
  additionalProperties: false,
  default: {},
  expected: 'a level such as "debug", or {level, format, output, marks, when_slow, stuck_after}',
} as const;

const journal = {
  type: 'object',
  description:
    'What `taskshell logs`, `why` and `timeline` look through: the engine’s events, and with `output` the lines that processes print.',
  properties: {
    output: {
      reload: 'live',
      ...flag,
      default: false,
      description: 'Keep the lines that processes print too (not those of `"null"` and `"passthrough"`).',
    },
    directory: {
      reload: 'new engine',
      ...nonEmptyText,
      description:
        'Directory to keep it in as files of JSON lines, relative to the configuration file; made where it is missing. Without it the journal is in memory and ends with the engine.',
      examples: ['/var/log/taskmaster'],
    },
    max_size: {
      reload: 'live',
      ...size,
      description:
        'How much is kept, the oldest goes first. Default: `"4MiB"` in memory, `"256MiB"` in a directory.',
      examples: ['1GiB'],
    },
    max_age: {
      reload: 'live',
      ...duration,
      description: 'Nothing older than this is shown, and files in which all is older are removed.',
      examples: ['7d'],
    },
  } as const satisfies SchemaRows,
  additionalProperties: false,
  default: {},
  expected: 'a table such as [engine.journal]',
} as const;

const http = {
  type: 'object',
  description:
    'Answers probes and shows metrics by HTTP: `/livez`, `/readyz`, `/startupz`, `/metrics`. Without it nobody listens.',
  properties: {
    listen: {
      type: ['integer', 'string'],
      minimum: 1,
      maximum: 65535,
      pattern: '\\S',
      description:
        'A port of 127.0.0.1, or an address and a port. Anyone who can connect to it sees names, states and reasons of the processes.',
      expected: 'a port from 1 to 65535, or an IP address and a port such as "0.0.0.0:9180", "[::1]:9180"',
      examples: [9180, '0.0.0.0:9180', '[::1]:9180'],
    },
  },
  required: ['listen'],
  additionalProperties: false,
  expected: 'a table such as [engine.http]',
} as const;

export const engineSchema = {
  type: 'object',
  description: 'The engine itself.',
  properties: {
    socket: {
      reload: 'new engine',
      ...nonEmptyText,
      description:
        'Path of the control socket. Default: `/run/taskmaster/taskmaster.sock`, or where that cannot be written `$XDG_RUNTIME_DIR/taskmaster.sock`, then `/tmp/taskmaster-UID/taskmaster.sock`.',
      examples: ['/run/taskmaster/taskmaster.sock'],
    },
    socket_mode: {
      reload: 'new engine',
      ...octalMode,
      default: '0660',
      description: 'Permissions of the control socket.',
    },
    socket_group: {
      reload: 'new engine',
      ...account,
      description: 'Group of the control socket. Default: the engine’s own.',
    },
    access: {
      reload: 'live',
      type: 'object',
      description:
        'Who else may talk to the engine: users, and groups with a leading `@`. The engine’s own user and root may do everything.',
      properties: {
        read: {
          type: 'array',
          items: readGrant,
          default: [],
          expected: 'an array of user names, of group names with a leading @, and of tables',
          description: 'May look: status, logs, events, attach without input.',
          examples: [['@staff', { user: 'alice', processes: ['web*'] }]],
        },
        control: {
          type: 'array',
          items: controlGrant,
          default: [],
          expected: 'an array of user names, of group names with a leading @, and of tables',
          description:
            'May see and do. A name alone grants everything: start, stop, restart, signal, reload, shut the engine down, and write to every standard input, which gives the client the rights of that process’s user. A table grants start, stop, restart and signal, and more only if it says so.',
          examples: [
            [
              { user: 'deploy', processes: ['web*'] },
              { group: 'ops', reload: true },
            ],
          ],
        },
      },
      additionalProperties: false,
      expected: 'a table such as {read = ["@staff"], control = ["alice"]}',
      examples: [{ read: ['@staff'], control: ['alice', '@ops'] }],
    },
    log: { reload: 'live', ...log },
    journal: { reload: 'live', ...journal },
    http: { reload: 'live', ...http },
    grace: {
      reload: 'live',
      ...duration,
      default: '10s',
      description:
        'What the container’s runtime allows between TERM and KILL (`docker stop -t`, `terminationGracePeriodSeconds`). Everything is over one second earlier.',
    },
    exit_when: {
      reload: 'live',
      type: 'string',
      enum: ['main', 'never', 'all-done'],
      default: 'all-done',
      description:
        'When the engine ends by itself: when `main` ends, never, or when every instance has completed or failed by itself. Where `main` is given, the default is `main`.',
    },
    main: {
      reload: 'live',
      ...nonEmptyText,
      description: 'The process whose end ends the container, with its exit code.',
      examples: ['web'],
    },
    termination_log: {
      reload: 'live',
      ...nonEmptyText,
      default: '/dev/termination-log',
      description:
        'If this file exists, the engine writes to it in one sentence why it exited. Kubernetes mounts it.',
    },
    hooks: { reload: 'live', ...hooks },
  } as const satisfies SchemaRows,
  additionalProperties: false,
  default: {},
  expected: 'a table such as [engine]',
} as const;
