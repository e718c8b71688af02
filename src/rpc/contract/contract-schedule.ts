/** The schedule of an instance in status, as JSON Schema. */

const EPOCH_MS = { type: 'number', description: 'epoch milliseconds' } as const;
const DURATION_MS = { type: 'integer', minimum: 0 } as const;

export const RUN = {
  type: 'object',
  properties: {
    started_at: EPOCH_MS,
    duration_ms: DURATION_MS,
    failed: { type: 'boolean' },
    outcome: { type: 'string', description: '`exited with code 0`' },
  },
  required: ['started_at', 'duration_ms', 'failed', 'outcome'],
  additionalProperties: false,
} as const;

export const SCHEDULE = {
  type: 'object',
  description: 'only of one that has `schedule` or `every`',
  properties: {
    expression: { type: 'string', description: '`30 2 * * *`' },
    every_ms: DURATION_MS,
    timezone: { type: 'string', description: 'if one is configured' },
    next_run_at: { type: ['number', 'null'], description: 'epoch milliseconds; null while it is stopped' },
    next_run_in_ms: { type: ['integer', 'null'], minimum: 0 },
    last_run: { oneOf: [RUN, { type: 'null' }] },
  },
  required: ['next_run_at', 'next_run_in_ms', 'last_run'],
  additionalProperties: false,
} as const;

export const RUNS = {
  type: 'array',
  description: 'recent runs by its schedule, oldest first, at most 10; only of one that has a schedule',
  items: RUN,
} as const;
