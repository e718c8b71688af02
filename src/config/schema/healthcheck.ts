/** The `healthcheck` table of a process: how to tell that it works. */

import { argumentList, command, duration, text } from './values.ts';

export const healthcheckSchema = {
  merge: 'keys',
  type: 'object',
  description:
    'How to tell that it works: exactly one of `cmd`, `http`, `tcp` or `uptime`. Without any: `uptime = "1s"`.',
  properties: {
    uptime: {
      ...duration,
      displaces: ['cmd', 'args', 'http', 'tcp'],
      default: '1s',
      description: 'Healthy after having been alive for so long.',
    },
    cmd: {
      displaces: ['args', 'http', 'tcp', 'uptime'],
      ...command,
      perInstance: true,
      description:
        'A program that exits 0 when all is well, written as `cmd` of a process. It runs as the process’s user, in its directory and environment.',
      examples: ['/usr/bin/curl'],
    },
    args: {
      ...argumentList,
      perInstance: true,
      description: 'Arguments of `cmd`.',
      examples: [['-f', 'http://localhost/health']],
    },
    http: {
      displaces: ['cmd', 'args', 'tcp', 'uptime'],
      perInstance: true,
      type: ['string', 'object'],
      pattern: '\\S',
      properties: {
        url: { ...text, perInstance: true, description: 'What to GET.' },
        status: {
          type: 'array',
          items: { type: 'integer', minimum: 100, maximum: 599, expected: 'an HTTP status from 100 to 599' },
          minItems: 1,
          description: 'The statuses that are good. Default: 200 to 399.',
          expected: 'an array of HTTP statuses such as [200, 204]',
        },
      },
      required: ['url'],
      additionalProperties: false,
      description: 'A URL that answers well; needs no program in the image.',
      expected: 'a URL such as "http://localhost:8080/health", or {url, status}',
      examples: ['http://localhost:8080/health'],
    },
    tcp: {
      displaces: ['cmd', 'args', 'http', 'uptime'],
      perInstance: true,
      type: ['string', 'integer'],
      pattern: '\\S',
      minimum: 1,
      maximum: 65535,
      description: 'A port, or `host:port`, that accepts connections. The host is 127.0.0.1 unless given.',
      expected: 'a port from 1 to 65535, or "host:port"',
      examples: [5432, 'localhost:5432'],
    },
    interval: {
      ...duration,
      default: '10s',
      description: 'Time between the end of one check and the start of the next.',
    },
    timeout: { ...duration, default: '5s', description: 'A check that takes longer has failed.' },
    retries: {
      type: 'integer',
      minimum: 1,
      maximum: 1000,
      default: 3,
      description: 'Failures in a row that make it unhealthy.',
    },
    start_period: {
      ...duration,
      default: '30s',
      description: 'While it starts: failures in this time do not count until the first success.',
    },
    start_interval: {
      ...duration,
      default: '1s',
      description: 'Time between checks during the start period.',
    },
    on_unhealthy: {
      type: 'string',
      enum: ['restart', 'exit', 'none'],
      default: 'restart',
      description:
        '`restart`: stop it and count a failure. `exit`: end the container with code 11. `none`: only say so.',
    },
  },
  additionalProperties: false,
  default: {},
  expected: 'a table such as [processes.web.healthcheck]',
} as const;
