/** Opening a file to append to, whatever kind of file it turns out to be. */

import { closeSync, constants, fstatSync, openSync, realpathSync, type Stats, statSync } from 'node:fs';

/** As a shell's redirection makes it, less the umask. */
const NEW_FILE_MODE = 0o644;

export interface OpenFile {
  readonly fd: number;
  /** With all symbolic links resolved: what a rotation has to rename. */
  readonly realPath: string;
  /** Bytes in it when it was opened. */
  readonly size: number;
  readonly kind: 'regular' | 'pipe' | 'other';
}

/** Opens or makes the file for appending. Never waits; throws what open(2) says. */
export function openForAppend(path: string): OpenFile {
  const fd = openWithoutWaiting(path);
  try {
    const stats = fstatSync(fd);
    const kind = stats.isFile() ? 'regular' : stats.isFIFO() ? 'pipe' : 'other';
    return { fd, realPath: kind === 'regular' ? realpathSync.native(path) : path, size: stats.size, kind };
  } catch (error) {
    closeQuietly(fd);
    throw error;
  }
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

function openWithoutWaiting(path: string): number {
  const { O_WRONLY, O_RDWR, O_APPEND, O_CREAT, O_NONBLOCK, O_NOCTTY } = constants;
  const flags = O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY;
  try {
    return openSync(path, flags | O_WRONLY, NEW_FILE_MODE);
  } catch (error) {
    // A FIFO that nobody reads yet: open for both, which never fails, and its reader may come later (fifo(7)).
    if ((error as NodeJS.ErrnoException).code !== 'ENXIO' || !statSync(path).isFIFO()) throw error;
    return openSync(path, flags | O_RDWR, NEW_FILE_MODE);
  }
}
