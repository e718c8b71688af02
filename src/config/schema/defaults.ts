/** The `[defaults]` table: keys of processes for those that do not give them. */

import { processSchema } from './process.ts';
import type { SchemaNode } from './walk.ts';

const {
  cmd: _cmd,
  args: _args,
  description: _description,
  depends_on: _dependsOn,
  ...shared
} = processSchema.properties;

export const defaultsSchema = {
  type: 'object',
  description:
    'Keys for all processes that do not give them: any of a process but `cmd`, `args`, `description` and `depends_on`.',
  properties: withoutDefaults(shared),
  additionalProperties: false,
  expected: 'a table such as [defaults]',
} as const;

/** A default of the schema would be one that the file seems to give. */
function withoutDefaults(
  properties: Readonly<Record<string, SchemaNode>>,
): Readonly<Record<string, SchemaNode>> {
  return Object.fromEntries(
    Object.entries(properties).map(([key, { default: _, ...row }]) => [
      key,
      row.properties === undefined ? row : { ...row, properties: withoutDefaults(row.properties) },
    ]),
  );
}
