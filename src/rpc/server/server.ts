/** The control socket: who may connect, how many, and what becomes of them when the engine leaves. */

import { createServer, type Server, Socket } from 'node:net';
import { SystemError, TaskmasterError } from '../../errors.ts';
import type { Clock } from '../../supervisor/ports/clock.ts';
import type { EnginePort } from '../access/engine-port.ts';
import { type Grant, inWords, isOwner, type PeerCredentials, type Rights, rightsOf } from '../access/peer.ts';
import { ERROR_FACES } from '../contract/error-codes.ts';
import { frame } from '../protocol/framing.ts';
import type { SocketPlace } from '../protocol/socket-path.ts';
import { type BudgetLimits, ByteBudget } from './byte-budget.ts';
import { FairWork } from './fair-work.ts';
import { ReportLimiter } from './report-limiter.ts';
import { Session, type SessionLimits, type SessionParts } from './session.ts';
import {
  isStillOurs,
  listenAt,
  removeSocketFile,
  type SocketFile,
  type SocketFileSettings,
} from './socket-file.ts';
import { SUBSCRIPTION_LIMITS, type SubscriptionLimits, SubscriptionPlaces } from './subscription-places.ts';
import type { RunVerb } from './verb-run.ts';

export interface ServerLimits extends SessionLimits {
  readonly clients: number;
  /** Of them, kept for root and the engine's own user. */
  readonly keptClients: number;
  /** Of one user who is neither. */
  readonly clientsOfOne: number;
  /** One that has been idle for so long makes room for the next of its user when their places are taken. */
  readonly silenceMs: number;
  /** Connections turned away that are kept until they have read why. */
  readonly refusals: number;
  readonly replies: BudgetLimits;
  readonly notifications: BudgetLimits;
  readonly subscriptions: SubscriptionLimits;
}

export const SERVER_LIMITS: ServerLimits = {
  clients: 128,
  keptClients: 32,
  clientsOfOne: 32,
  silenceMs: 1_000,
  refusals: 32,
  pendingRequests: 32,
  requestMs: 60_000,
  outbox: {
    notificationBytes: 1024 * 1024,
    leastNotificationBytes: 64 * 1024,
    congestedBytes: 256 * 1024,
    stallMs: 30_000,
  },
  replies: { bytesOfOne: 8 * 2 ** 20, bytesOfAll: 24 * 2 ** 20 },
  notifications: { bytesOfOne: 8 * 2 ** 20, bytesOfAll: 24 * 2 ** 20 },
  subscriptions: SUBSCRIPTION_LIMITS,
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
  /** Takes connections that wait beside the one just taken; undefined: one comes in each turn of the event loop. */
  readonly waiting?: WaitingConnections;
  /** The code of taskshell's commands, for clients that have none; undefined: such clients are declined. */
  readonly loadVerbs?: () => Promise<RunVerb>;
  readonly clock: Clock;
  /** Somebody was turned away or let go; for the log. `more`: so many others were, for the same reason, untold. */
  readonly onRejected: (reason: string, uid: number | undefined, more?: number) => void;
  /** A method failed as none should; for the log. */
  readonly onFault: (error: unknown) => void;
  readonly limits?: ServerLimits;
}

/** The queue of a listening socket: in a flood of strangers, root must not have to wait until a turn is theirs. */
export interface WaitingConnections {
  readonly accept: (listener: Server, most: number) => readonly number[];
  readonly peerOf: (fd: number) => PeerCredentials | undefined;
  /** Writes what fits without waiting, and closes. */
  readonly dismiss: (fd: number, line: string) => void;
}

interface Client {
  readonly socket: Socket;
  readonly session: Session;
  readonly peer: PeerCredentials;
  /** Undefined once its grants were taken away. */
  rights: Rights | undefined;
}

export class RpcServer {
  readonly #options: RpcServerOptions;
  readonly #limits: ServerLimits;
  readonly #clients = new Set<Client>();
  /** Turned away, and still to read why. */
  readonly #refused = new Set<Socket>();
  readonly #work: FairWork;
  readonly #replies: ByteBudget;
  readonly #notifications: ByteBudget;
  readonly #subscriptions: SubscriptionPlaces;
  readonly #reports: ReportLimiter;
  #grants: readonly Grant[];
  #listener: Server | undefined;
  #file: SocketFile | undefined;
  #place: SocketPlace | undefined;

  constructor(options: RpcServerOptions) {
    this.#options = options;
    this.#limits = options.limits ?? SERVER_LIMITS;
    this.#grants = options.grants;
    this.#replies = new ByteBudget(this.#limits.replies, () => {
      for (const { session } of this.#clients) session.wake();
    });
    this.#notifications = new ByteBudget(this.#limits.notifications);
    this.#subscriptions = new SubscriptionPlaces(this.#limits.subscriptions);
    this.#work = new FairWork(options.clock);
    this.#reports = new ReportLimiter(options.clock, options.onRejected);
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
        this.#file = await listenAt(listener, place, this.#fileSettings);
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

  /** False where somebody removed our socket file, or something else stands in its place. */
  async isInPlace(): Promise<boolean> {
    return this.#file !== undefined && (await isStillOurs(this.#file));
  }

  /** Makes the socket again at the same path (somebody removed it, or its permissions). Clients stay connected. */
  async recreate(): Promise<void> {
    const place = this.#place;
    const file = this.#file;
    if (place === undefined || file === undefined) return;
    const listener = this.#createListener();
    this.#file = await listenAt(listener, place, this.#fileSettings, file);
    this.#listener?.close();
    this.#listener = listener;
  }

  /**
   * Grants of a configuration just loaded; they count from the next request on, for those connected too. What somebody
   * follows was opened to them by the old ones: who may do something else now has to ask for it again.
   */
  setGrants(grants: readonly Grant[]): void {
    this.#grants = grants;
    for (const client of this.#clients) {
      const rights = this.#rightsOf(client.peer);
      const isSame = rights?.text === client.rights?.text;
      client.rights = isSame ? client.rights : rights;
      if (rights !== undefined && (isSame || !client.session.hasSubscriptions)) continue;
      const message = 'the grants of [engine] access have changed; connect again';
      client.session.end(new TaskmasterError('not-permitted', message));
    }
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
    for (const refused of this.#refused) refused.destroy();
    this.#reports.close();
    const cancel = this.#options.clock.after(flushMs, () => {
      for (const { socket } of this.#clients) socket.destroy();
    });
    await Promise.all(closed);
    cancel();
  }

  get #fileSettings(): Parameters<typeof listenAt>[2] {
    const { file, clock } = this.#options;
    return { ...file, clock };
  }

  #createListener(): Server {
    // Half-open: a client may send its requests, close its writing side and still get the replies.
    const listener = createServer({ allowHalfOpen: true }, (socket) => {
      this.#accept(socket);
      this.#acceptMore(listener);
    });
    return listener.on('error', () => {
      // accept(2) failed for one client (EMFILE); the listener lives on.
    });
  }

  /** In a flood strangers are turned away without being made a connection of. */
  #acceptMore(listener: Server): void {
    const { waiting } = this.#options;
    for (const fd of waiting?.accept(listener, MOST_AT_ONCE) ?? []) {
      const peer = waiting?.peerOf(fd);
      if (this.#rightsOf(peer) === undefined && this.#refused.size >= this.#limits.refusals) {
        this.#reports.tell('no access', peer?.uid);
        waiting?.dismiss(fd, refusalLine('not-permitted', noAccess(peer)));
      } else {
        this.#accept(new Socket({ fd, readable: true, writable: true, allowHalfOpen: true }));
      }
    }
  }

  #accept(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    const peer = this.#peerOf(socket);
    const rights = this.#rightsOf(peer);
    if (peer === undefined || rights === undefined) {
      this.#reports.tell('no access', peer?.uid);
      this.#refuse(socket, 'not-permitted', noAccess(peer));
      return;
    }
    const most = this.#mostFor(peer);
    if (!this.#hasRoomFor(peer) && !this.#makeRoom(peer)) {
      this.#reports.tell('too many clients', peer.uid);
      this.#refuse(socket, 'action-failed', `the engine serves ${most} clients already; try again later`);
      return;
    }
    const isKept = isOwner(peer, this.#options);
    const client: Client = {
      socket,
      peer,
      rights,
      session: new Session(
        socket,
        this.#partsFor(peer, () => client.rights, isKept),
      ),
    };
    this.#clients.add(client);
    socket.once('close', () => this.#clients.delete(client));
  }

  #partsFor(peer: PeerCredentials, rights: () => Rights | undefined, isKept: boolean): SessionParts {
    const { engine, clock, onFault, loadVerbs } = this.#options;
    const parts = (): SessionParts => ({
      engine,
      peer,
      rights,
      clock,
      onFault,
      limits: this.#limits,
      work: this.#work,
      replies: this.#replies.shareOf(peer.uid, isKept),
      notifications: this.#notifications.shareOf(peer.uid, isKept),
      places: this.#subscriptions.forClientOf(peer.uid),
      onCutOff: (reason) => this.#reports.tell(reason, peer.uid),
    });
    return { ...parts(), loadVerbs, inner: parts };
  }

  /** Says why, and goes on reading for a moment: a client that still writes would else never see the reason. */
  #refuse(socket: Socket, code: 'not-permitted' | 'action-failed', message: string): void {
    socket.end(refusalLine(code, message));
    if (this.#refused.size >= this.#limits.refusals) {
      const [oldest] = this.#refused;
      oldest?.destroy();
    }
    this.#refused.add(socket);
    const cancel = this.#options.clock.after(REFUSAL_MS, () => socket.destroy());
    socket.once('close', () => {
      cancel();
      this.#refused.delete(socket);
    });
    socket.once('end', () => socket.destroy());
    socket.resume();
  }

  #rightsOf(peer: PeerCredentials | undefined): Rights | undefined {
    return rightsOf(peer, { engineUid: this.#options.engineUid, grants: this.#grants });
  }

  #mostFor(peer: PeerCredentials): number {
    const { clients, clientsOfOne } = this.#limits;
    return isOwner(peer, this.#options) ? clients : Math.min(clients, clientsOfOne);
  }

  #hasRoomFor(peer: PeerCredentials): boolean {
    const { clients, keptClients } = this.#limits;
    if (isOwner(peer, this.#options)) return this.#clients.size < clients;
    const others = [...this.#clients].filter((client) => !isOwner(client.peer, this.#options));
    const own = others.filter((client) => client.peer.uid === peer.uid);
    const open = Math.max(1, clients - keptClients);
    return own.length < this.#mostFor(peer) && others.length < open && this.#clients.size < clients;
  }

  /** Lets the client of the same user go that has been idle longest, if there is one. */
  #makeRoom({ uid }: PeerCredentials): boolean {
    const latest = this.#options.clock.now() - this.#limits.silenceMs;
    const idle = [...this.#clients]
      .filter((client) => client.peer.uid === uid && (client.session.idleSince ?? Infinity) <= latest)
      .sort((left, right) => (left.session.idleSince ?? 0) - (right.session.idleSince ?? 0));
    const [first] = idle;
    if (first === undefined) return false;
    this.#clients.delete(first);
    first.socket.destroy();
    return true;
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

function noAccess(peer: PeerCredentials | undefined): string {
  return `${inWords(peer)} has no access to this engine (see [engine] access)`;
}

function refusalLine(code: 'not-permitted' | 'action-failed', message: string): string {
  return frame({ jsonrpc: '2.0', id: null, error: { code: ERROR_FACES[code].rpc, message, data: { code } } });
}

/** Connections taken in one turn of the event loop. */
const MOST_AT_ONCE = 128;
/** How long somebody turned away may take to read why. */
const REFUSAL_MS = 1_000;
