/** `[defaults]` and `[templates.NAME]`: keys of processes for those that do not give them. */

import { processSchema } from './process.ts';
import type { SchemaNode } from './walk.ts';

const {
  cmd: _cmd,
  args: _args,
  description: _description,
  depends_on: _dependsOn,
  schedule: _schedule,
  every: _every,
  extends: _extends,
  ...shared
} = processSchema.properties;

export const defaultsSchema = {
  type: 'object',
  description:
    'Keys for all processes that do not give them: any of a process but `cmd`, `args`, `description`, `depends_on`, `schedule`, `every` and `extends`.',
  properties: withoutDefaults(shared),
  additionalProperties: false,
  expected: 'a table such as [defaults]',
} as const;

export const templateSchema = {
  type: 'object',
  description: 'Keys for the processes that extend it: any of a process.',
  properties: withoutDefaults(processSchema.properties),
  additionalProperties: false,
  expected: 'a table such as [templates.worker]',
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
