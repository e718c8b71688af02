/** The RPC server as the engine uses it: loaded late, because no process needs it to start. */

import { closeSync, writeSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { dirname } from 'node:path';
import type { AccessGrant, EngineConfig } from '../config/resolved-config.ts';
import { inspectNow } from '../files/safe-files.ts';
import type { EnginePort } from '../rpc/access/engine-port.ts';
import type { PeerCredentials } from '../rpc/access/peer.ts';
import { type SocketPlace, socketPlaces } from '../rpc/protocol/socket-path.ts';
import type { RpcServer, WaitingConnections } from '../rpc/server/server.ts';
import type { EventStream } from '../supervisor/events/event-stream.ts';
import type { Clock } from '../supervisor/ports/clock.ts';
import type { NativeAddon } from '../system/native.ts';
import { KeptVerbs } from './kept-verbs.ts';
import { SocketWatch } from './socket-watch.ts';

export interface ControlSocketParts {
  readonly config: EngineConfig;
  readonly control: EnginePort;
  readonly events: EventStream;
  readonly clock: Clock;
  readonly addon: NativeAddon;
  readonly onFault: (error: unknown) => void;
  /** A client has come, or has gone. */
  readonly onVisit: () => void;
}

const CAN_BE_HELD_UP =
  'users who can connect to the control socket can stop the engine by descriptors that they pass over it, which only Linux 6.16 and later can refuse; restrict socket_mode and socket_group to users whom you trust';
/** What waits for a client when the engine leaves is given this long. */
const FLUSH_MS = 200;

export class ControlSocket {
  readonly #parts: ControlSocketParts;
  #server: RpcServer | undefined;
  #grants: readonly AccessGrant[];
  /** One attempt at a time: two would take each other for another engine. */
  #attempt: Promise<void> = Promise.resolve();
  #watch: SocketWatch | undefined;

  constructor(parts: ControlSocketParts) {
    this.#parts = parts;
    this.#grants = parts.config.access;
  }

  /** Path listened on. */
  get path(): string | undefined {
    return this.#server?.path;
  }

  /** A socket file lies where ours would: another engine may be running. */
  get mayBeTaken(): boolean {
    return this.#places().some(({ path }) => isThere(path));
  }

  /** Does nothing where it listens. Throws `engine-already-running`, or `system` where no place can be used. */
  listen(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#server === undefined) await this.#open();
    });
  }

  /** SIGUSR1: somebody removed the socket, or there was no place for it before. */
  recreate(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#server === undefined) await this.#open();
      else await this.#server.recreate();
    });
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const attempt = this.#attempt.then(work);
    this.#attempt = attempt.catch(() => undefined);
    return attempt;
  }

  async #open(): Promise<void> {
    const { config, control, events, clock, addon, onFault } = this.#parts;
    const { RpcServer } = await import('../rpc/server/server.ts');
    const verbs = new KeptVerbs(clock);
    const server = new RpcServer({
      engine: control,
      places: this.#places(),
      file: {
        mode: config.socketMode,
        gid: config.socketGid,
        onBound: (listener) => {
          if (!addon.refuseDescriptors(descriptorOf(listener)) && this.#isForOthers)
            this.#notice('warn', CAN_BE_HELD_UP);
        },
      },
      engineUid: ownUid(),
      grants: this.#grants,
      peerOf: (socket) => this.#peerOf(socket),
      waiting: this.#waiting(),
      loadVerbs: () => verbs.load(),
      clock,
      onRejected: (reason, uid, more) => {
        const who = uid === undefined ? {} : { uid };
        events.emit('client_rejected', { reason, ...who, ...(more !== undefined && { more }) });
      },
      onFault,
    });
    const socket = await server.listen();
    this.#server = server;
    events.emit('engine_listening', { socket });
    this.#watch = new SocketWatch({
      addon,
      clock,
      path: socket,
      isInPlace: () => server.isInPlace(),
      makeAnew: () => this.recreate(),
      onLost: () => this.#notice('warn', `somebody took the control socket ${socket} away`),
      onRestored: () => events.emit('engine_listening', { socket }),
      onFailed: ({ message }) => this.#notice('error', `${message}; it is tried again`),
    });
  }

  /** Users may connect who are neither root nor the engine's own. */
  get #isForOthers(): boolean {
    const { socketMode, socketGid } = this.#parts.config;
    const isOfGroup = socketGid !== undefined && socketGid !== 0 && (socketMode & 0o020) !== 0;
    return this.#grants.length > 0 || isOfGroup || (socketMode & 0o002) !== 0;
  }

  #notice(level: 'warn' | 'error', message: string): void {
    this.#parts.events.emitAs(level, 'engine_notice', { message });
  }

  setGrants(grants: readonly AccessGrant[]): void {
    this.#grants = grants;
    this.#server?.setGrants(grants);
  }

  async close(): Promise<void> {
    this.#watch?.close();
    await this.#server?.close(FLUSH_MS);
  }

  #places(): ReturnType<typeof socketPlaces> {
    const places = socketPlaces(this.#parts.config.socket, process.env, ownUid());
    return this.#parts.config.socket === undefined ? places.filter(isNobodyElses) : places;
  }

  #waiting(): WaitingConnections {
    const { addon } = this.#parts;
    return {
      accept: (listener, most) => addon.acceptMore(descriptorOf(listener), most),
      peerOf: (fd) => addon.peerCredentials(fd) ?? undefined,
      dismiss: (fd, line) => {
        try {
          writeSync(fd, line);
        } catch {
          // It has gone by itself.
        }
        closeSync(fd);
      },
    };
  }

  #peerOf(socket: Socket): PeerCredentials | undefined {
    this.#parts.onVisit();
    socket.once('close', this.#parts.onVisit);
    return this.#parts.addon.peerCredentials(descriptorOf(socket)) ?? undefined;
  }
}

/** $XDG_RUNTIME_DIR may be left from somebody who became root by it: what is in there, they may replace. */
function isNobodyElses({ path, isOfUser }: SocketPlace): boolean {
  if (isOfUser !== true) return true;
  const found = inspectNow(dirname(path));
  return found !== undefined && (found.errno !== undefined || found.uid === ownUid());
}

/** Also where it cannot be told: the one that listens finds out. */
function isThere(path: string): boolean {
  const facts = inspectNow(path);
  return facts === undefined || facts.errno === undefined;
}

/** Node gives the descriptor of a socket no public name. */
function descriptorOf(socket: Socket | Server): number {
  return (socket as unknown as { _handle: { fd: number } | null })._handle?.fd ?? -1;
}

function ownUid(): number {
  return process.geteuid?.() ?? 0;
}
