/** The parameters that methods of the contract share, as JSON Schema. */

import { LEVELS } from '../../levels.ts';
import { STREAM, SUBSCRIPTION } from './contract-shapes.ts';

/**
 * Names have at most 64 characters and the number of an instance. A pattern, not `maxLength`: that would need a helper
 * of ajv at run time.
 */
export const NAME = { type: 'string', pattern: '^.{1,128}$' } as const;
export const NAMES = {
  type: 'array',
  items: NAME,
  minItems: 1,
  maxItems: 1024,
  description: 'instances (`web:2`), processes (all their instances), at most 32 globs (`web*`), or `all`',
} as const;
export const WAIT = {
  wait: { type: 'boolean', description: 'reply once each is where it is wanted, or can no longer be' },
  timeout_ms: { type: 'integer', minimum: 1, maximum: 2_147_483_647 },
} as const;
const LEVEL = { enum: LEVELS } as const;
export const EVENT_FILTER = {
  names: { ...NAMES, description: 'only of these; as in `status`' },
  events: { type: 'array', items: NAME, maxItems: 64, description: 'only these kinds' },
  level: { ...LEVEL, description: 'this level and above' },
  incarnation: { type: 'integer', minimum: 0, description: 'only of this life of the instances' },
  text: { type: 'string', pattern: '^[\\s\\S]{1,1024}$', description: 'only what contains this, as it is' },
} as const;

export const STREAMS = { type: 'array', items: STREAM, minItems: 1, maxItems: 2 } as const;

/** What `logs.query` takes beside the filter. */
export const JOURNAL_RANGE = {
  output: { type: 'boolean', description: 'also lines that processes printed (event `output`)' },
  streams: { ...STREAMS, description: 'only lines printed there' },
  since_ms: { type: 'number', description: 'epoch milliseconds, included' },
  until_ms: { type: 'number', description: 'epoch milliseconds, included' },
  after_id: { type: 'integer', minimum: 0 },
  before_id: { type: 'integer', minimum: 0 },
  tail: { type: 'boolean', description: 'the newest, page by page towards older ones' },
  limit: { type: 'integer', minimum: 1, maximum: 1000, description: 'of a page; 1000 where not said' },
} as const;

export const NOTHING = { type: 'object', properties: {}, additionalProperties: false } as const;
export const USAGE = {
  type: 'boolean',
  description: 'also what each one uses: CPU time, memory, number of processes',
} as const;
export const ONE_SUBSCRIPTION = {
  type: 'object',
  properties: { subscription: SUBSCRIPTION },
  required: ['subscription'],
  additionalProperties: false,
} as const;
/** As `ACTION`. */
export const RESTART = {
  type: 'object',
  properties: {
    names: NAMES,
    max_unavailable: {
      type: 'integer',
      minimum: 1,
      description:
        'a rolling restart: at most this many at a time, the next ones once these are healthy; the first that fails ends it. Instances that a person has stopped stay stopped.',
    },
    ...WAIT,
  },
  required: ['names'],
  additionalProperties: false,
} as const;
export const ACTION = {
  type: 'object',
  properties: { names: NAMES, ...WAIT },
  required: ['names'],
  additionalProperties: false,
} as const;
