/**
 * The files beside a rotated one: `path.1` is the youngest, `path.N` the oldest, each perhaps with `.gz`. Each step
 * is one that the file system does whole or not at all, and whatever a crash leaves between two of them is understood
 * by the next rotation: a gap in the numbers is filled, not widened, and of a file that is there both plain and
 * compressed one is removed.
 */

import { chmod, readdir, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

/** What changes the file system. */
export interface RotationSteps {
  readonly rename: (from: string, to: string) => Promise<void>;
  readonly unlink: (path: string) => Promise<void>;
}

const REAL_STEPS: RotationSteps = { rename, unlink };

/** Endings of a number that are there. */
type Rotated = Map<number, Set<'' | '.gz'>>;

/**
 * Shifts `path` to `path.1`, `path.1` to `path.2`, … up to the first number that is free, and removes what is more than
 * `maxFiles`. Rejects as rename(2) does; a file that is missing is no error.
 */
export async function rotateFiles(path: string, maxFiles: number, steps = REAL_STEPS): Promise<void> {
  const rotated = await tidied(path, steps);
  const remove = async (number: number): Promise<void> => {
    for (const ending of rotated.get(number) ?? [])
      await missingIsFine(steps.unlink(`${path}.${number}${ending}`));
  };
  for (const number of rotated.keys()) if (number > maxFiles) await remove(number);
  if (maxFiles === 0) {
    await missingIsFine(steps.unlink(path));
    return;
  }
  let free = 1;
  while (free < maxFiles && rotated.has(free)) free += 1;
  await remove(free);
  for (let number = free - 1; number >= 1; number--) {
    for (const ending of rotated.get(number) ?? [])
      await missingIsFine(steps.rename(`${path}.${number}${ending}`, `${path}.${number + 1}${ending}`));
  }
  await missingIsFine(steps.rename(path, `${path}.1`));
}

/** Replaces `path` by `path.gz`, which is complete under its name, also on the disk, or not there at all. */
export async function compressFile(path: string, steps = REAL_STEPS): Promise<void> {
  // Most installations never compress: those do not load the libraries.
  const [{ createGzip }, { pipeline }, { createReadStream, createWriteStream }] = await Promise.all([
    import('node:zlib'),
    import('node:stream/promises'),
    import('node:fs'),
  ]);
  const unfinished = `${path}.gz.part`;
  try {
    const { mode } = await stat(path);
    // Its contents must be on the disk before its name is, or a power failure leaves neither (fsync(2)).
    await pipeline(
      createReadStream(path),
      createGzip(),
      createWriteStream(unfinished, { mode, flush: true }),
    );
    await chmod(unfinished, mode & 0o777);
    await steps.rename(unfinished, `${path}.gz`);
    await steps.unlink(path);
  } catch (error) {
    await steps.unlink(unfinished).catch(() => {});
    throw error;
  }
}

/** What is there, after what a crash has left of a compression is removed. */
async function tidied(path: string, steps: RotationSteps): Promise<Rotated> {
  const rotated: Rotated = new Map();
  const prefix = `${basename(path)}.`;
  for (const name of await readdir(dirname(path))) {
    const match = name.startsWith(prefix)
      ? /^([1-9]\d{0,8})(\.gz)?(\.part)?$/.exec(name.slice(prefix.length))
      : null;
    if (match === null) continue;
    const [, number = '', ending = '', part] = match;
    if (part !== undefined && ending === '.gz')
      await missingIsFine(steps.unlink(`${path}.${number}.gz.part`));
    if (part !== undefined) continue;
    const endings = rotated.get(Number(number)) ?? new Set();
    rotated.set(Number(number), endings.add(ending === '.gz' ? '.gz' : ''));
  }
  for (const [number, endings] of rotated) {
    if (endings.size < 2) continue;
    // The compressed one is complete: it got its name last.
    await missingIsFine(steps.unlink(`${path}.${number}`));
    endings.delete('');
  }
  return rotated;
}

async function missingIsFine(step: Promise<void>): Promise<void> {
  await step.catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}
