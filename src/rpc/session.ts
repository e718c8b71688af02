/** One client of the control socket: its requests in, its replies and notifications out, all of it bounded. */

import type { Socket } from 'node:net';
import { TaskmasterError } from '../errors.ts';
import { nearestWord } from '../nearest-word.ts';
import { type AccessLevel, METHODS, type MethodName } from './contract.ts';
import type { EnginePort } from './engine-port.ts';
import { METHOD_NOT_FOUND, PARSE_ERROR, type RpcError, toRpcError } from './error-codes.ts';
import { isBlank, LineSplitter, LineTooLong, MAX_REQUEST_LINE_BYTES } from './framing.ts';
import { type CallContext, HANDLERS } from './handlers.ts';
import { type Call, type Malformed, type Message, type RequestId, readMessage } from './message.ts';
import { Outbox, type OutboxLimits } from './outbox.ts';
import { demandAccess, type PeerCredentials } from './peer.ts';
import { Subscriptions } from './subscriptions.ts';
import { validateParams } from './validate-params.ts';

export interface SessionOptions {
  readonly engine: EnginePort;
  readonly peer: PeerCredentials | undefined;
  /** Asked at each call: a reload may have changed the grants. */
  access(): AccessLevel | undefined;
  readonly outbox: OutboxLimits;
  /** Requests of this client that may be under way before no more are read. */
  readonly maxPending: number;
  /** A handler threw what no handler should throw. */
  onFault(error: unknown): void;
}

interface Response {
  readonly jsonrpc: '2.0';
  readonly id: RequestId;
  readonly result?: unknown;
  readonly error?: RpcError;
}

interface Reply {
  readonly response: Response | undefined;
  readonly begin: (() => void) | undefined;
}

export class Session {
  readonly #socket: Socket;
  readonly #options: SessionOptions;
  readonly #splitter = new LineSplitter(MAX_REQUEST_LINE_BYTES);
  readonly #outbox: Outbox;
  readonly #subscriptions: Subscriptions;
  readonly #gone = new AbortController();
  readonly #context: CallContext;
  /** Lines of the last chunk that are not handled yet, because the client must take its replies first. */
  #lines: Iterator<Buffer> | undefined;
  #pending = 0;
  #hasSpoken = false;
  #hasEnded = false;
  #isClosing = false;

  constructor(socket: Socket, options: SessionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#outbox = new Outbox(socket, options.outbox, () => this.#continue());
    this.#subscriptions = new Subscriptions(options.engine, this.#outbox);
    this.#context = {
      engine: options.engine,
      by: { uid: options.peer?.uid ?? -1, pid: options.peer?.pid ?? 0 },
      subscriptions: this.#subscriptions,
      demand: (level) => demandAccess('attach with stdin', level, options.access(), options.peer),
      signal: this.#gone.signal,
    };
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('end', () => this.#receiveEnd());
    // A client that vanished is its own affair; `close` follows.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#dispose());
  }

  /** True for a client that never sent a byte, or that sends no more: the first to go where room is needed. */
  get isIdleForGood(): boolean {
    return !this.#hasSpoken || (this.#hasEnded && this.#pending === 0);
  }

  /** Ends the connection from our side: what waits is sent, what is under way is answered with the reason. */
  end(reason: TaskmasterError): void {
    this.#isClosing = true;
    this.#subscriptions.cancelAll();
    this.#gone.abort(reason);
    this.#endIfDone();
  }

  #receive(chunk: Buffer): void {
    this.#hasSpoken = true;
    if (this.#isClosing) return;
    this.#lines = this.#splitter.push(chunk);
    this.#continue();
  }

  /** Handles lines until the chunk is used up or the client has enough to take in. */
  #continue(): void {
    if (this.#lines === undefined) return;
    try {
      while (!this.#isClosing) {
        if (this.#pending >= this.#options.maxPending || this.#outbox.isCongested) {
          this.#socket.pause();
          return;
        }
        const { done, value } = this.#lines.next();
        if (done === true) break;
        if (!isBlank(value)) this.#handle(readMessage(value));
      }
    } catch (error) {
      this.#refuseLine(error);
      return;
    }
    this.#lines = undefined;
    if (!this.#socket.destroyed) this.#socket.resume();
  }

  #refuseLine(error: unknown): void {
    if (!(error instanceof LineTooLong)) throw error;
    const message = `Parse error: ${error.message}; the connection is closed`;
    this.#outbox.reply({
      jsonrpc: '2.0',
      id: null,
      error: { code: PARSE_ERROR, message, data: { code: 'protocol' } },
    });
    this.#lines = undefined;
    this.#isClosing = true;
    // What still comes is read and thrown away until the other side has the reply: closing a socket with unread
    // bytes in it would reset the connection and the reply with it (unix(7), ECONNRESET).
    this.#outbox.end();
    this.#socket.resume();
  }

  /** The client sends no more, but may still read: answer what it asked, then end. */
  #receiveEnd(): void {
    this.#hasEnded = true;
    const rest = this.#splitter.rest();
    if (!this.#isClosing && !isBlank(rest)) this.#handle(readMessage(rest));
    this.#endIfDone();
    // One that closed only its writing side and one that is gone look the same from here; a blank line, which means
    // nothing between JSON texts, fails with EPIPE for the second (unix(7)) and so frees what it holds.
    if (this.#pending > 0 || this.#subscriptions.size > 0) this.#socket.write('\n');
  }

  #endIfDone(): void {
    if (this.#pending > 0) return;
    if (this.#isClosing || (this.#hasEnded && this.#subscriptions.size === 0)) this.#outbox.end();
  }

  #handle(message: Message): void {
    this.#pending += 1;
    void this.#answer(message).finally(() => {
      this.#pending -= 1;
      this.#endIfDone();
      this.#continue();
    });
  }

  async #answer(message: Message): Promise<void> {
    if (message.kind === 'single') {
      const { response, begin } = await this.#reply(message.entry);
      if (response !== undefined) this.#outbox.reply(response);
      this.#begin(begin);
      return;
    }
    const replies = await Promise.all(message.entries.map((entry) => this.#reply(entry)));
    const responses = replies.map(({ response }) => response).filter((response) => response !== undefined);
    // "There MUST NOT be an empty array": a batch of notifications has no answer (JSON-RPC 2.0, section 6).
    if (responses.length > 0) this.#outbox.reply(responses);
    for (const { begin } of replies) this.#begin(begin);
  }

  #begin(begin: (() => void) | undefined): void {
    if (begin === undefined || this.#socket.destroyed || this.#isClosing) return;
    try {
      begin();
    } catch (error) {
      this.#options.onFault(error);
    }
  }

  async #reply(entry: Call | Malformed): Promise<Reply> {
    if (entry.kind === 'malformed') {
      return { response: { jsonrpc: '2.0', id: entry.id, error: entry.error }, begin: undefined };
    }
    const { id } = entry;
    const respond = (outcome: { result: unknown } | { error: RpcError }): Response | undefined =>
      id === undefined ? undefined : { jsonrpc: '2.0', id, ...outcome };
    if (!Object.hasOwn(METHODS, entry.method)) {
      return { response: respond({ error: noSuchMethod(entry.method) }), begin: undefined };
    }
    try {
      const { result, begin } = await this.#call(entry.method as MethodName, entry.params);
      return { response: respond({ result }), begin };
    } catch (error) {
      if (!(error instanceof TaskmasterError)) this.#options.onFault(error);
      return { response: respond({ error: toRpcError(error) }), begin: undefined };
    }
  }

  #call(method: MethodName, params: unknown = {}): Awaitable<{ result: unknown; begin?: () => void }> {
    const { peer } = this.#options;
    demandAccess(method, METHODS[method].access, this.#options.access(), peer);
    validateParams(method, params);
    const handler = HANDLERS[method] as (
      params: unknown,
      context: CallContext,
    ) => Awaitable<{ result: unknown; begin?: () => void }>;
    return handler(params, this.#context);
  }

  #dispose(): void {
    this.#isClosing = true;
    this.#lines = undefined;
    this.#subscriptions.cancelAll();
    this.#outbox.discard();
    if (!this.#gone.signal.aborted) {
      this.#gone.abort(new TaskmasterError('protocol', 'the client has gone'));
    }
  }
}

type Awaitable<T> = T | Promise<T>;

function noSuchMethod(method: string): RpcError {
  const suggestion = nearestWord(method, Object.keys(METHODS));
  const hint = suggestion === undefined ? 'rpc.discover lists them' : `did you mean ${suggestion}?`;
  return {
    code: METHOD_NOT_FOUND,
    message: `Method not found: ${JSON.stringify(method.slice(0, 64))}; ${hint}`,
    data: { code: 'protocol' },
  };
}
