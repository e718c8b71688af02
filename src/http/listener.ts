/**
 * The HTTP listener of a PID 1: each connection is for one request, lives for a few seconds at most, and there are few.
 * Whatever comes in must neither block nor fill nor end the engine.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ListenAddress } from '../config/resolved-config.ts';
import { oneATurn } from '../slices.ts';
import type { Cancel, Clock } from '../supervisor/ports/clock.ts';
import { type Answer, answer, type HttpSubject, plain } from './answer.ts';
import type { EngineVitals } from './metrics.ts';

export interface ListenerLimits {
  readonly connections: number;
  /** From the connection to the last byte of the answer. */
  readonly exchangeMs: number;
  readonly headerBytes: number;
}

export const LISTENER_LIMITS: ListenerLimits = {
  connections: 64,
  exchangeMs: 10_000,
  headerBytes: 8_192,
};

export interface ListenerOptions {
  readonly engine: HttpSubject;
  readonly vitals: () => EngineVitals;
  readonly clock: Pick<Clock, 'after' | 'soon'>;
  /** A request could not be answered as it should; for the log. */
  readonly onFault: (error: unknown) => void;
  readonly limits?: ListenerLimits;
}

/** Node looks for idle connections at this interval; ours end by their own timers, so never. */
const NEVER_MS = 2 ** 31 - 1;

export class HttpListener {
  readonly #options: ListenerOptions;
  readonly #limits: ListenerLimits;
  readonly #server: Server;
  /** In the order of their coming. */
  readonly #connections = new Map<Socket, Cancel>();
  readonly #taken = new WeakSet<Socket>();
  readonly #turn: () => Promise<void>;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#turn = oneATurn((callback) => options.clock.soon(callback));
    this.#limits = options.limits ?? LISTENER_LIMITS;
    const settings = {
      maxHeaderSize: this.#limits.headerBytes,
      headersTimeout: 0,
      requestTimeout: 0,
      connectionsCheckingInterval: NEVER_MS,
    };
    this.#server = createServer(settings, (request, response) => this.#take(request, response));
    this.#server.on('connection', (socket) => this.#accept(socket));
    this.#server.on('clientError', (error, socket) => refuse(error, socket as Socket));
    this.#server.on('connect', (_request, socket) => socket.destroy());
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Rejects with the error of bind(2) or listen(2). */
  listen({ host, port }: ListenAddress): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port, backlog: 128 }, () => {
        this.#server.off('error', reject);
        // accept(2) may fail for one client (EMFILE); the listener lives on.
        this.#server.on('error', () => {});
        resolve();
      });
    });
  }

  /** At once: anyone who still waits for an answer has waited for one of an engine that is gone. */
  close(): void {
    this.#server.close();
    for (const socket of this.#connections.keys()) socket.destroy();
  }

  #accept(socket: Socket): void {
    // A flood of silent connections must not keep a probe out: the one that came first has had the most time.
    if (this.#connections.size >= this.#limits.connections) {
      const [oldest] = this.#connections.keys();
      oldest?.destroy();
      if (oldest !== undefined) this.#forget(oldest);
    }
    this.#connections.set(
      socket,
      this.#options.clock.after(this.#limits.exchangeMs, () => socket.destroy()),
    );
    socket.once('close', () => this.#forget(socket));
  }

  #forget(socket: Socket): void {
    this.#connections.get(socket)?.();
    this.#connections.delete(socket);
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    response.on('error', () => socket.destroy());
    request.on('error', () => socket.destroy());
    // One request a connection: requests sent behind it before its answer (pipelining) would pile up here.
    if (this.#taken.has(socket)) {
      socket.destroy();
      return;
    }
    this.#taken.add(socket);
    void this.#answer(request, response);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: target = '' } = request;
    const { accept } = request.headers;
    try {
      const given = await answer({ method, target, accept }, this.#options.engine, {
        vitals: this.#options.vitals,
        turn: this.#turn,
      });
      await send(response, given, method === 'HEAD', this.#turn);
    } catch (error) {
      this.#options.onFault(error);
      if (response.headersSent) response.destroy();
      else
        await send(
          response,
          plain(500, 'the engine could not answer; see its log'),
          method === 'HEAD',
          this.#turn,
        );
    }
  }
}

/** Waits for the reader between pieces, so that a slow one holds no more than a few of them. */
async function send(
  response: ServerResponse,
  { status, type, headers, body }: Answer,
  isHead: boolean,
  turn: () => Promise<void>,
): Promise<void> {
  response.writeHead(status, {
    'content-type': type,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    connection: 'close',
    ...headers,
  });
  if (!isHead) {
    for (const piece of body) {
      if (!response.write(piece)) {
        await drained(response);
        await turn();
      }
      if (response.destroyed) return;
    }
  }
  response.end();
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      response.off('drain', go).off('close', go);
      resolve();
    };
    response.on('drain', go).on('close', go);
  });
}

/** What is no HTTP gets a short no, as far as it listens. */
function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  socket.on('error', () => socket.destroy());
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status =
    error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
