/**
 * The contract: every method of the control socket with its parameters, its result and who may
 * use it. Types, validation, `rpc.discover` and the reference all come from here. The wire is JSON-RPC 2.0
 * (https://www.jsonrpc.org/specification), one object or batch a line, names in snake_case. What the
 * server sends for subscriptions stands in contract-notifications.ts.
 */

import { ACT_METHODS, type TARGET_OUTCOME } from './contract-act.ts';
import { ATTACH_METHODS } from './contract-attach.ts';
import { CLI_METHODS } from './contract-cli.ts';
import type { NOTIFICATIONS } from './contract-notifications.ts';
import {
  EVENT_FILTER,
  JOURNAL_RANGE,
  NAME,
  NAMES,
  NOTHING,
  ONE_SUBSCRIPTION,
  STREAMS,
  USAGE,
} from './contract-params.ts';
import { RELOAD_METHODS } from './contract-reload.ts';
import type { RUN } from './contract-schedule.ts';
import {
  ENGINE,
  EVENT,
  type EXIT_STATUS,
  HEALTH_VERDICT,
  type INSTANCE,
  OUTPUT_CHUNK,
  OUTPUT_POSITION,
  SUBSCRIPTION,
  WHY,
} from './contract-shapes.ts';
import type { SchemaType } from './schema-type.ts';

/**
 * `read`: look. `control`: also act. `owner`: also see secrets (environments); only the engine's own user and
 * root are that, no grant gives it.
 */
export type AccessLevel = 'read' | 'control' | 'owner';

/** Parameters come by name, and unknown ones are refused. */
interface ParamsSchema {
  readonly type: 'object';
  readonly properties: object;
  readonly required?: readonly string[];
  readonly additionalProperties: false;
}

interface MethodContract {
  readonly summary: string;
  readonly access: AccessLevel;
  readonly params: ParamsSchema;
  readonly result: object;
}

export const METHODS = {
  status: {
    summary: 'The engine and its instances, all or those named.',
    access: 'read',
    params: {
      type: 'object',
      properties: { names: NAMES, usage: USAGE },
      additionalProperties: false,
    },
    result: ENGINE,
  },
  'status.subscribe': {
    summary: 'Replies with the status; later `status` notifications carry the instances that changed.',
    access: 'read',
    params: {
      type: 'object',
      properties: {
        interval_ms: {
          type: 'integer',
          minimum: 20,
          maximum: 60_000,
          description: 'shortest time between two notifications; 100 where not said',
        },
        usage: {
          ...USAGE,
          description:
            'include resource usage; changes to it are sent once a second, or every `interval_ms` if that is longer',
        },
      },
      additionalProperties: false,
    },
    result: {
      type: 'object',
      properties: { subscription: SUBSCRIPTION, status: ENGINE },
      required: ['subscription', 'status'],
      additionalProperties: false,
    },
  },
  'status.unsubscribe': {
    summary: 'Ends a `status` subscription.',
    access: 'read',
    params: ONE_SUBSCRIPTION,
    result: NOTHING,
  },
  ...ACT_METHODS,
  signal: {
    summary: 'Sends a signal to the process group of each instance, or to its leader alone.',
    access: 'control',
    params: {
      type: 'object',
      properties: {
        names: NAMES,
        signal: {
          type: 'string',
          pattern: '^.{1,32}$',
          description: '`HUP`, `SIGUSR1`, `RTMIN+3`, `15`',
        },
        to: {
          enum: ['group', 'leader'],
          description: 'the leader is the process that the engine started; default `group`',
        },
      },
      required: ['names', 'signal'],
      additionalProperties: false,
    },
    result: {
      type: 'object',
      properties: { instances: { type: 'array', items: { type: 'string' } }, signal: { type: 'string' } },
      required: ['instances', 'signal'],
      additionalProperties: false,
    },
  },
  ...RELOAD_METHODS,
  ...ATTACH_METHODS,
  'events.subscribe': {
    summary: 'Sends each engine event as an `events` notification.',
    access: 'read',
    params: {
      type: 'object',
      properties: {
        ...EVENT_FILTER,
        replay: {
          type: 'integer',
          minimum: 0,
          maximum: 1_000,
          description: 'begin with so many recent ones',
        },
        after_id: { type: 'integer', minimum: 0, description: 'begin with the recent ones after it' },
      },
      additionalProperties: false,
    },
    result: {
      type: 'object',
      properties: { subscription: SUBSCRIPTION },
      required: ['subscription'],
      additionalProperties: false,
    },
  },
  'events.unsubscribe': {
    summary: 'Ends an `events` subscription.',
    access: 'read',
    params: ONE_SUBSCRIPTION,
    result: NOTHING,
  },
  'logs.query': {
    summary:
      'Looks through the journal a page at a time, each in order. A page may be empty where there is more to look through.',
    access: 'read',
    params: {
      type: 'object',
      properties: {
        ...EVENT_FILTER,
        ...JOURNAL_RANGE,
      },
      additionalProperties: false,
    },
    result: {
      type: 'object',
      properties: {
        events: { type: 'array', items: EVENT },
        next_after_id: { type: ['integer', 'null'], description: 'pass as `after_id` for the next page' },
        next_before_id: {
          type: ['integer', 'null'],
          description: 'with `tail`: pass as `before_id` for the page before it',
        },
        last_id: { type: 'integer', description: 'of the newest entry there is' },
        keeps_output: { type: 'boolean', description: 'the journal keeps what processes print' },
      },
      required: ['events', 'next_after_id', 'next_before_id', 'last_id', 'keeps_output'],
      additionalProperties: false,
    },
  },
  'logs.output': {
    summary: 'Recent output of one instance that the engine still remembers, oldest first.',
    access: 'read',
    params: {
      type: 'object',
      properties: {
        name: NAME,
        streams: STREAMS,
      },
      required: ['name'],
      additionalProperties: false,
    },
    result: {
      type: 'object',
      properties: {
        instance: { type: 'string' },
        chunks: { type: 'array', items: OUTPUT_CHUNK },
        position: { ...OUTPUT_POSITION, description: 'behind the last chunks; for `attach`' },
      },
      required: ['instance', 'chunks', 'position'],
      additionalProperties: false,
    },
  },
  'logs.position': {
    summary:
      'Where the journal and the output of the instances stand, all at one moment: what is before is asked for by `before_id`, what comes after by `after_id` and `after`.',
    access: 'read',
    params: { type: 'object', properties: { names: NAMES }, additionalProperties: false },
    result: {
      type: 'object',
      properties: {
        last_id: { type: 'integer', description: 'of the newest entry of the journal' },
        keeps_output: { type: 'boolean', description: 'the journal keeps what processes print' },
        instances: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              instance: { type: 'string' },
              process: { type: 'string' },
              journalled: { ...OUTPUT_POSITION, description: 'up to here it is in entries of the journal' },
            },
            required: ['instance', 'process', 'journalled'],
            additionalProperties: false,
          },
        },
      },
      required: ['last_id', 'keeps_output', 'instances'],
      additionalProperties: false,
    },
  },
  why: {
    summary: 'Why the instances are in the state they are in, and what happens next.',
    access: 'read',
    params: {
      type: 'object',
      properties: { names: NAMES },
      required: ['names'],
      additionalProperties: false,
    },
    result: {
      type: 'object',
      properties: { reports: { type: 'array', items: WHY } },
      required: ['reports'],
      additionalProperties: false,
    },
  },
  health: {
    summary: 'Answers an orchestrator: has it started up, is it ready, is it alive.',
    access: 'read',
    params: {
      type: 'object',
      properties: {
        question: { enum: ['startup', 'ready', 'live'], description: '`ready` where not said' },
      },
      additionalProperties: false,
    },
    result: HEALTH_VERDICT,
  },
  env: {
    summary: 'The environment that the next incarnation of an instance is given.',
    access: 'owner',
    params: {
      type: 'object',
      properties: { name: NAME },
      required: ['name'],
      additionalProperties: false,
    },
    result: {
      type: 'object',
      properties: {
        instance: { type: 'string' },
        environment: { type: 'object', additionalProperties: { type: 'string' } },
      },
      required: ['instance', 'environment'],
      additionalProperties: false,
    },
  },
  config: {
    summary: 'The configuration in effect, every default filled in.',
    access: 'owner',
    params: { type: 'object', properties: { process: NAME }, additionalProperties: false },
    result: {
      type: 'object',
      properties: { config: {} },
      required: ['config'],
      additionalProperties: false,
    },
  },
  shutdown: {
    summary: 'Stops everything in order; then the engine leaves.',
    access: 'control',
    params: NOTHING,
    result: NOTHING,
  },
  version: {
    summary: 'Version and process id of the engine.',
    access: 'read',
    params: NOTHING,
    result: {
      type: 'object',
      properties: { version: { type: 'string' }, pid: { type: 'integer' } },
      required: ['version', 'pid'],
      additionalProperties: false,
    },
  },
  ...CLI_METHODS,
  'rpc.discover': {
    summary: 'This contract, as data.',
    access: 'read',
    params: NOTHING,
    result: { type: 'object', additionalProperties: true },
  },
} as const satisfies Record<string, MethodContract>;

export type MethodName = keyof typeof METHODS;
export type NotificationName = keyof typeof NOTIFICATIONS;

type AllParams = { [Method in MethodName]: SchemaType<(typeof METHODS)[Method]['params']> };
type AllResults = { [Method in MethodName]: SchemaType<(typeof METHODS)[Method]['result']> };
type AllNotifications = {
  [Name in NotificationName]: SchemaType<(typeof NOTIFICATIONS)[Name]['params']>;
};

/** Parameters of a method, as they travel. */
export type Params<Method extends MethodName> = AllParams[Method];
/** Result of a method, as it travels. */
export type Result<Method extends MethodName> = AllResults[Method];
/** Parameters of a notification, as they travel. */
export type NotificationParams<Name extends NotificationName> = AllNotifications[Name];

/** One instance as the wire shows it. */
export type WireInstance = SchemaType<typeof INSTANCE>;
export type WireRun = SchemaType<typeof RUN>;
export type WireOutcome = SchemaType<typeof TARGET_OUTCOME>;
export type WireEvent = SchemaType<typeof EVENT>;
export type WireExitStatus = SchemaType<typeof EXIT_STATUS>;
export type WireWhy = SchemaType<typeof WHY>;
