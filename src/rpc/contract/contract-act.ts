/** The methods that say what is wanted of instances. */

import { ACTION, RESTART } from './contract-params.ts';
import { VISIBLE_STATE } from './contract-shapes.ts';

/** What an action did or will do to one instance. */
export const TARGET_OUTCOME = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    state: VISIBLE_STATE,
    already: { type: 'boolean', description: 'it was so before; nothing had to be done' },
    reached: { type: 'boolean', description: 'it is where the action wants it, at the time of the reply' },
    reason: { type: ['string', 'null'] },
  },
  required: ['name', 'state', 'already', 'reached', 'reason'],
  additionalProperties: false,
} as const;

const ACTION_RESULT = {
  type: 'object',
  properties: { instances: { type: 'array', items: TARGET_OUTCOME } },
  required: ['instances'],
  additionalProperties: false,
} as const;

export const ACT_METHODS = {
  start: {
    summary: 'Wants the instances up; cancels any wait for a retry.',
    access: 'control',
    params: ACTION,
    result: ACTION_RESULT,
  },
  stop: {
    summary: 'Wants the instances down, by their stop sequence.',
    access: 'control',
    params: ACTION,
    result: ACTION_RESULT,
  },
  restart: {
    summary: 'Replaces the running incarnations; starts what is down.',
    access: 'control',
    params: RESTART,
    result: ACTION_RESULT,
  },
  run: {
    summary:
      'Runs processes with a schedule now, unless a run is under way. The schedule goes on as before; one that is stopped stays stopped after the run.',
    access: 'control',
    params: ACTION,
    result: ACTION_RESULT,
  },
} as const;
