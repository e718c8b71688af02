/** `stdout` and `stderr` of a process. */

import { account, duration, flag, nonEmptyText, octalMode, type SchemaRows, size } from './values.ts';

export const output = {
  perInstance: true,
  type: ['string', 'object'],
  pattern: '^(inherit|null|passthrough|.*/.*)$',
  properties: {
    file: {
      reload: 'restart',
      ...nonEmptyText,
      perInstance: true,
      description: 'Path of the file, appended to.',
    },
    max_size: { reload: 'live', ...size, description: 'Rotate at this size. Default: never.' },
    rotate_every: {
      reload: 'live',
      ...duration,
      description:
        'Rotate with the first line of a new hour (`"1h"`), day (`"1d"`), week (`"7d"`, on Monday): at the multiples of this from Monday 00:00 UTC on, at least a minute. Default: by size only.',
      examples: ['1d'],
    },
    max_files: {
      reload: 'live',
      type: 'integer',
      minimum: 0,
      maximum: 1000,
      default: 5,
      description: 'How many rotated files are kept beside the current one.',
    },
    compress: { reload: 'live', ...flag, default: false, description: 'Compress rotated files with gzip.' },
    mode: {
      reload: 'live',
      ...octalMode,
      description:
        'Permissions of a file that is made, whatever the umask. Default: 0644 less the umask; after a rotation as the one before. A file that is there keeps its own.',
      examples: ['0640'],
    },
    owner: {
      reload: 'live',
      ...account,
      description:
        'Owner of a file that is made. Default: the engine’s own user; in a directory of another user, that user.',
    },
    group: {
      reload: 'live',
      ...account,
      description: 'Group of a file that is made. Default: the engine’s own.',
    },
    shared: {
      reload: 'restart',
      ...flag,
      default: false,
      description:
        'All instances write to this one file; lines stay whole. Default: each instance has a file of its own. Processes that name the same path always share it.',
    },
    timestamps: {
      reload: 'live',
      ...flag,
      default: false,
      description: 'Begin each line with the time: UTC with milliseconds (RFC 3339).',
    },
  } as const satisfies SchemaRows,
  required: ['file'],
  additionalProperties: false,
  default: 'inherit',
  expected:
    '"inherit", "null", "passthrough", a path with a slash, or {file, max_size, rotate_every, max_files, compress, mode, owner, group, shared, timestamps}',
} as const;

export const errorOutput = {
  ...output,
  pattern: '^(inherit|null|passthrough|stdout|.*/.*)$',
  expected: `"stdout", ${output.expected}`,
} as const;

export const OUTPUT_FORMS =
  '`"inherit"`: through the engine to the container’s own stream. `"null"`: dropped. `"passthrough"`: the engine’s own descriptor, unseen by it. `"PATH"` or a table with `file`: a file. `%i` in a path is the number of the instance; without it, instances after the first write to `NAME-2.EXT`, `NAME-3.EXT`, ….';
