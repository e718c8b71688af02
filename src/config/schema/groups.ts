/** A `[groups.NAME]` table: one name for several processes. */

import { nonEmptyText, text } from './values.ts';

export const groupSchema = {
  type: 'object',
  description: 'Processes that have a name together: for commands, and for `depends_on`.',
  properties: {
    members: {
      type: ['array'],
      minItems: 1,
      items: nonEmptyText,
      description: 'Processes, patterns of their names (`*`, `?`), or other groups.',
      expected: 'an array of names with at least one',
      examples: [['api', 'worker*']],
    },
    description: { ...text, description: 'One line for people.' },
  },
  required: ['members'],
  additionalProperties: false,
  expected: 'a table such as [groups.app] with members = ["api", "worker*"]',
} as const;
