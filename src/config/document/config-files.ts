/** Configuration files, and those of variables, on disk. */

import { FileError } from '../../files/file-error.ts';
import { listDirectoryNow, readNow } from '../../files/safe-files.ts';
import type { ConfigFiles } from './config-ports.ts';

export const diskFiles: ConfigFiles = { read: readRegular, list: listDirectory };

/** Synchronous: files are small, and the engine reads them at its start and on a reload only. */
function readRegular(path: string, maxBytes: number): Uint8Array {
  try {
    return readNow(path, maxBytes);
  } catch (error) {
    if (error instanceof FileError && error.rule === 'kind')
      throw Object.assign(new Error('ENOTREG'), { code: 'ENOTREG' });
    throw error;
  }
}

function listDirectory(directory: string): readonly string[] {
  try {
    return listDirectoryNow(directory).map(({ name }) => name);
  } catch (error) {
    if (error instanceof FileError && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return [];
    throw error;
  }
}
