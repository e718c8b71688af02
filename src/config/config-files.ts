/** Configuration files on disk. */

import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import type { ConfigFiles } from './config-ports.ts';

export const diskFiles: ConfigFiles = { read: readBounded, list: listDirectory };

/** Synchronous: files are small, and the engine reads them at its start and on a reload only. */
function readBounded(path: string, maxBytes: number): Uint8Array {
  // A named pipe without a writer would block the open, and a reload with it.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const status = fstatSync(fd);
    if (status.isDirectory()) throw codedError('EISDIR');
    if (!status.isFile()) throw codedError('ENOTREG');
    const buffer = Buffer.allocUnsafe(Math.min(status.size, maxBytes) + 1);
    let length = 0;
    while (length < buffer.length) {
      const read = readSync(fd, buffer, length, buffer.length - length, null);
      if (read === 0) break;
      length += read;
    }
    return buffer.subarray(0, length);
  } finally {
    closeSync(fd);
  }
}

function codedError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

function listDirectory(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return [];
    throw error;
  }
}
