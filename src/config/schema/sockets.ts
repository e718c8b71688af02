/** A `[sockets.NAME]` table: what the engine listens on for processes, and the keys of a process that uses some. */

import { account, duration, flag, nonEmptyText, octalMode, type SchemaRows } from './values.ts';

export const socketSchema = {
  type: 'object',
  description: 'A socket or FIFO that the engine opens and passes to processes.',
  properties: {
    listen: {
      reload: 'live',
      ...nonEmptyText,
      description:
        'Where to listen: `ADDRESS:PORT` (TCP), `udp:ADDRESS:PORT`, `unix:PATH` (stream), `unix-dgram:PATH`, `unix-seqpacket:PATH`, `fifo:PATH`.',
      examples: ['0.0.0.0:8080', '[::]:80', 'udp:127.0.0.1:5353', 'unix:/run/app.sock'],
    },
    owner: {
      reload: 'new engine',
      ...account,
      description: 'Owner of the file. Default: the engine’s user.',
    },
    group: {
      reload: 'new engine',
      ...account,
      description: 'Group of the file. Default: the engine’s group.',
    },
    mode: {
      reload: 'new engine',
      ...octalMode,
      default: '0666',
      description: 'Mode of the file: to connect takes the permission to write.',
    },
    backlog: {
      reload: 'new engine',
      type: 'integer',
      minimum: 1,
      maximum: 65_535,
      default: 4_096,
      description:
        'Connections that may wait until a process accepts them. The kernel takes no more than net.core.somaxconn.',
    },
    reuse_port: {
      reload: 'new engine',
      ...flag,
      default: false,
      description: 'Let other programs of the same user listen on the same port (SO_REUSEPORT).',
    },
    v6only: {
      reload: 'new engine',
      ...flag,
      default: false,
      description: 'Of an IPv6 address such as `[::]`: take no IPv4 connections.',
    },
  } as const satisfies SchemaRows,
  required: ['listen'],
  additionalProperties: false,
  expected: 'a table such as [sockets.http]',
} as const;

/** Of `[processes.NAME]`. */
export const keysOfSockets = {
  sockets: {
    reload: 'restart',
    type: 'array',
    items: nonEmptyText,
    description:
      'Names of `[sockets]` that the engine passes to it, in this order, as LISTEN_FDS, LISTEN_FDNAMES and LISTEN_PID (sd_listen_fds(3)): descriptors 3, 4 and so on.',
    expected: 'an array of names',
    examples: [['http']],
  },
  activate: {
    reload: 'live',
    ...flag,
    default: false,
    description:
      'Start the program with the first connection or datagram that comes to one of its `sockets`. Until then the instance is `listening`.',
  },
  idle_stop: {
    reload: 'live',
    ...duration,
    description:
      'With `activate`: stop the program if for this long nobody was connected to its sockets and nothing came to them. The next connection starts it again.',
    examples: ['5m'],
  },
} as const satisfies SchemaRows;
