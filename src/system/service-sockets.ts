/**
 * Opens the sockets of `[sockets]`, keeps them open over restarts and reloads, and sees what comes to them. The engine never
 * accepts or reads.
 * Loaded for configurations that have some.
 */

import { fstatSync } from 'node:fs';
import { getSystemErrorName } from 'node:util';
import type { ProcessConfig, SocketAddress, SocketConfig } from '../config/resolved-config.ts';
import { addressInWords, addressKey } from '../config/values/service-socket.ts';
import { notAnswering } from '../files/file-error.ts';
import { closeLater, type FileAnswer, fileLater, removeFile } from '../files/safe-files.ts';
import type { Cancel, Clock } from '../supervisor/ports/clock.ts';
import type { SocketPort } from '../supervisor/ports/sockets.ts';
import { watchIdle } from './idle-watch.ts';
import type { NativeAddon } from './native.ts';
import { type Listener, usageOf } from './socket-users.ts';
import { SocketWatch, type WatchingAddon } from './socket-watch.ts';

/** Numbers of socket(2); 0 is a FIFO. */
const TYPES = { stream: 1, datagram: 2, seqpacket: 5, fifo: 0 } as const;

export type SocketAddon = Pick<NativeAddon, 'listenInet'> & WatchingAddon;

interface Open {
  readonly config: SocketConfig;
  readonly fd: number;
}

export class ServiceSockets implements SocketPort {
  readonly #addon: SocketAddon;
  readonly #clock: Pick<Clock, 'after' | 'now'>;
  readonly #notice: (message: string) => void;
  #inUse: ReadonlyMap<string, Open> = new Map();
  #next: ReadonlyMap<string, Open> = new Map();

  /** @param notice called for settings that cannot be changed on a socket that stays open. */
  constructor(addon: SocketAddon, clock: Pick<Clock, 'after' | 'now'>, notice: (message: string) => void) {
    this.#addon = addon;
    this.#clock = clock;
    this.#notice = notice;
  }

  held(): ReadonlyMap<string, number> {
    return new Map([...this.#inUse].map(([key, { fd }]) => [key, fd]));
  }

  async adopt(held: ReadonlyMap<string, number>, sockets: ReadonlyMap<string, SocketConfig>): Promise<void> {
    const configs = new Map([...sockets.values()].map((config) => [addressKey(config.address), config]));
    const known = new Map<string, Open>();
    for (const [key, fd] of held) {
      const config = configs.get(key);
      if (config === undefined) closeLater(fd);
      else known.set(key, { config, fd });
    }
    this.#inUse = this.#next = known;
  }

  async open(sockets: ReadonlyMap<string, SocketConfig>): Promise<readonly string[]> {
    const problems: string[] = [];
    const next = new Map<string, Open>();
    this.#next = next;
    for (const config of sockets.values()) {
      const key = addressKey(config.address);
      const known = this.#inUse.get(key);
      if (known !== undefined) {
        next.set(key, { config, fd: known.fd });
        continue;
      }
      try {
        next.set(key, { config, fd: await this.#listen(config) });
      } catch (error) {
        problems.push(problemOf(config, error as NodeJS.ErrnoException));
      }
    }
    if (problems.length > 0) this.discard();
    return problems;
  }

  use(): void {
    for (const [key, { config, fd }] of this.#inUse) {
      const next = this.#next.get(key);
      if (next === undefined) close({ config, fd });
      else if (settingsOf(next.config) !== settingsOf(config))
        this.#notice(
          `the socket ${next.config.name} stays open as it is: a new engine takes its other settings over`,
        );
    }
    this.#inUse = this.#next;
  }

  discard(): void {
    for (const [key, one] of this.#next) if (!this.#inUse.has(key)) close(one);
    this.#next = this.#inUse;
  }

  descriptorsOf({ sockets }: ProcessConfig): readonly { readonly name: string; readonly fd: number }[] {
    return sockets.flatMap(({ name, key }) => {
      const open = this.#inUse.get(key);
      return open === undefined ? [] : [{ name, fd: open.fd }];
    });
  }

  awaitArrival(process: ProcessConfig, report: (socket: string) => void): Cancel | string {
    const sockets = this.descriptorsOf(process);
    const watch = this.#watch(sockets);
    if (typeof watch === 'number') return getSystemErrorName(-watch);
    watch.onArrival((index) => {
      watch.close();
      report(sockets[index]?.name ?? '');
    });
    return () => watch.close();
  }

  awaitIdle(
    process: ProcessConfig,
    idleMs: number,
    onIdle: () => void,
    onUnknown: (why: string) => void,
  ): Cancel {
    const sockets = this.descriptorsOf(process);
    const listeners = process.sockets.flatMap(({ key }) => listenerOf(this.#inUse.get(key)));
    return watchIdle({
      clock: this.#clock,
      idleMs,
      open: () => this.#watch(sockets),
      usage: () => usageOf(listeners),
      onIdle,
      onUnknown,
    });
  }

  #watch(sockets: ReturnType<SocketPort['descriptorsOf']>): SocketWatch | number {
    return SocketWatch.open(
      this.#addon,
      sockets.map(({ fd }) => fd),
    );
  }

  /** At the engine's end. Resolves when the files are gone. */
  async close(): Promise<void> {
    const all = [...this.#inUse.values()];
    this.#inUse = this.#next = new Map();
    await Promise.all(all.map(close));
  }

  async #listen({ address, backlog, mode, uid, gid, ...config }: SocketConfig): Promise<number> {
    if ('path' in address) {
      const { kind, path } = address;
      const request = { work: 'listen', path, limit: TYPES[kind], offset: backlog, mode, uid, gid } as const;
      return await this.#inTime(fileLater(request), path);
    }
    const { kind, host, port } = address;
    const { isPortShared, isV6Only } = config;
    const fd = this.#addon.listenInet(host, port, kind === 'udp', backlog, isPortShared, isV6Only);
    if (fd >= 0) return fd;
    const code = getSystemErrorName(fd);
    throw Object.assign(new Error(code), { code });
  }

  #inTime(opening: Promise<FileAnswer>, path: string): Promise<number> {
    return new Promise((resolve, reject) => {
      let isLate = false;
      const cancel = this.#clock.after(MAX_OPEN_MS, () => {
        isLate = true;
        reject(notAnswering(path));
      });
      opening.then(
        ({ fd }) => {
          cancel();
          if (isLate) closeLater(fd);
          else resolve(fd);
        },
        (error: unknown) => {
          cancel();
          reject(error);
        },
      );
    });
  }
}

/** A disk that hangs holds up neither the start nor a reload. */
const MAX_OPEN_MS = 5_000;

async function close({ config: { address }, fd }: Open): Promise<void> {
  closeLater(fd);
  // A FIFO may be somebody else's as well, as systemd has it; a socket nobody can use any more.
  if (!('path' in address) || address.kind === 'fifo') return;
  await removeFile(address.path).catch(() => undefined);
}

/** Of those that take connections. */
function listenerOf(open: Open | undefined): readonly Listener[] {
  if (open === undefined) return [];
  const { address } = open.config;
  if (address.kind === 'udp' || address.kind === 'datagram' || address.kind === 'fifo') return [];
  const kind = 'path' in address ? 'unix' : address.host.includes(':') ? 'tcp6' : 'tcp';
  return [{ kind, inode: fstatSync(open.fd).ino }];
}

/** What a socket that is open does not take over. */
function settingsOf({ mode, uid, gid, backlog, isPortShared, isV6Only, address }: SocketConfig): string {
  return JSON.stringify([address, mode, uid, gid, backlog, isPortShared, isV6Only]);
}

const REASONS: Readonly<Record<string, (address: SocketAddress) => string>> = {
  EADDRINUSE: (address) =>
    'path' in address
      ? 'something else is there: a socket that another program listens on, or another kind of file'
      : 'another program listens on this port',
  EADDRNOTAVAIL: () => 'no interface has this address',
  EACCES: (address) =>
    'path' in address
      ? 'the directory does not permit it'
      : 'ports below net.ipv4.ip_unprivileged_port_start need CAP_NET_BIND_SERVICE',
  EAFNOSUPPORT: () => 'the kernel or the container has no IPv6',
};

function problemOf(
  { name, where, address }: SocketConfig,
  { code = '', message }: NodeJS.ErrnoException,
): string {
  const reason = REASONS[code]?.(address);
  const why = reason === undefined ? message : `${reason} (${code})`;
  return `${where}: sockets.${name}: cannot listen on ${addressInWords(address)}: ${why}`;
}
