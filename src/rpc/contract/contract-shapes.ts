/**
 * The shapes that results and notifications of the contract share, as JSON Schema: what `wire/snapshot.ts`
 * says in TypeScript, said for the wire. A test proves that the two are the same.
 */

import { LEVELS } from '../../levels.ts';
import { VISIBLE_STATES } from '../../lifecycle/states.ts';
import { RUNS, SCHEDULE } from './contract-schedule.ts';

const TEXT = { type: 'string' } as const;
const COUNT = { type: 'integer', minimum: 0 } as const;
const OPTIONAL_COUNT = { type: ['integer', 'null'] } as const;
const EPOCH_MS = { type: 'number', description: 'milliseconds since the epoch' } as const;
const MILLISECONDS = { type: 'number', minimum: 0 } as const;
const OPTIONAL_MILLISECONDS = { type: ['number', 'null'] } as const;
const TEXTS = { type: 'array', items: TEXT } as const;

/** Id of a subscription, unique within its connection. */
export const SUBSCRIPTION = { type: 'integer', minimum: 1 } as const;

/** Of a process: which of its two it printed to. */
export const STREAM = { enum: ['stdout', 'stderr'] } as const;

export const EXIT_STATUS = {
  description: 'how a program ended; a shell would show 128 + n for a signal',
  oneOf: [
    {
      type: 'object',
      properties: { how: { const: 'exited' }, code: { type: 'integer' } },
      required: ['how', 'code'],
      additionalProperties: false,
    },
    {
      type: 'object',
      properties: {
        how: { const: 'signalled' },
        signal: { type: 'string', description: 'SIGTERM, SIGRTMIN+3' },
        core: { type: 'boolean' },
        oom: { const: true, description: 'the kernel killed it because memory ran out' },
      },
      required: ['how', 'signal', 'core'],
      additionalProperties: false,
    },
  ],
} as const;

const LAST_EXIT = {
  type: 'object',
  properties: {
    at: EPOCH_MS,
    status: {
      oneOf: [
        ...EXIT_STATUS.oneOf,
        {
          type: 'object',
          properties: { how: { const: 'not-started' }, message: TEXT },
          required: ['how', 'message'],
          additionalProperties: false,
        },
      ],
    },
    requested: { type: 'boolean', description: 'true where taskmaster had asked it to stop' },
    unhealthy: { const: true, description: 'there where it was stopped because its health check failed' },
    watchdog: {
      const: true,
      description: 'there where it was stopped because its watchdog expired',
    },
    start_timeout: {
      const: true,
      description: 'there where it was stopped because its start took longer than `start_timeout`',
    },
    uptime_ms: MILLISECONDS,
  },
  required: ['at', 'status', 'requested', 'uptime_ms'],
  additionalProperties: false,
} as const;

export const VISIBLE_STATE = { enum: VISIBLE_STATES } as const;

const USAGE = {
  type: 'object',
  description: 'what it and all that it has started use; only while it runs, and only where asked for',
  properties: {
    cpu_seconds: { type: 'number', minimum: 0 },
    memory_bytes: { ...COUNT, description: 'resident; shared pages count for each process' },
    anonymous_bytes: { ...COUNT, description: 'the part that is neither of a file nor shared memory' },
    processes: COUNT,
  },
  required: ['cpu_seconds', 'memory_bytes', 'anonymous_bytes', 'processes'],
  additionalProperties: false,
} as const;

const DROPPED_OUTPUT = {
  type: 'array',
  description:
    'bytes that nobody got since the engine started, by stream and reason; only where there are any',
  items: {
    type: 'object',
    properties: { stream: TEXT, bytes: COUNT, reason: TEXT },
    required: ['stream', 'bytes', 'reason'],
    additionalProperties: false,
  },
} as const;

const OUTPUT_COSTS = {
  type: 'object',
  properties: {
    memory_bytes: { ...COUNT, description: 'for recent output, and for what waits to be written to files' },
    memory_limit_bytes: {
      ...COUNT,
      description:
        'the most `memory_bytes` can become by the configuration; not in it: the container’s streams, FIFOs, clients and standard inputs, each with a bound of its own',
    },
    dropped_bytes: {
      ...COUNT,
      description: 'of every stream, the container’s included, since the engine started',
    },
  },
  required: ['memory_bytes', 'memory_limit_bytes', 'dropped_bytes'],
  additionalProperties: false,
} as const;

const DEADLINE = {
  type: 'object',
  description:
    'what the engine does by itself, and when, if nothing happens before; in `stopping` and `backoff` only',
  properties: {
    action: { type: 'string', description: '`start`, or the signal that is sent then' },
    in_ms: MILLISECONDS,
    of_ms: { ...MILLISECONDS, description: 'what `in_ms` was at first' },
  },
  required: ['action', 'in_ms', 'of_ms'],
  additionalProperties: false,
} as const;

const STEP = {
  type: 'object',
  description: 'the command around its life that runs now; only while one does',
  properties: {
    name: { type: 'string', description: 'as in the configuration: `pre_start[1]`' },
    program: TEXT,
    number: { ...COUNT, description: 'its place among the commands of its key, counted from 1' },
    of: { ...COUNT, description: 'how many there are' },
    age_ms: MILLISECONDS,
    timeout_ms: MILLISECONDS,
  },
  required: ['name', 'program', 'number', 'of', 'age_ms', 'timeout_ms'],
  additionalProperties: false,
} as const;

const LEFT_RUNNING = {
  type: 'array',
  description:
    'processes that it started and that are alive after it ended: waited for in `stopping`, else meant to stay; only while there are any, at most 20',
  items: {
    type: 'object',
    properties: { pid: COUNT, command: TEXT },
    required: ['pid', 'command'],
    additionalProperties: false,
  },
} as const;

export const INSTANCE = {
  type: 'object',
  properties: {
    name: { type: 'string', description: '`web`, or `web:2`' },
    process: TEXT,
    description: TEXT,
    groups: {
      type: 'array',
      items: TEXT,
      description: 'groups that the process is in; only if it is in any',
    },
    state: VISIBLE_STATE,
    desired: { enum: ['up', 'down', 'restart'] },
    since: { ...EPOCH_MS, description: 'epoch milliseconds at which it entered the state' },
    state_age_ms: MILLISECONDS,
    health: { enum: ['none', 'starting', 'healthy', 'unhealthy'] },
    pid: OPTIONAL_COUNT,
    incarnation: COUNT,
    uptime_ms: OPTIONAL_MILLISECONDS,
    restarts: { ...COUNT, description: 'automatic restarts since the engine started' },
    consecutive_restarts: COUNT,
    last_exit: { oneOf: [LAST_EXIT, { type: 'null' }] },
    schedule: SCHEDULE,
    reason: { type: ['string', 'null'], description: 'why it is in this state, one sentence' },
    step: STEP,
    listening_on: {
      type: 'array',
      description: 'its sockets, of which one starts its program; there while it is listening',
      items: {
        type: 'object',
        properties: { socket: TEXT, address: TEXT },
        required: ['socket', 'address'],
        additionalProperties: false,
      },
    },
    activated_by: {
      type: 'string',
      description: 'name of the socket to which something came that started it; there if it was started so',
    },
    status_text: { type: 'string', description: 'what it says of itself, by sd_notify(3)' },
    waiting_for: { ...TEXTS, description: '`db to be healthy`' },
    retry_in_ms: OPTIONAL_MILLISECONDS,
    deadline: DEADLINE,
    started_at: { ...EPOCH_MS, description: 'epoch milliseconds of its spawn; only while it runs' },
    left_running: LEFT_RUNNING,
    usage: USAGE,
    dropped_output: DROPPED_OUTPUT,
  },
  required: [
    'name',
    'process',
    'state',
    'desired',
    'since',
    'state_age_ms',
    'health',
    'pid',
    'incarnation',
    'uptime_ms',
    'restarts',
    'consecutive_restarts',
    'last_exit',
    'reason',
    'waiting_for',
    'retry_in_ms',
  ],
  additionalProperties: false,
} as const;

export const CONTAINER = {
  type: 'object',
  description: 'what the container as a whole uses, of what it may; only where asked for',
  properties: {
    load: { type: 'number', description: 'of the whole machine, the average of the last minute' },
    processors: { type: 'number', description: 'how many it may keep busy; not always whole' },
    memory_bytes: { ...OPTIONAL_COUNT, description: 'without what the kernel can give back at once' },
    memory_limit_bytes: OPTIONAL_COUNT,
  },
  required: ['load', 'processors', 'memory_bytes', 'memory_limit_bytes'],
  additionalProperties: false,
} as const;

export const ENGINE = {
  type: 'object',
  properties: {
    version: TEXT,
    pid: COUNT,
    role: { enum: ['pid1', 'subreaper'] },
    config: { type: 'string', description: 'absolute path of the configuration' },
    socket: TEXT,
    uptime_ms: MILLISECONDS,
    draining: { type: 'boolean', description: 'true from the order to shut down on' },
    orphans_reaped: COUNT,
    output: OUTPUT_COSTS,
    instances: { type: 'array', items: INSTANCE },
    container: CONTAINER,
  },
  required: [
    'version',
    'pid',
    'role',
    'config',
    'socket',
    'uptime_ms',
    'draining',
    'orphans_reaped',
    'output',
    'instances',
  ],
  additionalProperties: false,
} as const;

export const RELOAD_PLAN = {
  type: 'array',
  items: {
    type: 'object',
    properties: {
      process: TEXT,
      action: { enum: ['add', 'remove', 'restart', 'update', 'unchanged'] },
      changed: { ...TEXTS, description: 'keys that differ, as in the file' },
      instances: {
        type: 'object',
        description: 'instances that are started and stopped because their number differs',
        properties: { added: TEXTS, removed: TEXTS },
        required: ['added', 'removed'],
        additionalProperties: false,
      },
      stays_stopped: {
        ...TEXTS,
        description:
          'instances that this would start or restart, if nobody had stopped them; only if there are any',
      },
    },
    required: ['process', 'action', 'changed'],
    additionalProperties: false,
  },
} as const;

export const HEALTH_VERDICT = {
  type: 'object',
  properties: { ok: { type: 'boolean' }, reason: TEXT },
  required: ['ok', 'reason'],
  additionalProperties: false,
} as const;

const PROBE_RUN = {
  type: 'object',
  properties: {
    started_at: EPOCH_MS,
    duration_ms: MILLISECONDS,
    passed: { type: 'boolean' },
    outcome: TEXT,
    output: TEXT,
  },
  required: ['started_at', 'duration_ms', 'passed', 'outcome', 'output'],
  additionalProperties: false,
} as const;

export const EVENT = {
  type: 'object',
  description:
    'as in the engine log; each kind has fields of its own. `output` is a line that a process printed: `stream`, `text`',
  properties: {
    id: COUNT,
    time: EPOCH_MS,
    level: { enum: LEVELS },
    event: TEXT,
    process: TEXT,
    instance: TEXT,
    incarnation: COUNT,
    pid: COUNT,
    caused_by: { ...COUNT, description: 'id of the event that led to it' },
  },
  required: ['id', 'time', 'level', 'event'],
  additionalProperties: true,
} as const;

export const WHY = {
  type: 'object',
  properties: {
    instance: INSTANCE,
    chain: {
      type: 'array',
      items: EVENT,
      description: 'the event that told its state, then the one that led to that, and so on',
    },
    history: {
      type: 'array',
      items: {
        type: 'object',
        properties: { time: EPOCH_MS, from: TEXT, to: TEXT, reason: { type: ['string', 'null'] } },
        required: ['time', 'from', 'to', 'reason'],
        additionalProperties: false,
      },
    },
    runs: RUNS,
    probes: { type: 'array', items: PROBE_RUN },
    last_output: TEXTS,
    next: { type: 'string', description: 'what happens next and when, one sentence' },
  },
  required: ['instance', 'chain', 'history', 'probes', 'last_output', 'next'],
  additionalProperties: false,
} as const;

/** Bytes on the wire: as `text` where they are UTF-8, else as `base64`; exactly one of the two is there. */
export const BYTES = {
  text: { type: 'string' },
  base64: { type: 'string' },
} as const;

/** By stream, so many bytes since the instance was made; over all incarnations. */
export const OUTPUT_POSITION = {
  type: 'object',
  properties: { stdout: COUNT, stderr: COUNT },
  required: ['stdout', 'stderr'],
  additionalProperties: false,
} as const;

/** One piece of what an instance printed. */
export const OUTPUT_CHUNK = {
  type: 'object',
  properties: {
    stream: STREAM,
    incarnation: COUNT,
    time: { ...EPOCH_MS, description: 'when it was read; left out where it is not known' },
    position: { ...COUNT, description: 'bytes of its stream before it' },
    ...BYTES,
  },
  required: ['stream', 'incarnation', 'position'],
  additionalProperties: false,
} as const;
