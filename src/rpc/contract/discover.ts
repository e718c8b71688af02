/** The contract as data, for `rpc.discover`: close to OpenRPC (https://spec.open-rpc.org), with access levels. */

import { METHODS, type Result } from './contract.ts';
import { NOTIFICATIONS } from './contract-notifications.ts';
import { ERROR_FACES } from './error-codes.ts';

export function describeContract(): Result<'rpc.discover'> {
  return {
    openrpc: '1.3.2',
    info: {
      title: 'taskmaster',
      description: 'JSON-RPC 2.0 over a Unix socket, one object or batch a line.',
    },
    methods: Object.entries(METHODS).map(([name, { summary, access, params, result }]) => ({
      name,
      summary,
      'x-access': access,
      paramStructure: 'by-name',
      params: Object.entries(params.properties).map(([key, schema]) => ({
        name: key,
        required: 'required' in params && (params.required as readonly string[]).includes(key),
        schema,
      })),
      result: { name: 'result', schema: result },
    })),
    'x-notifications': Object.entries(NOTIFICATIONS).map(([name, { summary, params }]) => ({
      name,
      summary,
      params,
    })),
    'x-errors': Object.entries(ERROR_FACES).map(([code, { rpc }]) => ({ code: rpc, 'data.code': code })),
  };
}
