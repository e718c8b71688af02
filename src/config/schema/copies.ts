/** Keys of a process for its copies. */

import type { SchemaRows } from './values.ts';

export const copiesSchema = {
  instances: {
    reload: 'copies',
    type: 'integer',
    minimum: 1,
    maximum: 1000,
    default: 1,
    description:
      'How many copies to run: `web:1`, `web:2`, …. Each finds its name in TASKMASTER_INSTANCE and its number in TASKMASTER_INSTANCE_NUMBER; see “The number of the instance”.',
  },
  rollout: {
    reload: 'live',
    type: 'string',
    enum: ['at-once', 'rolling'],
    default: 'at-once',
    description:
      'How a reload restarts its copies: all at once, or a few at a time, each time once these are healthy. A rolling restart stops at the first copy that fails, and the others keep running as they were.',
  },
  max_unavailable: {
    reload: 'live',
    type: 'integer',
    minimum: 1,
    maximum: 1000,
    default: 1,
    description: 'With `rollout = "rolling"`: how many copies are restarted at a time.',
  },
} as const satisfies SchemaRows;
