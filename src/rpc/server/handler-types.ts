/** What a handler of a method is given, and what it gives. */

import type { Clock } from '../../supervisor/ports/clock.ts';
import type { EnginePort, Requester } from '../access/engine-port.ts';
import type { AccessLevel, MethodName, Params, Result } from '../contract/contract.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { VerbRun } from './verb-run.ts';

/** The verbs that run for one client. */
export interface VerbRuns {
  /** Throws `bad-arguments` where one runs already. */
  run(params: Params<'cli.run'>): Promise<Result<'cli.run'>>;
  readonly current: VerbRun | undefined;
}

/** What a handler knows beside its parameters. */
export interface CallContext {
  readonly clock: Pick<Clock, 'after'>;
  readonly engine: EnginePort;
  readonly by: Requester;
  readonly subscriptions: Subscriptions;
  readonly verbs: VerbRuns;
  /** Throws `not-permitted` unless the client has this access, for what a method does only if asked to. */
  demand(level: AccessLevel): void;
  /** Aborts when the client is gone or the server closes. */
  readonly signal: AbortSignal;
}

/** `begin` runs right behind the reply, in the same turn: what it sends cannot overtake the reply. */
export interface Answer<Method extends MethodName> {
  readonly result: Result<Method>;
  readonly begin?: () => void;
}

export type Outcome<Method extends MethodName> = Answer<Method> | Promise<Answer<Method>>;

/** What takes more than a few milliseconds is a generator, which is gone through in pieces. */
type Handler<Method extends MethodName> = (
  params: Params<Method>,
  context: CallContext,
) => Outcome<Method> | Generator<undefined, Outcome<Method>>;

export type Handlers = { readonly [Method in MethodName]: Handler<Method> };
