/** A client of the control socket. Light: a one-shot command loads this, node:net and little else. */

import { lstatSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { TaskmasterError } from '../../errors.ts';
import type {
  MethodName,
  NotificationName,
  NotificationParams,
  Params,
  Result,
} from '../contract/contract.ts';
import { fromRpcError, type RpcError } from '../contract/error-codes.ts';
import type { Connection } from '../protocol/connection.ts';
import { frame, isBlank, LineSplitter } from '../protocol/framing.ts';
import { type SocketPlace, socketPlaces } from '../protocol/socket-path.ts';

/** Replies are far larger than requests: a status of 1,000 instances is half a mebibyte. */
const MAX_REPLY_LINE_BYTES = 64 * 1024 * 1024;

export interface ConnectOptions {
  /** `--socket` or TASKMASTER_SOCKET; undefined: the default places, in order. */
  readonly socket: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  /** Who listens, as the kernel tells it (SO_PEERCRED); undefined: it does not, and the socket's owner counts. */
  readonly peerOf?: ((socket: Socket) => ServerIdentity | undefined) | undefined;
  /** The engine that was asked for belongs to somebody else. */
  readonly onForeign?: ((message: string) => void) | undefined;
}

/** Who was listening when the connection was made. */
export interface ServerIdentity {
  readonly uid: number;
  readonly pid: number;
}

/** Those of subscriptions. */
export type Notification = {
  [Name in Exclude<NotificationName, 'cli'>]: {
    readonly method: Name;
    readonly params: NotificationParams<Name>;
  };
}[Exclude<NotificationName, 'cli'>];

interface PendingCall {
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** Connects where the user says, or else to the first of the default places that answers. */
export function connect(options: ConnectOptions): Promise<RpcClient> {
  const { socket, environment, uid } = options;
  return connectToFirst(socketPlaces(socket, environment, uid), options);
}

type Connecting = Pick<ConnectOptions, 'socket' | 'uid' | 'peerOf' | 'onForeign'>;

/** Throws `engine-unreachable` saying what each place said. */
export async function connectToFirst(
  places: readonly SocketPlace[],
  options: Connecting,
): Promise<RpcClient> {
  const refusals: { socket: string; reason: string }[] = [];
  for (const place of places) {
    const attempt = await tryPlace(place, options);
    if (typeof attempt !== 'string') return new RpcClient(attempt, place.path);
    refusals.push({ socket: place.path, reason: attempt });
  }
  const told = refusals.map(({ socket, reason }) => `${socket}: ${reason}`);
  const said = told.length === 1 ? ` at ${told[0]}` : `; tried\n  ${told.join('\n  ')}`;
  const engines = await enginesThatRun(refusals);
  throw new TaskmasterError('engine-unreachable', `cannot reach the engine${said}${engines}`, {
    details: { tried: refusals },
  });
}

/** That none was started is said only where none runs. */
async function enginesThatRun(refusals: readonly { readonly reason: string }[]): Promise<string> {
  if (!refusals.some(({ reason }) => reason === REASONS.ENOENT || reason === REASONS.ECONNREFUSED)) return '';
  const { enginesInWords, runningEngines } = await import('./find-engine.ts');
  const words = enginesInWords(runningEngines());
  return words === '' ? '; no engine seems to run here' : `\n${words}`;
}

async function tryPlace(place: SocketPlace, options: Connecting): Promise<Socket | string> {
  if (place.needsPrivateFolder) {
    const distrust = whyNotPrivate(dirname(place.path), options.uid);
    if (distrust !== undefined) return distrust;
  }
  // Counted, not timed: the module of `performance` takes half a millisecond to load.
  let waitedMs = 0;
  for (let waitMs = 10; ; waitMs = Math.min(waitMs * 2, 200)) {
    const attempt = await tryOnce(place.path);
    if (attempt !== REASONS.EAGAIN || waitedMs > BUSY_LIMIT_MS) return examined(attempt, place, options);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    waitedMs += waitMs;
  }
}

/** The queue of those who knock may be full of strangers: the engine turns them away as fast as it can. */
const BUSY_LIMIT_MS = 5_000;

function tryOnce(path: string): Promise<Socket | string> {
  return new Promise((resolve) => {
    const socket = createConnection({ path });
    const fail = (error: Error): void => resolve(reasonOf(error));
    socket.once('error', fail);
    socket.once('connect', () => {
      socket.off('error', fail);
      resolve(socket);
    });
  });
}

/**
 * Anyone who may write to the folder of a usual place could listen there in the engine's stead, and be told what is typed.
 * Trusted are root, the user, and the first process of the container. A place that was named is the user's own choice:
 * there it is only said.
 */
function examined(attempt: Socket | string, place: SocketPlace, options: Connecting): Socket | string {
  if (typeof attempt === 'string') return attempt;
  const { uid, pid } = options.peerOf?.(attempt) ?? { uid: ownerOf(place.path), pid: undefined };
  if (uid === 0 || uid === options.uid || pid === 1) return attempt;
  const who = uid === undefined ? 'nobody knows who' : `uid ${uid}, who is neither root nor you,`;
  if (options.socket !== undefined) {
    options.onForeign?.(`note: ${who} answers at ${place.path}`);
    return attempt;
  }
  attempt.destroy();
  return `${who} answers there; to talk to that one all the same, name it with --socket`;
}

function ownerOf(path: string): number | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.uid;
}

/** Anybody can make a folder below /tmp; an engine that is ours listens in one that is ours. */
function whyNotPrivate(folder: string, uid: number): string | undefined {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (found === undefined) return REASONS.ENOENT ?? '';
  if (!found.isDirectory()) return `${folder} is no folder`;
  return found.uid === uid ? undefined : `${folder} belongs to someone else`;
}

function reasonOf(error: Error): string {
  const code = 'code' in error ? String(error.code) : error.message;
  return REASONS[code] ?? code;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ECONNREFUSED: 'nobody listens there (the engine has gone)',
  EACCES: 'permission denied (see [engine] socket_mode, socket_group and access)',
  EPERM: 'permission denied (see [engine] socket_mode, socket_group and access)',
  ENOTSOCK: 'this file is no socket',
  EAGAIN: 'the engine is too busy to accept',
  ENAMETOOLONG: 'the path is too long for a socket',
  EINVAL: 'the path is too long for a socket',
  ENOTDIR: 'a part of the path is no folder',
};

export class RpcClient {
  /** Path of the socket connected to. */
  readonly path: string;
  readonly #socket: Connection;
  readonly #splitter = new LineSplitter(MAX_REPLY_LINE_BYTES);
  readonly #pending = new Map<number, PendingCall>();
  readonly #listeners = new Map<number, (notification: Notification) => void>();
  /** Notifications that came in the same chunk as the reply that tells their subscription. */
  readonly #early = new Map<number, Notification[]>();
  readonly #whenClosed: Promise<void>;
  #lastId = 0;
  #failure: TaskmasterError | undefined;

  constructor(socket: Connection, path: string) {
    this.#socket = socket;
    this.path = path;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => this.#fail(`the connection to the engine broke: ${reasonOf(error)}`));
    this.#whenClosed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#fail('the engine closed the connection');
        resolve();
      });
    });
  }

  get isOpen(): boolean {
    return this.#failure === undefined && this.#socket.writable;
  }

  /** Resolves when the connection is gone, no matter who closed it. */
  get closed(): Promise<void> {
    return this.#whenClosed;
  }

  /** Rejects with the TaskmasterError that the engine answered, or `engine-unreachable` where the line broke. */
  call<Method extends MethodName>(method: Method, params: Params<Method>): Promise<Result<Method>> {
    return this.#send(method, params) as Promise<Result<Method>>;
  }

  #send(method: string, params: unknown): Promise<unknown> {
    const id = ++this.#lastId;
    return new Promise<unknown>((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure);
        return;
      }
      this.#pending.set(id, { resolve, reject });
      this.#socket.write(frame({ jsonrpc: '2.0', id, method, params }));
    });
  }

  /** Notifications of one subscription, those that came before this call included. */
  onNotification(subscription: number, listener: (notification: Notification) => void): void {
    this.#listeners.set(subscription, listener);
    for (const early of this.#early.get(subscription) ?? []) listener(early);
    this.#early.delete(subscription);
  }

  /** Call once its `…unsubscribe` or `detach` was answered. */
  forget(subscription: number): void {
    this.#listeners.delete(subscription);
    this.#early.delete(subscription);
  }

  /** Stops reading until `resume`: the engine then drops what is too much, and says so. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#failure ??= new TaskmasterError('engine-unreachable', 'the connection was closed');
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    const messages: unknown[] = [];
    try {
      for (const line of this.#splitter.push(chunk)) {
        if (!isBlank(line)) messages.push(JSON.parse(line.toString('utf8')));
      }
    } catch {
      this.#fail(`what answers at ${this.path} is no engine: it does not speak JSON-RPC`);
      this.#socket.destroy();
    }
    for (const message of messages) this.#take(message);
  }

  #take(message: unknown): void {
    if (typeof message !== 'object' || message === null) return;
    if ('method' in message) {
      this.#notify(message as Notification);
      return;
    }
    const { id, result, error } = message as { id?: unknown; result?: unknown; error?: RpcError };
    // An error without an id is about the connection, not about one call.
    if (id === null && error !== undefined) this.#failWith(fromRpcError(error));
    if (typeof id !== 'number') return;
    const call = this.#pending.get(id);
    this.#pending.delete(id);
    if (error === undefined) call?.resolve(result);
    else call?.reject(fromRpcError(error));
  }

  #notify(notification: Notification): void {
    const { subscription } = notification.params;
    const listener = this.#listeners.get(subscription);
    if (listener !== undefined) {
      listener(notification);
      return;
    }
    const early = this.#early.get(subscription) ?? [];
    early.push(notification);
    this.#early.set(subscription, early);
  }

  #fail(message: string): void {
    this.#failWith(new TaskmasterError('engine-unreachable', message, { details: { socket: this.path } }));
  }

  #failWith(error: TaskmasterError): void {
    this.#failure ??= error;
    for (const call of this.#pending.values()) call.reject(this.#failure);
    this.#pending.clear();
  }
}
