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
import { lockPath } from '../files/lock-file.ts';
import { closeLater, type FileAnswer, factsOf, fileLater, removeFile } from '../files/safe-files.ts';
import type { Cancel, Clock } from '../supervisor/ports/clock.ts';
import type { SocketPort } from '../supervisor/ports/sockets.ts';
import { watchIdle } from './idle-watch.ts';
import type { FileRequest, NativeAddon } from './native.ts';
import { SharedTicks } from './shared-ticks.ts';
import { type Listener, Tables, usageOf } from './socket-users.ts';
import { SocketWatch, type WatchingAddon } from './socket-watch.ts';

/** Numbers of socket(2); 0 is a FIFO. */
const TYPES = { stream: 1, datagram: 2, seqpacket: 5, fifo: 0 } as const;

export type SocketAddon = Pick<NativeAddon, 'listenInet'> & WatchingAddon;

interface Open {
  readonly config: SocketConfig;
  readonly fd: number;
  /** Of its file, if it has one. */
  readonly file?: { readonly dev: number; readonly ino: number };
}

export class ServiceSockets implements SocketPort {
  readonly #addon: SocketAddon;
  readonly #clock: Pick<Clock, 'after' | 'now'>;
  readonly #notice: (message: string) => void;
  readonly #tables = new Tables();
  readonly #ticks: SharedTicks;
  #inUse: ReadonlyMap<string, Open> = new Map();
  #next: ReadonlyMap<string, Open> = new Map();

  /** @param notice called for settings that cannot be changed on a socket that stays open. */
  constructor(addon: SocketAddon, clock: Pick<Clock, 'after' | 'now'>, notice: (message: string) => void) {
    this.#addon = addon;
    this.#clock = clock;
    this.#ticks = new SharedTicks(clock);
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
    const files = [...known].map(async ([key, open]) => {
      const file = await fileOf(open.config);
      if (file !== undefined) known.set(key, { ...open, file });
    });
    await this.#within(Promise.all(files));
  }

  async open(sockets: ReadonlyMap<string, SocketConfig>): Promise<readonly string[]> {
    const problems: string[] = [];
    const next = new Map<string, Open>();
    this.#next = next;
    // At once: what hangs is waited for together.
    const opening = [...sockets.values()].map(async (config) => {
      const key = addressKey(config.address);
      const known = this.#inUse.get(key);
      try {
        next.set(key, { ...(known ?? (await this.#listen(config))), config });
      } catch (error) {
        problems.push(problemOf(config, error as NodeJS.ErrnoException));
      }
    });
    await Promise.all(opening);
    if (problems.length > 0) await this.#within(this.#closeUnused());
    return problems;
  }

  use(): void {
    for (const [key, open] of this.#inUse) {
      const { config } = open;
      const next = this.#next.get(key);
      if (next === undefined) void close(open);
      else if (settingsOf(next.config) !== settingsOf(config))
        this.#notice(
          `the socket ${next.config.name} stays open as it is: a new engine takes its other settings over`,
        );
    }
    this.#inUse = this.#next;
  }

  discard(): void {
    void this.#closeUnused();
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
      ticks: this.#ticks,
      idleMs,
      open: () => this.#watch(sockets),
      usage: () => usageOf(listeners, this.#tables),
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

  async #closeUnused(): Promise<void> {
    const unused = [...this.#next].flatMap(([key, one]) => (this.#inUse.has(key) ? [] : [one]));
    this.#next = this.#inUse;
    await Promise.all(unused.map(close));
  }

  /** Resolves when that is done, or has taken too long. */
  #within(work: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(MAX_OPEN_MS, resolve);
      void work.then(() => {
        cancel();
        resolve();
      });
    });
  }

  async #listen({
    address,
    backlog,
    mode,
    uid,
    gid,
    ...config
  }: SocketConfig): Promise<Omit<Open, 'config'>> {
    if ('path' in address) {
      const { kind, path } = address;
      const request = { work: 'listen', path, limit: TYPES[kind], offset: backlog, mode, uid, gid } as const;
      const { fd, dev, ino } = await this.#inTime(
        kind === 'fifo' ? fileLater(request) : this.#listenLocked(request),
        path,
      );
      return { fd, file: { dev, ino } };
    }
    const { kind, host, port } = address;
    const { isPortShared, isV6Only } = config;
    const fd = this.#addon.listenInet(host, port, kind === 'udp', backlog, isPortShared, isV6Only);
    if (fd >= 0) return { fd };
    const code = getSystemErrorName(fd);
    throw Object.assign(new Error(code), { code });
  }

  /** Between the look at a stale socket and its removal another engine could have put its own there. */
  async #listenLocked(request: FileRequest & { readonly path: string }): Promise<FileAnswer> {
    const unlock = await lockPath(request.path, (ms, callback) => this.#clock.after(ms, callback));
    if (unlock === undefined)
      throw Object.assign(new Error('another engine keeps taking it'), { code: 'EBUSY' });
    try {
      return await fileLater(request);
    } finally {
      await unlock();
    }
  }

  #inTime(opening: Promise<FileAnswer>, path: string): Promise<FileAnswer> {
    return new Promise((resolve, reject) => {
      let isLate = false;
      const cancel = this.#clock.after(MAX_OPEN_MS, () => {
        isLate = true;
        reject(notAnswering(path));
      });
      opening.then(
        (answer) => {
          cancel();
          if (isLate) closeLater(answer.fd);
          else resolve(answer);
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

/** While it is open nobody takes it for a stale one, so its file is removed first; what came to its path later is left. */
async function close({ config: { address }, fd, file }: Open): Promise<void> {
  // A FIFO may be somebody else's as well, as systemd has it; a socket nobody can use any more.
  if ('path' in address && address.kind !== 'fifo')
    await removeOwn(address.path, file).catch(() => undefined);
  closeLater(fd);
}

/** Of a socket that is open already; undefined: it has none, or nobody knows. */
async function fileOf({ address }: SocketConfig): Promise<Open['file']> {
  if (!('path' in address) || address.kind === 'fifo') return undefined;
  const found = await factsOf(address.path).catch(() => undefined);
  return found?.kind === 'socket' ? { dev: found.dev, ino: found.ino } : undefined;
}

async function removeOwn(path: string, file: Open['file']): Promise<void> {
  const found = await factsOf(path);
  if (found !== undefined && found.dev === file?.dev && found.ino === file.ino) await removeFile(path);
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
