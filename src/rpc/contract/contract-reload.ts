/** The methods of the contract that re-read configurations: the engine's own, and those of programs. */

import { TARGET_OUTCOME } from './contract-act.ts';
import { NAMES, WAIT } from './contract-params.ts';
import { RELOAD_PLAN } from './contract-shapes.ts';

const PARAMS = {
  type: 'object',
  properties: { plan: { type: 'boolean', description: 'report what would happen, do nothing' }, ...WAIT },
  additionalProperties: false,
} as const;
const RESULT = {
  type: 'object',
  properties: {
    applied: { type: 'boolean', description: 'false for a plan' },
    plan: RELOAD_PLAN,
    needs_engine_restart: { type: 'array', items: { type: 'string' } },
    warnings: { type: 'array', items: { type: 'string' } },
    not_up: {
      type: 'array',
      items: TARGET_OUTCOME,
      description: 'added or restarted ones that could not start, or with `wait` did not come up',
    },
  },
  required: ['applied', 'plan', 'needs_engine_restart', 'warnings', 'not_up'],
  additionalProperties: false,
} as const;

export const RELOAD_METHODS = {
  reload: {
    summary: 'Re-reads the configuration and applies what changed, all or nothing.',
    access: 'control',
    params: PARAMS,
    result: RESULT,
  },
  rollback: {
    summary:
      'Returns to the configuration before the last reload that changed something; the files stay as they are.',
    access: 'control',
    params: PARAMS,
    result: RESULT,
  },
  'reload.processes': {
    summary:
      'Has the programs of the instances re-read their own configuration, by `reload` or `reload_signal`. Nothing is done if one that is named, and not only matched by a pattern, has neither or does not run.',
    access: 'control',
    params: {
      type: 'object',
      properties: {
        names: NAMES,
        wait: { type: 'boolean', description: 'reply once the commands have ended' },
        timeout_ms: WAIT.timeout_ms,
      },
      required: ['names'],
      additionalProperties: false,
    },
    result: {
      type: 'object',
      properties: {
        instances: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              name: { type: 'string' },
              how: { enum: ['command', 'signal'] },
              program: {
                type: 'string',
                description: 'of the command; one that still starts runs it when it is ready',
              },
              signal: { type: 'string', description: 'that was sent' },
              succeeded: { type: 'boolean', description: 'with `wait`: whether the command has' },
              outcome: { type: 'string', description: 'with `wait`: `exited with code 1`' },
            },
            required: ['name', 'how'],
            additionalProperties: false,
          },
        },
      },
      required: ['instances'],
      additionalProperties: false,
    },
  },
} as const;
