/** One call from its message to its answer, gone through in pieces. */

import { TaskmasterError } from '../../errors.ts';
import { nearestWord } from '../../nearest-word.ts';
import { METHODS, type MethodName } from '../contract/contract.ts';
import { METHOD_NOT_FOUND, type RpcError, toRpcError } from '../contract/error-codes.ts';
import { validateParams } from '../contract/validate-params.ts';
import { jsonPieces } from '../protocol/json-pieces.ts';
import type { Call, Malformed, RequestId } from '../protocol/message.ts';
import type { CallContext, Outcome } from './handler-types.ts';
import { HANDLERS } from './handlers.ts';

export interface CallPorts {
  readonly context: () => CallContext;
  /** Throws `not-permitted` where the client may not call it. */
  readonly demand: (method: MethodName) => void;
  /** A handler threw what no handler should throw. */
  readonly onFault: (error: unknown) => void;
}

/** JSON in pieces, without the newline; undefined for a notification, which is not answered. */
export interface Answered {
  readonly response: readonly string[] | undefined;
  /** Runs right behind the reply. */
  readonly begin: (() => void) | undefined;
}

type AnyOutcome = Outcome<MethodName>;
type AnyAnswer = Awaited<AnyOutcome>;
type Settled = { readonly answer: AnyAnswer } | { readonly error: RpcError };

/** Methods that may last as long as a process takes: a client's next request does not wait for them. */
const LASTING: ReadonlySet<string> = new Set([
  'start',
  'stop',
  'restart',
  'run',
  'reload',
  'rollback',
  'send',
  'attach.write',
  'cli.run',
] satisfies MethodName[]);

export function mayLast(entry: Call | Malformed): boolean {
  return entry.kind === 'call' && LASTING.has(entry.method);
}

/** @returns what the handler came to, at once or later. */
export function* handle(
  entry: Call | Malformed,
  ports: CallPorts,
): Generator<undefined, Settled | Promise<Settled>> {
  if (entry.kind === 'malformed') return { error: entry.error };
  if (!Object.hasOwn(METHODS, entry.method)) return { error: noSuchMethod(entry.method) };
  try {
    const outcome = yield* call(entry.method as MethodName, entry.params, ports);
    if (!(outcome instanceof Promise)) return { answer: outcome };
    return outcome.then(
      (answer) => ({ answer }),
      (error: unknown) => failure(error, ports),
    );
  } catch (error) {
    return failure(error, ports);
  }
}

/** The line for what came of it. */
export function* answer(
  entry: Call | Malformed,
  settled: Settled,
  ports: CallPorts,
): Generator<undefined, Answered> {
  const begin = 'answer' in settled ? settled.answer.begin : undefined;
  if (entry.id === undefined) return { response: undefined, begin };
  if ('error' in settled) return { response: [errorText(entry.id, settled.error)], begin };
  try {
    const result = yield* jsonPieces(settled.answer.result);
    const head = `{"jsonrpc":"2.0","id":${JSON.stringify(entry.id)},"result":`;
    return { response: [head, ...result, '}'], begin };
  } catch (error) {
    ports.onFault(error);
    return { response: [errorText(entry.id, toRpcError(error))], begin: undefined };
  }
}

export function errorText(id: RequestId, error: RpcError): string {
  return JSON.stringify({ jsonrpc: '2.0', id, error });
}

function* call(method: MethodName, params: unknown = {}, ports: CallPorts): Generator<undefined, AnyOutcome> {
  ports.demand(method);
  validateParams(method, params);
  const handler = HANDLERS[method] as (
    params: unknown,
    context: CallContext,
  ) => AnyOutcome | Generator<undefined, AnyOutcome>;
  const outcome = handler(params, ports.context());
  return isGenerator(outcome) ? yield* outcome : outcome;
}

function isGenerator(
  value: AnyOutcome | Generator<undefined, AnyOutcome>,
): value is Generator<undefined, AnyOutcome> {
  return Symbol.iterator in value;
}

function failure(error: unknown, { onFault }: CallPorts): Settled {
  if (!(error instanceof TaskmasterError)) onFault(error);
  return { error: toRpcError(error) };
}

function noSuchMethod(method: string): RpcError {
  const suggestion = nearestWord(method, Object.keys(METHODS));
  const hint = suggestion === undefined ? 'rpc.discover lists them' : `did you mean ${suggestion}?`;
  return {
    code: METHOD_NOT_FOUND,
    message: `Method not found: ${JSON.stringify(method.slice(0, 64))}; ${hint}`,
    data: { code: 'protocol' },
  };
}
