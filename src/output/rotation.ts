/** Shifts `path` to `path.1`, `path.1` to `path.2`, … and forgets what is more than `maxFiles`. */

import { rename, rm, unlink } from 'node:fs/promises';

/** @param rules.maxFiles how many rotated files are kept beside the one written to. Rejects as rename(2) does. */
export async function rotateFiles(
  path: string,
  rules: { readonly maxFiles: number; readonly compress: boolean },
): Promise<void> {
  const { maxFiles, compress } = rules;
  if (maxFiles === 0) {
    await unlink(path);
    return;
  }
  for (const ending of ['', '.gz']) await rm(`${path}.${maxFiles}${ending}`, { force: true });
  for (let number = maxFiles - 1; number >= 1; number--) {
    for (const ending of ['', '.gz']) {
      await rename(`${path}.${number}${ending}`, `${path}.${number + 1}${ending}`).catch(ignoreMissing);
    }
  }
  await rename(path, `${path}.1`);
  if (compress) void compressFile(`${path}.1`).catch(() => undefined);
}

/** Beside the writing, not before it: a gigabyte takes seconds. */
async function compressFile(path: string): Promise<void> {
  const { createGzip } = await import('node:zlib');
  const { pipeline } = await import('node:stream/promises');
  const { createReadStream, createWriteStream } = await import('node:fs');
  await pipeline(createReadStream(path), createGzip(), createWriteStream(`${path}.gz.part`, { mode: 0o644 }));
  // Complete under its name or not there at all.
  await rename(`${path}.gz.part`, `${path}.gz`);
  await unlink(path);
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
