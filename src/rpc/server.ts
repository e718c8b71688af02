/** The control socket: who may connect, how many, and what becomes of them when the engine leaves. */

import { createServer, type Server, type Socket } from 'node:net';
import { SystemError, TaskmasterError } from '../errors.ts';
import type { EnginePort } from './engine-port.ts';
import { ERROR_FACES } from './error-codes.ts';
import { frame } from './framing.ts';
import type { OutboxLimits } from './outbox.ts';
import { accessOf, type Grant, type PeerCredentials } from './peer.ts';
import { Session } from './session.ts';
import { listenAt, removeSocketFile, type SocketFile, type SocketFileSettings } from './socket-file.ts';
import type { SocketPlace } from './socket-path.ts';

export interface ServerLimits {
  readonly clients: number;
  /** A client that has said nothing for so long makes room for a new one when all places are taken. */
  readonly silenceMs: number;
  readonly pendingRequests: number;
  readonly outbox: OutboxLimits;
}

export const SERVER_LIMITS: ServerLimits = {
  clients: 128,
  silenceMs: 1_000,
  pendingRequests: 64,
  outbox: {
    notificationBytes: 1024 * 1024,
    congestedBytes: 256 * 1024,
    replyBytes: 64 * 1024 * 1024,
    stallMs: 30_000,
  },
};

export interface RpcServerOptions {
  readonly engine: EnginePort;
  /** Tried in this order; the first that can be used is taken. */
  readonly places: readonly SocketPlace[];
  readonly file: SocketFileSettings;
  readonly engineUid: number;
  readonly grants: readonly Grant[];
  /** SO_PEERCRED; undefined or a throw means that the kernel did not tell, and that nothing is allowed. */
  readonly peerOf: (socket: Socket) => PeerCredentials | undefined;
  /** Milliseconds that only grow. */
  readonly now: () => number;
  /** Somebody was turned away; for the log. */
  readonly onRejected: (reason: string, uid: number | undefined) => void;
  /** A method failed as none should; for the log. */
  readonly onFault: (error: unknown) => void;
  readonly limits?: ServerLimits;
}

interface Client {
  readonly socket: Socket;
  readonly session: Session;
  readonly connectedAt: number;
}

export class RpcServer {
  readonly #options: RpcServerOptions;
  readonly #limits: ServerLimits;
  readonly #clients = new Set<Client>();
  #grants: readonly Grant[];
  #listener: Server | undefined;
  #file: SocketFile | undefined;
  #place: SocketPlace | undefined;

  constructor(options: RpcServerOptions) {
    this.#options = options;
    this.#limits = options.limits ?? SERVER_LIMITS;
    this.#grants = options.grants;
  }

  /** Path listened on; undefined before `listen` and after `close`. */
  get path(): string | undefined {
    return this.#file?.path;
  }

  get clientCount(): number {
    return this.#clients.size;
  }

  /**
   * @returns the path taken. Throws `engine-already-running`, or what each place said where none can be used.
   */
  async listen(): Promise<string> {
    const refusals: string[] = [];
    for (const place of this.#options.places) {
      const listener = this.#createListener();
      try {
        this.#file = await listenAt(listener, place, this.#options.file);
        this.#listener = listener;
        this.#place = place;
        return this.#file.path;
      } catch (error) {
        if (!(error instanceof SystemError)) throw error;
        if (this.#options.places.length === 1) throw error;
        refusals.push(error.message);
      }
    }
    throw new TaskmasterError('system', `no control socket: ${refusals.join('; ')}`);
  }

  /** Makes the socket anew at the same path (somebody removed it, or its permissions). Clients stay connected. */
  async recreate(): Promise<void> {
    const place = this.#place;
    const file = this.#file;
    if (place === undefined || file === undefined) return;
    const listener = this.#createListener();
    this.#file = await listenAt(listener, place, this.#options.file, file);
    this.#listener?.close();
    this.#listener = listener;
  }

  /** Grants of a configuration just loaded; they count from the next request on, for those connected too. */
  setGrants(grants: readonly Grant[]): void {
    this.#grants = grants;
  }

  /**
   * No more clients; those connected get what waits for them, for at most `flushMs`. The socket file goes if it
   * is still ours.
   */
  async close(flushMs: number): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    if (file !== undefined) await removeSocketFile(file);
    this.#listener?.close();
    this.#listener = undefined;
    const reason = new TaskmasterError('shutting-down', 'the engine is leaving');
    const closed = [...this.#clients].map(
      ({ socket }) => new Promise<void>((resolve) => socket.once('close', () => resolve())),
    );
    for (const { session } of this.#clients) session.end(reason);
    const timer = setTimeout(() => {
      for (const { socket } of this.#clients) socket.destroy();
    }, flushMs);
    await Promise.all(closed);
    clearTimeout(timer);
  }

  #createListener(): Server {
    // Half-open: a client may send its requests, close its writing side and still get the replies.
    return createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket)).on('error', () => {
      // accept(2) failed for one client (EMFILE); the listener lives on.
    });
  }

  #accept(socket: Socket): void {
    const peer = this.#peerOf(socket);
    if (this.#clients.size >= this.#limits.clients && !this.#makeRoom()) {
      this.#options.onRejected('too many clients', peer?.uid);
      refuse(socket, `the engine serves ${this.#limits.clients} clients already; try again later`);
      return;
    }
    const access = () => accessOf(peer, { engineUid: this.#options.engineUid, grants: this.#grants });
    if (access() === undefined) this.#options.onRejected('no access', peer?.uid);
    const session = new Session(socket, {
      engine: this.#options.engine,
      peer,
      access,
      outbox: this.#limits.outbox,
      maxPending: this.#limits.pendingRequests,
      onFault: this.#options.onFault,
    });
    const client: Client = { socket, session, connectedAt: this.#options.now() };
    this.#clients.add(client);
    socket.once('close', () => this.#clients.delete(client));
  }

  /** Lets the longest-connected silent client go, if there is one. */
  #makeRoom(): boolean {
    const latest = this.#options.now() - this.#limits.silenceMs;
    for (const client of this.#clients) {
      if (!client.session.isIdleForGood || client.connectedAt > latest) continue;
      this.#clients.delete(client);
      client.socket.destroy();
      return true;
    }
    return false;
  }

  #peerOf(socket: Socket): PeerCredentials | undefined {
    try {
      return this.#options.peerOf(socket);
    } catch (error) {
      this.#options.onFault(error);
      return undefined;
    }
  }
}

function refuse(socket: Socket, message: string): void {
  const data = { code: 'action-failed' };
  const error = { code: ERROR_FACES['action-failed'].rpc, message, data };
  socket.on('error', () => socket.destroy());
  socket.end(frame({ jsonrpc: '2.0', id: null, error }), () => socket.destroy());
}
