/**
 * The commands of taskshell that the engine runs for a client without a runtime of its own (the launcher): the methods
 * that begin one and go on with it, and the notification that carries what it prints.
 */

import { NOTHING } from './contract-params.ts';
import { BYTES, STREAM } from './contract-shapes.ts';

const COLUMNS_AND_ROWS = {
  columns: { type: 'integer', minimum: 0, maximum: 65_535 },
  rows: { type: 'integer', minimum: 0, maximum: 65_535 },
} as const;
const CLIENT_STREAM = {
  type: 'object',
  properties: { terminal: { type: 'boolean' }, ...COLUMNS_AND_ROWS },
  required: ['terminal'],
  additionalProperties: false,
} as const;

export const CLI_METHODS = {
  'cli.run': {
    summary:
      'Runs a command of taskshell as the client. What it prints comes as `cli` notifications, then the reply. One at a time for each connection; the end of the connection ends it.',
    access: 'read',
    params: {
      type: 'object',
      properties: {
        version: { type: 'string', description: 'of the client; the engine declines another than its own' },
        words: { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: 2048 },
        socket: { type: 'string', description: 'path of the socket, for messages' },
        stdin: CLIENT_STREAM,
        stdout: CLIENT_STREAM,
        stderr: CLIENT_STREAM,
        environment: {
          type: 'object',
          properties: { TERM: { type: 'string' }, NO_COLOR: { type: 'string' } },
          additionalProperties: false,
        },
      },
      required: ['version', 'words', 'socket', 'stdin', 'stdout', 'stderr', 'environment'],
      additionalProperties: false,
    },
    result: {
      type: 'object',
      properties: {
        exit_code: { type: 'integer' },
        signal: { enum: ['SIGINT'], description: 'the client ends itself by this signal' },
        declined: {
          type: 'string',
          description: 'why the engine has not run it: the client has to do it itself',
        },
      },
      additionalProperties: false,
    },
  },
  'cli.written': {
    summary: 'The client has written so many more bytes of what the command prints.',
    access: 'read',
    params: {
      type: 'object',
      properties: { bytes: { type: 'integer', minimum: 1, maximum: 2_147_483_647 } },
      required: ['bytes'],
      additionalProperties: false,
    },
    result: NOTHING,
  },
  'cli.input': {
    summary: 'The next of the standard input of the client, for a command that has asked for it.',
    access: 'read',
    params: {
      type: 'object',
      properties: { ...BYTES, end: { type: 'boolean', description: 'nothing follows' } },
      additionalProperties: false,
    },
    result: NOTHING,
  },
  'cli.resize': {
    summary: 'The terminal of the client has another size.',
    access: 'read',
    params: {
      type: 'object',
      properties: COLUMNS_AND_ROWS,
      required: ['columns', 'rows'],
      additionalProperties: false,
    },
    result: NOTHING,
  },
  'cli.interrupt': {
    summary: 'Ctrl-C, for a command that has said that it listens for it.',
    access: 'read',
    params: NOTHING,
    result: NOTHING,
  },
} as const;

export const CLI_NOTIFICATION = {
  summary: 'Of a command that runs by `cli.run`.',
  params: {
    type: 'object',
    properties: {
      kind: {
        enum: ['begun', 'output', 'input', 'interrupts'],
        description:
          '`begun`: it was not declined; the other fields say what to print, and how to exit, if the connection is lost. `input`: it asks for the next of the standard input, by `cli.input`',
      },
      stream: STREAM,
      ...BYTES,
      exit_code: { type: 'integer' },
      wanted: { type: 'boolean', description: 'with `interrupts`: whether the command listens for Ctrl-C' },
    },
    required: ['kind'],
    additionalProperties: false,
  },
} as const;
