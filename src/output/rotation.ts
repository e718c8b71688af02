/** The files beside a rotated one: `path.1` is the youngest, `path.N` the oldest, each perhaps with `.gz`. */

import { chmod, rename, rm, stat, unlink } from 'node:fs/promises';

const ENDINGS = ['', '.gz'] as const;

/**
 * Shifts `path` to `path.1`, `path.1` to `path.2`, … and removes what is more than `maxFiles`. Rejects as rename(2)
 * does; a file that is missing is no error.
 */
export async function rotateFiles(path: string, maxFiles: number): Promise<void> {
  await removeFrom(path, Math.max(1, maxFiles));
  for (let number = maxFiles - 1; number >= 1; number--) {
    for (const ending of ENDINGS) {
      await rename(`${path}.${number}${ending}`, `${path}.${number + 1}${ending}`).catch(ignoreMissing);
    }
  }
  if (maxFiles === 0) await unlink(path).catch(ignoreMissing);
  else await rename(path, `${path}.1`).catch(ignoreMissing);
}

/** Replaces `path` by `path.gz`, which is complete under its name or not there at all. */
export async function compressFile(path: string): Promise<void> {
  // Most installations never compress: those do not load the libraries.
  const [{ createGzip }, { pipeline }, { createReadStream, createWriteStream }] = await Promise.all([
    import('node:zlib'),
    import('node:stream/promises'),
    import('node:fs'),
  ]);
  const unfinished = `${path}.gz.part`;
  try {
    const { mode } = await stat(path);
    await pipeline(createReadStream(path), createGzip(), createWriteStream(unfinished));
    await chmod(unfinished, mode & 0o777);
    await rename(unfinished, `${path}.gz`);
    await unlink(path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

/** The last one that may stay is about to be replaced; those after it are there since more were allowed. */
async function removeFrom(path: string, first: number): Promise<void> {
  for (let number = first; ; number++) {
    const removed = await Promise.all(
      ENDINGS.map((ending) =>
        unlink(`${path}.${number}${ending}`).then(
          () => true,
          (error: NodeJS.ErrnoException) => {
            ignoreMissing(error);
            return false;
          },
        ),
      ),
    );
    if (!removed.includes(true)) return;
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
