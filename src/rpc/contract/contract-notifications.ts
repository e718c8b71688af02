/** The notifications of the contract: what the server sends without being asked, for subscriptions. */

import { CLI_NOTIFICATION } from './contract-cli.ts';
import {
  BYTES,
  CONTAINER,
  EVENT,
  EXIT_STATUS,
  INSTANCE,
  STREAM,
  SUBSCRIPTION,
  VISIBLE_STATE,
} from './contract-shapes.ts';

/** What the server sends without being asked; each but `cli` carries the subscription it belongs to. */
export const NOTIFICATIONS = {
  status: {
    summary: 'What changed since the last one; `removed` names instances that are no more.',
    params: {
      type: 'object',
      properties: {
        subscription: SUBSCRIPTION,
        draining: { type: 'boolean' },
        instances: { type: 'array', items: INSTANCE },
        removed: { type: 'array', items: { type: 'string' } },
        container: CONTAINER,
      },
      required: ['subscription', 'draining', 'instances', 'removed'],
      additionalProperties: false,
    },
  },
  events: {
    summary: 'One engine event.',
    params: {
      type: 'object',
      properties: { subscription: SUBSCRIPTION, event: EVENT },
      required: ['subscription', 'event'],
      additionalProperties: false,
    },
  },
  attach: {
    summary: 'Output of the instance, or what became of it.',
    params: {
      type: 'object',
      properties: {
        subscription: SUBSCRIPTION,
        kind: { enum: ['output', 'started', 'exited', 'state', 'removed', 'input-lost'] },
        stream: STREAM,
        incarnation: { type: 'integer' },
        ...BYTES,
        pid: { type: 'integer' },
        status: EXIT_STATUS,
        state: VISIBLE_STATE,
        uid: { type: 'integer', description: 'of who has taken over the input' },
      },
      required: ['subscription', 'kind'],
      additionalProperties: false,
    },
  },
  dropped: {
    summary: 'This client reads too slowly: so much of the subscription was lost, oldest first.',
    params: {
      type: 'object',
      properties: {
        subscription: SUBSCRIPTION,
        notifications: { type: 'integer' },
        bytes: { type: 'integer', description: 'of output that the lost notifications carried' },
      },
      required: ['subscription', 'notifications', 'bytes'],
      additionalProperties: false,
    },
  },
  cli: CLI_NOTIFICATION,
} as const;
