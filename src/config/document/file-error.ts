/** Why a file could not be read, in words. */

import { FileError } from '../../files/file-error.ts';

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of its path is no directory',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a directory',
  ENOTREG: 'it is no regular file',
  ENXIO: 'it is no regular file',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the path is too long',
};

/** @returns the reason of a failed file operation: `there is no such file`. */
export function fileErrorInWords(error: unknown): string {
  if (error instanceof FileError && error.rule !== '') return error.message;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return WORDS[code] ?? (error instanceof Error ? error.message : String(error));
}
