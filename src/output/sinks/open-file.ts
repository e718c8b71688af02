/** Opening a file to append to, whatever kind of file it turns out to be. Nothing here waits for a disk that hangs. */

import { closeSync } from 'node:fs';
import type { FileAccess } from '../../config/resolved-config.ts';
import { closeLater, type FileAnswer, fileLater, fileNow, isUnlinked } from '../../files/safe-files.ts';

export interface OpenFile {
  readonly fd: number;
  /** With all symbolic links resolved: what a rotation has to rename. */
  readonly realPath: string;
  /** Bytes in it when it was opened. */
  readonly size: number;
  readonly kind: 'regular' | 'pipe' | 'other';
  /** Epoch milliseconds of what was written to it last. */
  readonly writtenAt: number;
  readonly dev: number;
  readonly ino: number;
}

/**
 * Opens or makes the file for appending, with the directories above it. Throws what open(2) says, or why what is
 * there cannot be trusted.
 * @param access for a file that is made: one that is there keeps its own.
 */
export function openForAppend(path: string, access: FileAccess = {}): OpenFile {
  return openFileOf(path, fileNow({ work: 'append', path, ...access }));
}

/** The file that takes the place of a rotated one looks like it, where nothing else was asked for. */
export async function openSuccessor(
  path: string,
  { mode, uid, gid }: Pick<FileAnswer, 'mode' | 'uid' | 'gid'>,
  access: FileAccess = {},
): Promise<OpenFile> {
  const looks = { mode: mode & 0o777, uid, gid, ...access };
  // Without CAP_CHOWN it is ours, as the engine's user made it.
  const answer = await fileLater({ work: 'append', path, regularOnly: true, lenient: true, ...looks });
  return openFileOf(path, answer);
}

/** True where the file has no name any more: what is written to it is gone. */
export function isDeleted(fd: number): boolean {
  return isUnlinked(fd);
}

/** True while the path still leads to the open file, as far as that can be found out: nobody has moved or removed it. */
export function isStillAt(path: string, open: OpenFile): boolean {
  try {
    return isSame(fileNow({ work: 'stat', path, follow: true }), open);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ETIMEDOUT';
  }
}

export async function isStillThere(path: string, open: OpenFile): Promise<boolean> {
  return await fileLater({ work: 'stat', path }).then(
    (facts) => isSame(facts, open),
    () => false,
  );
}

/** What close(2) reports (EIO, EDQUOT) was reported by the writes, and must not bring the engine down. */
export function closeFile({ fd, dev }: Pick<OpenFile, 'fd' | 'dev'>): void {
  closeLater(fd, dev);
}

/** As `closeFile`, of what cannot hang: pipes, terminals. */
export function closeQuietly(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // The descriptor is gone all the same (close(2)).
  }
}

function isSame(one: Pick<OpenFile, 'dev' | 'ino'>, other: Pick<OpenFile, 'dev' | 'ino'>): boolean {
  return one.ino === other.ino && one.dev === other.dev;
}

function openFileOf(path: string, answer: FileAnswer): OpenFile {
  const { fd, size, mtimeMs, dev, ino, realPath } = answer;
  const kind = answer.kind === 'regular' || answer.kind === 'pipe' ? answer.kind : 'other';
  return { fd, realPath: kind === 'regular' ? realPath : path, size, kind, writtenAt: mtimeMs, dev, ino };
}
