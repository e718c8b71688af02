/** Commands around the life of a process: before and after its start, before its stop, after its end. */

import { command, duration, type SchemaRows } from './values.ts';

export const stepCommand = {
  ...command,
  perInstance: true,
  description: 'What to run, written as `cmd` of a process.',
} as const;

export const stepUser = {
  type: 'string',
  enum: ['process', 'engine'],
  default: 'process',
  expected: '"process" or "engine"',
  description: '`process`: as the user of the process. `engine`: as the engine’s own user.',
} as const;

/** A start may take long; all of a stop has to fit into the time that the container is given. */
const START_STEP_TIMEOUT = '90s';
const STOP_STEP_TIMEOUT = '5s';

/** @returns the keys of one command. */
function tableOf<const Timeout extends string>(timeout: Timeout) {
  return {
    properties: {
      cmd: stepCommand,
      timeout: {
        ...duration,
        default: timeout,
        description: 'How long it may run. Then it gets TERM, 2 seconds later KILL, and has failed.',
      },
      as: stepUser,
    },
    required: ['cmd'],
    additionalProperties: false,
  } as const;
}

function stepsOf<const Timeout extends string>(timeout: Timeout) {
  return {
    type: ['string', 'array', 'object'],
    pattern: '\\S',
    minItems: 1,
    maxItems: 16,
    perInstance: true,
    ...tableOf(timeout),
    items: {
      type: ['string', 'object'],
      ...tableOf(timeout),
      expected: 'a word of the command, or a table such as {cmd = "…", timeout = "10s", as = "engine"}',
    },
    expected:
      'a command: a string, or an array of words; or a list of tables such as [{cmd = "…", timeout = "10s"}]',
  } as const;
}

export const stepsSchema = {
  pre_start: {
    reload: 'next start',
    ...stepsOf(START_STEP_TIMEOUT),
    description:
      'Run before each start, in the state `preparing`: one command, or several in order. If one fails, the start has failed, and `autorestart` decides.',
    examples: ['/usr/sbin/nginx -t', [{ cmd: 'initdb-if-empty /data', timeout: '5m' }]],
  },
  post_start: {
    reload: 'next start',
    ...stepsOf(START_STEP_TIMEOUT),
    description:
      'Run when it has become healthy for the first time, in the state `poststart`; it counts as healthy once they have ended well. If one fails, the process is stopped, and that is a failure. Not for a one-shot.',
    examples: ['/usr/local/bin/register'],
  },
  pre_stop: {
    reload: 'live',
    ...stepsOf(STOP_STEP_TIMEOUT),
    description:
      'Run before the first stage of `stop`, while its main process runs. Failures are only reported. Not run if it is killed.',
    examples: ['/usr/local/bin/deregister'],
  },
  post_exit: {
    reload: 'live',
    ...stepsOf(STOP_STEP_TIMEOUT),
    description:
      'Run after each end, in the state `cleaning`, however it ended and also if it could not start. EXIT_CODE, EXIT_STATUS and SERVICE_RESULT say how (systemd.exec(5)). Failures are only reported. Not run if it is killed.',
    examples: ['rm -f /run/web.pid', [{ cmd: 'cleanup', timeout: '5s' }]],
  },
} as const satisfies SchemaRows;

export const reloadSchema = {
  reload: 'live',
  displaces: ['reload_signal'],
  type: ['string', 'array', 'object'],
  pattern: '\\S',
  minItems: 1,
  perInstance: true,
  ...tableOf(START_STEP_TIMEOUT),
  items: { type: 'string', expected: 'a word of the command' },
  description:
    'A command that has it read its configuration again, in place of `reload_signal`. `$MAINPID` in its words is the pid of the process.',
  examples: ['/usr/sbin/nginx -s reload'],
  expected: 'a command: a string, an array of words, or a table such as {cmd = "…", timeout = "10s"}',
} as const;
