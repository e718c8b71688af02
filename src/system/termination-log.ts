/** The file that Kubernetes reads why a container ended from (`terminationMessagePath`). */

import { closeSync, constants, openSync, writeSync } from 'node:fs';

/** Where Kubernetes mounts it unless the Pod says otherwise; elsewhere there is none. */
export const DEFAULT_TERMINATION_LOG = '/dev/termination-log';

/** Kubernetes reads no more of it. */
const MOST_BYTES = 4_096;
const ELLIPSIS = '…';

/**
 * Replaces what the file holds. It is never made: where it is missing, nobody reads it. Never blocks on a FIFO or a
 * terminal in its place.
 * @returns the errno of what went wrong; undefined where nothing did, a missing file included.
 */
export function writeTerminationMessage(path: string, message: string): string | undefined {
  try {
    const flags = constants.O_WRONLY | constants.O_TRUNC | constants.O_NONBLOCK | constants.O_NOCTTY;
    const fd = openSync(path, flags);
    try {
      writeSync(fd, cut(message));
    } finally {
      closeSync(fd);
    }
    return undefined;
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? undefined : code;
  }
}

/** The beginning says most; cut between characters, as UTF-8 has them. */
function cut(message: string): Buffer {
  const bytes = Buffer.from(message);
  if (bytes.length <= MOST_BYTES) return bytes;
  let end = MOST_BYTES - Buffer.byteLength(ELLIPSIS);
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return Buffer.concat([bytes.subarray(0, end), Buffer.from(ELLIPSIS)]);
}
