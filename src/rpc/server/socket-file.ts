/** The control socket as a file: made without a moment of wrong permissions, never taken from a live engine. */

import { randomBytes } from 'node:crypto';
import { createConnection, type Server } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { SystemError, TaskmasterError } from '../../errors.ts';
import { FileError } from '../../files/file-error.ts';
import { lockPath } from '../../files/lock-file.ts';
import {
  closeLater,
  factsOf,
  fileLater,
  listDirectory,
  removeFile,
  renameFile,
} from '../../files/safe-files.ts';
import type { Clock } from '../../supervisor/ports/clock.ts';
import { MAX_SOCKET_PATH_BYTES, type SocketPlace } from '../protocol/socket-path.ts';

export interface SocketFileSettings {
  /** Permission bits, such as 0o660. */
  readonly mode: number;
  /** Group of the file; undefined: the engine's own. */
  readonly gid: number | undefined;
  /** Called before anybody can reach the socket. */
  readonly onBound?: (server: Server) => void;
}

type WaitClock = Pick<Clock, 'after'>;

/** Tells our file from one that came to the same path later. */
export interface SocketFile {
  readonly path: string;
  readonly device: number;
  readonly inode: number;
}

/** How long a socket in the way may take to accept before it counts as alive. */
const PROBE_LIMIT_MS = 1_000;
const LINK_ATTEMPTS = 5;

/**
 * Binds the server in a folder that only we can enter, gives the socket its group and mode there, and only then
 * puts it in its place. A stale socket there is replaced; `replaces` names our own earlier one (SIGUSR1).
 * Throws `engine-already-running` where a live one answers, SystemError for what the file system refuses.
 */
export async function listenAt(
  server: Server,
  place: SocketPlace,
  settings: SocketFileSettings & { readonly clock: WaitClock },
  replaces?: SocketFile,
): Promise<SocketFile> {
  const folder = dirname(place.path);
  // A bound socket is found by its inode, so it may be renamed; but bind(2) itself takes the shorter path only.
  if (Buffer.byteLength(place.path) > MAX_SOCKET_PATH_BYTES) {
    throw cannotListen(
      place.path,
      'ENAMETOOLONG',
      `a socket path has at most ${MAX_SOCKET_PATH_BYTES} bytes`,
    );
  }
  let workshop: string | undefined;
  try {
    await prepareFolder(folder, place.needsPrivateFolder);
    workshop = await makeWorkshop(folder);
    // When the server is closed, Node removes what is at the path it was bound by: that name must never be another's.
    const made = join(workshop, `s${randomName()}`);
    await bind(server, made);
    const { mode, gid, onBound, clock } = settings;
    onBound?.(server);
    const { dev, ino } = await fileLater({ work: 'socketAccess', path: made, mode, gid });
    await putInPlace(made, place.path, replaces, clock);
    return { path: place.path, device: dev, inode: ino };
  } catch (error) {
    server.close();
    throw asListenError(place.path, error);
  } finally {
    if (workshop !== undefined) await removeWorkshop(workshop);
  }
}

/** Removes the file if it is still ours; somebody else's socket at the path is left alone. */
export async function removeSocketFile(file: SocketFile): Promise<void> {
  if (await isStillOurs(file)) await removeFile(file.path).catch(ignoreMissing);
}

export async function isStillOurs(file: SocketFile): Promise<boolean> {
  const found = await factsOf(file.path).catch(() => undefined);
  return found !== undefined && found.dev === file.device && found.ino === file.inode;
}

/**
 * The folder is made on demand. Its owner could pose as the engine: so it must be root's or ours, and one
 * below /tmp ours alone.
 */
async function prepareFolder(folder: string, isPrivate: boolean): Promise<void> {
  const mode = isPrivate ? 0o700 : 0o755;
  await fileLater({ work: 'mkdirs', path: folder, mode });
  const { uid, kind, mode: found } = await fileLater({ work: 'stat', path: folder, follow: !isPrivate });
  const self = process.geteuid?.();
  if (isPrivate && (kind !== 'directory' || uid !== self))
    throw new SystemError('EPERM', `${folder} belongs to someone else`);
  if (uid !== self && uid !== 0)
    throw new SystemError(
      'EPERM',
      `${folder} belongs to user ${uid}; use a directory of root or of the engine's user`,
    );
  if (isPrivate && (found & 0o077) !== 0)
    closeLater((await fileLater({ work: 'folder', path: folder, mode })).fd);
}

/** A folder that only we can enter. */
async function makeWorkshop(folder: string): Promise<string> {
  const path = join(folder, `.tm${randomName()}`);
  await fileLater({ work: 'mkdir', path, mode: 0o700, refuseForeign: true });
  return path;
}

function randomName(): string {
  return randomBytes(6).toString('hex');
}

/** By the folder's descriptor: bind(2) takes a path, on which somebody could have put a link meanwhile. */
async function bind(server: Server, path: string): Promise<void> {
  const { fd } = await fileLater({ work: 'folder', path: dirname(path) });
  try {
    const there = `/proc/self/fd/${fd}/${basename(path)}`;
    await listen(server, there).catch(async (error: unknown) => {
      // Without /proc.
      if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'ENOTDIR') throw error;
      await listen(server, path);
    });
  } finally {
    closeLater(fd);
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path, backlog: 4096 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** link(2) fails where the path exists, so of two engines that start at once only one gets it. */
async function putInPlace(
  made: string,
  path: string,
  replaces: SocketFile | undefined,
  clock: WaitClock,
): Promise<void> {
  if (replaces !== undefined && (await isStillOurs(replaces))) return renameFile(made, path);
  if ((await link(made, path)) === 'done') return;
  // Between the look at a stale socket and its removal another engine could have put its own there.
  const unlock = await lockPath(path, (ms, callback) => clock.after(ms, callback));
  if (unlock === undefined) throw keepsTaking(path);
  try {
    for (let attempt = 0; attempt < LINK_ATTEMPTS; attempt++) {
      await removeStale(path, clock);
      const answer = await link(made, path);
      if (answer === 'done') return;
      // Engines on such a file system all come here, one at a time.
      if (answer === 'unsupported') return await renameFile(made, path);
    }
  } finally {
    await unlock();
  }
  throw keepsTaking(path);
}

function keepsTaking(path: string): TaskmasterError {
  return new TaskmasterError('engine-already-running', `another engine keeps taking ${path}`);
}

/** Not every file system has hard links, or has them for sockets. */
async function link(made: string, path: string): Promise<'done' | 'taken' | 'unsupported'> {
  try {
    await fileLater({ work: 'link', path: made, to: path });
    return 'done';
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'EEXIST') return 'taken';
    if (code === 'EACCES' || code === 'EROFS') throw error;
    return 'unsupported';
  }
}

/** Throws unless the socket at the path is dead, and removes a dead one. Call it with the lock only. */
async function removeStale(path: string, clock: WaitClock): Promise<void> {
  const found = await factsOf(path);
  if (found === undefined) return;
  if (found.kind !== 'socket') throw new SystemError('EEXIST', 'a file that is not a socket is in the way');
  const answer = await knock(path, clock);
  if (answer === 'ENOENT') return;
  if (answer === 'EACCES') throw new SystemError('EACCES', 'a socket of another user is in the way');
  if (answer !== 'ECONNREFUSED') {
    throw new TaskmasterError('engine-already-running', `an engine is already running at ${path}`, {
      details: { socket: path },
    });
  }
  await removeFile(path).catch(ignoreMissing);
}

/** @returns `connected`, or the errno of the attempt. */
function knock(path: string, clock: WaitClock): Promise<string> {
  return new Promise((resolve) => {
    const socket = createConnection({ path });
    const cancel = clock.after(PROBE_LIMIT_MS, () => settle('ETIMEDOUT'));
    const settle = (answer: string): void => {
      cancel();
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => settle('connected'));
    socket.once('error', (error) => settle(errnoOf(error) ?? 'EIO'));
  });
}

async function removeWorkshop(workshop: string): Promise<void> {
  const names = await listDirectory(workshop).catch(() => []);
  for (const { name } of names) await removeFile(join(workshop, name)).catch(() => undefined);
  await fileLater({ work: 'rmdir', path: workshop }).catch(() => undefined);
}

function asListenError(path: string, error: unknown): TaskmasterError {
  if (error instanceof SystemError) return cannotListen(path, error.errno, error.message);
  if (error instanceof TaskmasterError) return error;
  const code = errnoOf(error) ?? 'EIO';
  if (error instanceof FileError && error.rule !== '') return cannotListen(path, code, error.message, error);
  return cannotListen(path, code, REASONS[code] ?? code, error);
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EROFS: 'the file system is read-only',
  ENOENT: 'the folder does not exist and cannot be made',
  ENOTDIR: 'a part of the path is no folder',
  ENOSPC: 'no space left on the device',
  EINVAL: 'the path is too long for a socket',
  ENAMETOOLONG: 'the path is too long for a socket',
};

function cannotListen(path: string, errno: string, why: string, cause?: unknown): SystemError {
  return new SystemError(errno, `cannot listen on ${path}: ${why}`, { cause });
}

function ignoreMissing(error: unknown): undefined {
  if (errnoOf(error) !== 'ENOENT') throw error;
  return undefined;
}

function errnoOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
