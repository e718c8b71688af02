/** A lock for a path, which engines take before they replace what is there. The kernel gives it back if its holder dies. */

import { basename, dirname, join } from 'node:path';
import { isMissing } from './file-error.ts';
import { closeLater, factsOf, fileLater, removeFile } from './safe-files.ts';

/** Together longer than a holder may take to find out whether somebody listens at the path. */
const ATTEMPTS = 150;
const PAUSE_MS = 20;

/**
 * @param after calls back after that many milliseconds.
 * @returns gives the lock back; undefined: others kept it all the time.
 */
export async function lockPath(
  path: string,
  after: (ms: number, callback: () => void) => unknown,
): Promise<(() => Promise<void>) | undefined> {
  const lock = join(dirname(path), `.${basename(path)}.lock`);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const opened = { work: 'append', path: lock, mode: 0o600, regularOnly: true } as const;
    const { fd, dev, ino } = await fileLater(opened);
    const refusal = await fileLater({ work: 'lock', fd, path: lock }).then(() => undefined, codeOf);
    const isTaken = refusal === 'EAGAIN' || refusal === 'EWOULDBLOCK';
    const found = isTaken ? undefined : await factsOf(lock);
    // A holder removes the file before it gives the lock back: what has no name any more locks nothing.
    if (found?.dev === dev && found.ino === ino) {
      return async () => {
        await removeFile(lock).catch((error: unknown) => {
          if (!isMissing(error)) throw error;
        });
        closeLater(fd);
      };
    }
    closeLater(fd);
    if (isTaken) await new Promise<void>((resolve) => after(PAUSE_MS, resolve));
  }
  return undefined;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
