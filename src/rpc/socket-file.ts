/** The control socket as a file: made without a moment of wrong permissions, never taken from a live engine. */

import { chmod, chown, link, lstat, mkdir, mkdtemp, rename, rmdir, unlink } from 'node:fs/promises';
import { createConnection, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { SystemError, TaskmasterError } from '../errors.ts';
import { MAX_SOCKET_PATH_BYTES, type SocketPlace } from './socket-path.ts';

export interface SocketFileSettings {
  /** Permission bits, such as 0o660. */
  readonly mode: number;
  /** Group of the file; undefined: the engine's own. */
  readonly gid: number | undefined;
}

/** Tells our file from one that came to the same path later. */
export interface SocketFile {
  readonly path: string;
  readonly device: number;
  readonly inode: number;
}

/** How long a socket in the way may take to accept before it counts as alive. */
const PROBE_LIMIT_MS = 1_000;
const ATTEMPTS = 5;

/**
 * Binds the server in a folder that only we can enter, gives the socket its group and mode there, and only then
 * puts it in its place. A stale socket there is replaced; `replaces` names our own earlier one (SIGUSR1).
 * Throws `engine-already-running` where a live one answers, SystemError for what the file system refuses.
 */
export async function listenAt(
  server: Server,
  place: SocketPlace,
  settings: SocketFileSettings,
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
    workshop = await mkdtemp(join(folder, '.tm'));
    const made = join(workshop, 's');
    await listen(server, made);
    if (settings.gid !== undefined) await chown(made, process.geteuid?.() ?? -1, settings.gid);
    await chmod(made, settings.mode);
    const { dev, ino } = await lstat(made);
    await putInPlace(made, place.path, workshop, replaces);
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
  if (await isStillOurs(file)) await unlink(file.path).catch(ignoreMissing);
}

export async function isStillOurs(file: SocketFile): Promise<boolean> {
  const found = await lstat(file.path).catch(() => undefined);
  return found !== undefined && found.dev === file.device && found.ino === file.inode;
}

/** The default folder is made on demand; one below /tmp must be ours alone, or a stranger could pose as the engine. */
async function prepareFolder(folder: string, isPrivate: boolean): Promise<void> {
  const mode = isPrivate ? 0o700 : 0o755;
  const firstMade = await mkdir(folder, { recursive: true, mode }).catch(async (error: unknown) => {
    ignoreMissing(error);
    // Node says ENOENT of a read-only file system as well, where it makes parents; mkdir(2) itself tells the two apart.
    await mkdir(folder, mode);
    return folder;
  });
  if (firstMade !== undefined) await chmod(folder, mode);
  if (!isPrivate) return;
  const found = await lstat(folder);
  if (!found.isDirectory() || found.uid !== process.geteuid?.()) {
    throw new SystemError('EPERM', `${folder} belongs to someone else`);
  }
  if ((found.mode & 0o077) !== 0) await chmod(folder, 0o700);
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
  workshop: string,
  replaces: SocketFile | undefined,
): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (replaces !== undefined && (await isStillOurs(replaces))) return rename(made, path);
    try {
      return await link(made, path);
    } catch (error) {
      const code = errnoOf(error);
      if (code !== 'EEXIST') {
        // Not every file system has hard links (or has them for sockets).
        if (code === 'EACCES' || code === 'EROFS' || (await exists(path))) throw error;
        return rename(made, path);
      }
    }
    await removeStale(path, workshop);
  }
  throw new TaskmasterError('engine-already-running', `another engine keeps taking ${path}`);
}

/** Throws unless the socket at the path is dead, and takes a dead one away. */
async function removeStale(path: string, workshop: string): Promise<void> {
  const found = await lstat(path).catch(ignoreMissing);
  if (found === undefined) return;
  if (!found.isSocket()) throw new SystemError('EEXIST', 'a file that is no socket is in the way');
  const answer = await knock(path);
  if (answer === 'ENOENT') return;
  if (answer === 'EACCES') throw new SystemError('EACCES', 'a socket of another user is in the way');
  if (answer !== 'ECONNREFUSED') {
    throw new TaskmasterError('engine-already-running', `an engine is already running at ${path}`, {
      details: { socket: path },
    });
  }
  // Between the knock and now another engine may have put its own socket there: take it aside, then look again.
  const aside = join(workshop, 'stale');
  await rename(path, aside).catch(ignoreMissing);
  const taken = await lstat(aside).catch(ignoreMissing);
  if (taken === undefined) return;
  if (taken.ino !== found.ino || taken.dev !== found.dev) await link(aside, path).catch(() => undefined);
  await unlink(aside);
}

/** @returns `connected`, or the errno of the attempt. */
function knock(path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = createConnection({ path });
    const timer = setTimeout(() => settle('ETIMEDOUT'), PROBE_LIMIT_MS);
    const settle = (answer: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => settle('connected'));
    socket.once('error', (error) => settle(errnoOf(error) ?? 'EIO'));
  });
}

async function removeWorkshop(workshop: string): Promise<void> {
  for (const name of ['s', 'stale']) await unlink(join(workshop, name)).catch(() => undefined);
  await rmdir(workshop).catch(() => undefined);
}

async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(ignoreMissing)) !== undefined;
}

function asListenError(path: string, error: unknown): TaskmasterError {
  if (error instanceof SystemError) return cannotListen(path, error.errno, error.message);
  if (error instanceof TaskmasterError) return error;
  const code = errnoOf(error) ?? 'EIO';
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
