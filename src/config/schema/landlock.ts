/** `landlock`: what a process may do with files and TCP ports (landlock(7)). */

import { flag, nonEmptyText } from './values.ts';

const paths = {
  type: 'array',
  maxItems: 256,
  items: nonEmptyText,
  perInstance: true,
  expected: 'an array of paths such as ["/srv", "/usr", "/etc"]',
} as const;

const ports = {
  type: 'array',
  maxItems: 256,
  items: {
    type: ['integer', 'string'],
    minimum: 0,
    maximum: 65_535,
    pattern: '\\S',
    expected: 'a port from 0 to 65535',
  },
  perInstance: true,
  expected: 'an array of ports such as [80, 443]',
} as const;

export const landlockSchema = {
  merge: 'keys',
  type: 'object',
  description:
    'Confines the process, and all that it starts, to these paths and ports; see “Confine a service”. It needs no privilege, and sets `no_new_privs`. Paths mean all that is below them, and are relative to the configuration file. The process fails if one is absent; a leading `-` makes it optional.',
  properties: {
    read: {
      ...paths,
      description:
        'What it may read and, unless `execute` is given, execute. If `read`, `write` or `execute` is given, it may open no other files but /dev/null, zero, full, random and urandom, and its own terminal and standard streams.',
      examples: [['/srv', '/usr', '/etc']],
    },
    write: {
      ...paths,
      description:
        'What it may read, write, create and remove. It cannot execute what is there, nor make device nodes.',
      examples: [['/var/lib/app']],
    },
    execute: {
      ...paths,
      description:
        'What it may execute and read: its program, the loader of programs, and what it runs. Default: all of `read`.',
    },
    connect_tcp: {
      ...ports,
      description: 'TCP ports that it may connect to. Default: all. `[]`: none.',
      examples: [[5432]],
    },
    bind_tcp: {
      ...ports,
      description:
        'TCP ports that it may listen on; 0: one that the kernel chooses. Default: all. `[]`: none. Sockets that the engine passes to it need no entry.',
      examples: [[8080]],
    },
    required: {
      reload: 'live',
      ...flag,
      default: false,
      description:
        'Refuse the configuration if this kernel cannot do all of it. Otherwise the engine warns of what is missing, and applies the rest.',
    },
  },
  additionalProperties: false,
  examples: [{ read: ['/srv', '/usr', '/etc'], write: ['/var/lib/app'] }],
  expected: 'a table such as {read = ["/srv", "/usr", "/etc"], write = ["/var/lib/app"]}',
} as const;
