/**
 * All that the engine does with files by their names. Directories are walked from / by descriptor, and a symbolic link
 * is followed only where nobody but root and the engine's user could have made it. In a directory of another user
 * everything is done with that user's rights; in one that others may write to, nothing but a regular file with one
 * name and an expected owner is used (`native/file_place.h`, `native/file_call.cc`). No call waits for a disk that
 * hangs: those with `Now` give up after half a second, the others keep a thread of their own waiting.
 */

import { dirname } from 'node:path';
import { type FileAnswer, type FileRequest, native } from '../system/native.ts';
import { FileError, isMissing, notAnswering } from './file-error.ts';

const LONGEST_WAIT_MS = 500;

/** A name in the file system and what is there. */
export type FileFacts = FileAnswer;
export type { FileAnswer };

/** @throws FileError */
export function fileNow(request: FileRequest & { readonly path: string }): FileAnswer {
  const answer = native().fileNow({ lane: dirname(request.path), ...request }, LONGEST_WAIT_MS);
  if (answer === null) throw notAnswering(request.path);
  return checked(answer, request.path);
}

/** Rejects with a FileError. */
export function fileLater(request: FileRequest & { readonly path: string }): Promise<FileAnswer> {
  return new Promise((resolve, reject) => {
    native().fileLater({ lane: dirname(request.path), ...request }, (answer) => {
      try {
        resolve(checked(answer, request.path));
      } catch (error) {
        reject(error);
      }
    });
  });
}

/** What can be told of a name and its directory, also where there is nothing; undefined: no answer in time. */
export function inspectNow(path: string): FileAnswer | undefined {
  return (
    native().fileNow({ work: 'stat', path, follow: true, lane: dirname(path) }, LONGEST_WAIT_MS) ?? undefined
  );
}

/** @returns undefined where there is nothing of that name. */
export async function factsOf(path: string, follow = false): Promise<FileFacts | undefined> {
  return fileLater({ work: 'stat', path, follow }).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
}

/** A file that is there to be read. Not a directory, a pipe or a device. */
export function openToRead(path: string): Promise<FileAnswer> {
  return fileLater({ work: 'read', path, regularOnly: true });
}

export async function renameFile(path: string, to: string): Promise<void> {
  await fileLater({ work: 'rename', path, to });
}

export async function removeFile(path: string): Promise<void> {
  await fileLater({ work: 'unlink', path });
}

export interface DirectoryEntry {
  readonly name: string;
  readonly isDirectory: boolean;
}

/** @param prefix of the names that are wanted. */
export async function listDirectory(path: string, prefix = ''): Promise<readonly DirectoryEntry[]> {
  return entriesOf(await fileLater({ work: 'list', path, prefix, lane: path }));
}

export function listDirectoryNow(path: string): readonly DirectoryEntry[] {
  return entriesOf(fileNow({ work: 'list', path, lane: path }));
}

function entriesOf({ entries = [] }: FileAnswer): readonly DirectoryEntry[] {
  const found: DirectoryEntry[] = [];
  for (let at = 0; at + 1 < entries.length; at += 2)
    found.push({ name: String(entries[at]), isDirectory: entries[at + 1] === true });
  return found;
}

/** With those above it that are missing. */
export async function makeDirectories(path: string, mode: number): Promise<void> {
  await fileLater({ work: 'mkdirs', path, mode });
}

/** Of a small file, at once. Of one that is larger than `maxBytes` one byte more, or the last ones. */
export function readNow(path: string, maxBytes: number, which: 'first' | 'last' = 'first'): Buffer {
  const { data } = fileNow({ work: 'readWhole', path, limit: maxBytes, tail: which === 'last' });
  return data ?? Buffer.alloc(0);
}

/** As text; no more than so many bytes of it. */
export async function readLater(path: string, maxBytes: number): Promise<string> {
  const { data } = await fileLater({ work: 'readWhole', path, limit: maxBytes });
  return data?.toString('utf8', 0, maxBytes) ?? '';
}

/** Replaces what the file holds, which must be there. */
export function overwriteNow(path: string, text: string): void {
  fileNow({ work: 'overwrite', path, text });
}

function checked(answer: FileAnswer, path: string): FileAnswer {
  if (answer.errno !== undefined)
    throw new FileError(
      { errno: answer.errno, number: answer.number ?? 0, why: answer.why ?? '', at: answer.at ?? '' },
      path,
      answer.uid,
    );
  return answer;
}

/** Callers need not wait: what close(2) reports was reported by the writes before. */
export function closeLater(fd: number, device?: number): void {
  if (fd >= 0) native().fileLater({ work: 'close', fd, lane: laneOf(device) }, () => {});
}

/** True where an open file has no name any more, as far as that is known without asking a disk or a server. */
export function isUnlinked(fd: number): boolean {
  return native().isUnlinked(fd);
}

/** Calls on files that are open wait in one line for each device. */
export function laneOf(device: number | undefined): string {
  return `device ${device ?? ''}`;
}
