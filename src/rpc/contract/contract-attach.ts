/** The methods of the contract about one instance's output as it comes, and its input. */

import { NAME, NOTHING, ONE_SUBSCRIPTION, STREAMS } from './contract-params.ts';
import { BYTES, INSTANCE, OUTPUT_POSITION, SUBSCRIPTION } from './contract-shapes.ts';

export const ATTACH_METHODS = {
  attach: {
    summary: 'Replays recent output of one instance, then `attach` notifications follow it live.',
    access: 'read',
    params: {
      type: 'object',
      properties: {
        name: NAME,
        streams: STREAMS,
        replay: { type: 'boolean', description: 'false: only what is printed from now on' },
        after: {
          ...OUTPUT_POSITION,
          description:
            'replay only what was printed after this position, as `logs.output` and `logs.position` report it; `dropped` counts what is no longer in memory',
        },
        stdin: {
          type: 'boolean',
          description: 'also the right to write, which one client at a time has; it takes "control" access',
        },
        steal: { type: 'boolean', description: 'with `stdin`: take it over from who has it' },
      },
      required: ['name'],
      additionalProperties: false,
    },
    result: {
      type: 'object',
      properties: {
        subscription: SUBSCRIPTION,
        instance: INSTANCE,
        input: { enum: ['null', 'pipe', 'terminal'], description: 'what its standard input is' },
      },
      required: ['subscription', 'instance', 'input'],
      additionalProperties: false,
    },
  },
  'attach.write': {
    summary:
      'Writes to the standard input of an instance attached with `stdin`; `end` closes a pipe after that, and does nothing to a terminal (Ctrl-D is the byte 4). The reply comes when the process has been given all of it.',
    access: 'control',
    params: {
      type: 'object',
      properties: { subscription: SUBSCRIPTION, ...BYTES, end: { type: 'boolean' } },
      required: ['subscription'],
      additionalProperties: false,
    },
    result: NOTHING,
  },
  send: {
    summary:
      'Writes to the standard input of one instance, and leaves it open. Refused while somebody is attached with `stdin`. The reply comes when the process has been given all of it.',
    access: 'control',
    params: {
      type: 'object',
      properties: { name: NAME, ...BYTES },
      required: ['name'],
      additionalProperties: false,
    },
    result: {
      type: 'object',
      properties: { instance: { type: 'string' }, bytes: { type: 'integer' } },
      required: ['instance', 'bytes'],
      additionalProperties: false,
    },
  },
  'attach.resize': {
    summary: 'Sets the size of the terminal of an instance attached with `stdin`.',
    access: 'control',
    params: {
      type: 'object',
      properties: {
        subscription: SUBSCRIPTION,
        columns: { type: 'integer', minimum: 1, maximum: 65_535 },
        rows: { type: 'integer', minimum: 1, maximum: 65_535 },
      },
      required: ['subscription', 'columns', 'rows'],
      additionalProperties: false,
    },
    result: NOTHING,
  },
  detach: {
    summary: 'Ends an `attach` subscription; the process does not notice.',
    access: 'read',
    params: ONE_SUBSCRIPTION,
    result: NOTHING,
  },
} as const;
