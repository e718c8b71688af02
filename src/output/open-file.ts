/** Opening a file to append to, whatever kind of file it turns out to be. */

import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  mkdirSync,
  openSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { FileAccess } from '../config/resolved-config.ts';

/** As a shell's redirection makes it, less the umask. */
const NEW_FILE_MODE = 0o644;

export interface OpenFile {
  readonly fd: number;
  /** With all symbolic links resolved: what a rotation has to rename. */
  readonly realPath: string;
  /** Bytes in it when it was opened. */
  readonly size: number;
  readonly kind: 'regular' | 'pipe' | 'other';
  /** Epoch milliseconds of what was written to it last. */
  readonly writtenAt: number;
}

/**
 * Opens or makes the file for appending. Never waits; throws what open(2) says.
 * @param access for a file that is made: one that is there keeps its own.
 */
export function openForAppend(path: string, access: FileAccess = {}): OpenFile {
  const isNew = statSync(path, { throwIfNoEntry: false }) === undefined;
  const fd = openWithoutWaiting(path, access.mode ?? NEW_FILE_MODE);
  try {
    if (isNew) giveAccess(fd, access);
    const stats = fstatSync(fd);
    const kind = stats.isFile() ? 'regular' : stats.isFIFO() ? 'pipe' : 'other';
    const realPath = kind === 'regular' ? realpathSync.native(path) : path;
    return { fd, realPath, size: stats.size, kind, writtenAt: stats.mtimeMs };
  } catch (error) {
    closeQuietly(fd);
    throw error;
  }
}

/** As `openForAppend`, for a path that was open before: a directory that has vanished meanwhile is made again. */
export function openAgain(path: string, access?: FileAccess): OpenFile {
  try {
    return openForAppend(path, access);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    mkdirSync(dirname(path), { recursive: true });
    return openForAppend(path, access);
  }
}

/** The file that takes the place of a rotated one looks like it, where nothing else was asked for. */
export function openSuccessor(path: string, { fd }: OpenFile, access: FileAccess = {}): OpenFile {
  const { mode, uid, gid } = fstatSync(fd);
  const open = openForAppend(path, { mode: mode & 0o777, ...access });
  if (open.size > 0) return open;
  try {
    fchownSync(open.fd, access.uid ?? uid, access.gid ?? gid);
  } catch {
    // Without CAP_CHOWN it is ours, as the engine's user made it.
  }
  return open;
}

/** True where the file has no name any more: what is written to it is gone. */
export function isDeleted(fd: number): boolean {
  return fstatSync(fd).nlink === 0;
}

/** The umask has no say in what was asked for; chown(2) takes bits away, so it comes first. */
function giveAccess(fd: number, { mode, uid, gid }: FileAccess): void {
  const UNCHANGED = -1;
  if (uid !== undefined || gid !== undefined) fchownSync(fd, uid ?? UNCHANGED, gid ?? UNCHANGED);
  if (mode !== undefined) fchmodSync(fd, mode);
}

/** True while the path still leads to the open file: nobody has moved or removed it. */
export function isStillAt(path: string, fd: number): boolean {
  const there = statSync(path, { throwIfNoEntry: false });
  return there !== undefined && isSame(there, fstatSync(fd));
}

/** What close(2) reports (EIO, EDQUOT) was reported by the writes, and must not bring the engine down. */
export function closeQuietly(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // The descriptor is gone all the same (close(2)).
  }
}

function isSame(one: Stats, other: Stats): boolean {
  return one.ino === other.ino && one.dev === other.dev;
}

function openWithoutWaiting(path: string, mode: number): number {
  const { O_WRONLY, O_RDWR, O_APPEND, O_CREAT, O_NONBLOCK, O_NOCTTY } = constants;
  const flags = O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY;
  try {
    return openSync(path, flags | O_WRONLY, mode);
  } catch (error) {
    // A FIFO that nobody reads yet: open for both, which never fails, and its reader may come later (fifo(7)).
    if ((error as NodeJS.ErrnoException).code !== 'ENXIO' || !statSync(path).isFIFO()) throw error;
    return openSync(path, flags | O_RDWR, mode);
  }
}
