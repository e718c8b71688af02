/** The file that Kubernetes reads why a container ended from (`terminationMessagePath`). */

import { overwriteNow } from '../files/safe-files.ts';

/** Where Kubernetes mounts it unless the Pod says otherwise; elsewhere there is none. */
export const DEFAULT_TERMINATION_LOG = '/dev/termination-log';

/** Kubernetes reads no more of it. */
const MOST_BYTES = 4_096;
const ELLIPSIS = '…';

/**
 * Replaces what the file holds. It is never made: where it is missing, nobody reads it. Never blocks on a FIFO, a
 * terminal or a disk that hangs.
 * @returns the errno of what went wrong; undefined where nothing did, a missing file included.
 */
export function writeTerminationMessage(path: string, message: string): string | undefined {
  try {
    overwriteNow(path, cut(message));
    return undefined;
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? undefined : code;
  }
}

/** The beginning says most; cut between characters, as UTF-8 has them. */
function cut(message: string): string {
  const bytes = Buffer.from(message);
  if (bytes.length <= MOST_BYTES) return message;
  let end = MOST_BYTES - Buffer.byteLength(ELLIPSIS);
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end) + ELLIPSIS;
}
