/** What a system call says when it fails, as people know it from strerror(3). */

import { getSystemErrorMessage } from 'node:util';

/** Where libuv's wording is not what the shell would say. */
const AS_THE_SHELL_SAYS: Readonly<Record<string, string>> = {
  EISDIR: 'Is a directory',
  ENXIO: 'No such device or address',
  EROFS: 'Read-only file system',
};

/** @returns `No such file or directory`, without the name of the call and its arguments. */
export function errorText(error: unknown): string {
  const { code = '', errno, message = String(error) } = error as NodeJS.ErrnoException;
  const text = AS_THE_SHELL_SAYS[code] ?? (errno === undefined ? message : getSystemErrorMessage(errno));
  return text.charAt(0).toUpperCase() + text.slice(1);
}
