/**
 * THE source of the configuration's shape: types, defaults, checks, the reference and the published JSON Schema all
 * come from here (and the files it is put together from).
 */

import type { FromSchema } from 'json-schema-to-ts';
import { defaultsSchema, templateSchema } from './defaults.ts';
import { engineSchema } from './engine.ts';
import { groupSchema } from './groups.ts';
import type { healthcheckSchema } from './healthcheck.ts';
import { processSchema } from './process.ts';
import { socketSchema } from './sockets.ts';
import { nonEmptyText } from './values.ts';

/** Names of processes; `all` means every process on the command line and is refused by the resolver. */
export const PROCESS_NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$';

export const configSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'taskmaster configuration',
  type: 'object',
  properties: {
    include: {
      type: ['string', 'array'],
      pattern: '\\S',
      items: nonEmptyText,
      description:
        'More files to read: paths or globs (`*`, `?`, `[…]`), relative to this file, in alphabetical order.',
      expected: 'a path, or an array of paths',
      examples: [['conf.d/*.toml']],
    },
    engine: engineSchema,
    defaults: defaultsSchema,
    templates: {
      type: 'object',
      propertyNames: { pattern: PROCESS_NAME_PATTERN },
      additionalProperties: templateSchema,
      description: 'Keys that processes take by `extends`, by the name of the template.',
      expected: 'tables such as [templates.worker]',
    },
    groups: {
      type: 'object',
      propertyNames: { pattern: PROCESS_NAME_PATTERN },
      additionalProperties: groupSchema,
      description: 'Names for several processes together.',
      expected: 'tables such as [groups.app]',
    },
    processes: {
      type: 'object',
      propertyNames: { pattern: PROCESS_NAME_PATTERN },
      additionalProperties: processSchema,
      description: 'The processes, by name.',
      expected: 'tables such as [processes.web]',
    },
    sockets: {
      type: 'object',
      propertyNames: { pattern: PROCESS_NAME_PATTERN },
      additionalProperties: socketSchema,
      description: 'Sockets that the engine opens for processes, by name.',
      expected: 'tables such as [sockets.http]',
    },
  },
  additionalProperties: false,
} as const;

/** A `[engine]` table that passed the validator, defaults filled in. */
export type EngineSource = FromSchema<typeof engineSchema>;
/** A `[processes.NAME]` table that passed the validator, defaults filled in. */
export type ProcessSource = FromSchema<typeof processSchema>;
/** A `[sockets.NAME]` table that passed the validator, defaults filled in. */
export type SocketSource = FromSchema<typeof socketSchema>;
/** A `[groups.NAME]` table that passed the validator. */
export type GroupSource = FromSchema<typeof groupSchema>;
export type HealthcheckSource = FromSchema<typeof healthcheckSchema>;
/** A whole document that passed the validator, defaults filled in. */
export interface ConfigSource {
  readonly include?: string | readonly string[];
  readonly engine: EngineSource;
  readonly processes?: Readonly<Record<string, ProcessSource>>;
  readonly sockets?: Readonly<Record<string, SocketSource>>;
  readonly groups?: Readonly<Record<string, GroupSource>>;
}
