/**
 * The one table of failures: how each of taskmaster's own codes appears as a JSON-RPC error and as the exit code
 * of an action on the command line (`status` and `health` have codes of their own, see `cli`).
 */

import { type ErrorCode, TaskmasterError } from '../../errors.ts';
import { EXIT_CODES } from '../../exit-codes.ts';

interface ErrorFace {
  /** JSON-RPC 2.0: -32768 to -32100 as the specification has them, -32099 to -32000 are ours. */
  readonly rpc: number;
  readonly exit: number;
}

export const ERROR_FACES: Readonly<Record<ErrorCode, ErrorFace>> = {
  'bad-arguments': { rpc: -32602, exit: 2 },
  'config-invalid': { rpc: -32006, exit: 6 },
  'not-permitted': { rpc: -32004, exit: 4 },
  'unknown-process': { rpc: -32005, exit: 5 },
  'not-running': { rpc: -32007, exit: 7 },
  'action-failed': { rpc: -32001, exit: 1 },
  'timed-out': { rpc: -32008, exit: 8 },
  'shutting-down': { rpc: -32010, exit: 1 },
  'engine-unreachable': { rpc: -32011, exit: 1 },
  'engine-already-running': { rpc: -32012, exit: 1 },
  protocol: { rpc: -32600, exit: 1 },
  system: { rpc: -32013, exit: 1 },
  internal: { rpc: -32603, exit: EXIT_CODES.internalFault },
};

/** Codes of the specification that no failure of our own stands for. */
export const PARSE_ERROR = -32700;
export const INVALID_REQUEST = ERROR_FACES.protocol.rpc;
export const METHOD_NOT_FOUND = -32601;

/** The `error` member of a response. `data.code` is our own code; the rest of `data` are its details. */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** Anything thrown by a handler, made fit for the wire. Internals of unforeseen errors stay inside. */
export function toRpcError(thrown: unknown): RpcError {
  if (!(thrown instanceof TaskmasterError)) {
    return {
      code: ERROR_FACES.internal.rpc,
      message: 'internal error; the engine log says more',
      data: { code: 'internal' },
    };
  }
  return {
    code: ERROR_FACES[thrown.code].rpc,
    message: thrown.message,
    data: { ...thrown.details, code: thrown.code },
  };
}

/** The way back, in a client: an error of the wire as the TaskmasterError it was. */
export function fromRpcError(error: RpcError): TaskmasterError {
  const { code: named, ...details } = error.data ?? {};
  return new TaskmasterError(codeOf(named, error.code), error.message, { details });
}

function codeOf(named: unknown, number: number): ErrorCode {
  if (typeof named === 'string' && Object.hasOwn(ERROR_FACES, named)) return named as ErrorCode;
  for (const [code, face] of Object.entries(ERROR_FACES)) {
    if (face.rpc === number) return code as ErrorCode;
  }
  return 'protocol';
}

/** Exit code of an action that ended with this error. */
export function exitCodeOf(thrown: unknown): number {
  return ERROR_FACES[thrown instanceof TaskmasterError ? thrown.code : 'internal'].exit;
}
