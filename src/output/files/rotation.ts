/**
 * The files beside a rotated one: `path.1` is the youngest, `path.N` the oldest, each perhaps with `.gz`. Each step
 * is one that the file system does whole or not at all, and whatever a crash leaves between two of them is understood
 * by the next rotation: a gap in the numbers is filled, not widened, and of a file that is there both plain and
 * compressed one is removed.
 */

import { basename, dirname, join } from 'node:path';
import { OpenedFile } from '../../files/open-descriptor.ts';
import { type FileAnswer, fileLater, listDirectory, removeFile, renameFile } from '../../files/safe-files.ts';

/** What changes the file system. */
export interface RotationSteps {
  readonly rename: (from: string, to: string) => Promise<void>;
  readonly unlink: (path: string) => Promise<void>;
}

const REAL_STEPS: RotationSteps = { rename: renameFile, unlink: removeFile };

const READ_BYTES = 256 * 1024;
const PERMISSIONS = 0o777;

/** `/` stands for a directory, which is in the way. */
type Ending = '' | '.gz' | '/';

interface Found {
  /** By number: the endings that are there. */
  readonly rotated: Map<number, Set<Ending>>;
  /** Names of compressions that were not finished, or not yet. */
  readonly unfinished: readonly string[];
}

/**
 * Shifts `path` to `path.1`, `path.1` to `path.2`, … up to the first number that is free. What is then one too many is
 * for `removeOldest`: freeing a large file takes long, and nobody needs to wait for it. Rejects as rename(2) does; a
 * file that is missing is no error. Not while one of them is being compressed.
 */
export async function rotateFiles(path: string, maxFiles: number, steps = REAL_STEPS): Promise<void> {
  const found = await look(path);
  await tidy(path, found, steps);
  const { rotated } = found;
  let free = 1;
  while (free <= maxFiles && rotated.has(free)) free += 1;
  for (let number = 1; number <= free; number++)
    if (rotated.get(number)?.has('/')) throw Object.assign(new Error('a directory'), { code: 'EISDIR' });
  await remove(path, free, found, steps);
  for (let number = free - 1; number >= 1; number--) {
    for (const ending of rotated.get(number) ?? [])
      await missingIsFine(steps.rename(`${path}.${number}${ending}`, `${path}.${number + 1}${ending}`));
  }
  await missingIsFine(steps.rename(path, `${path}.1`));
}

/** Removes those with a number beyond `maxFiles`. */
export async function removeOldest(path: string, maxFiles: number, steps = REAL_STEPS): Promise<void> {
  const found = await look(path);
  for (const number of found.rotated.keys()) if (number > maxFiles) await remove(path, number, found, steps);
}

async function remove(path: string, number: number, { rotated }: Found, steps: RotationSteps): Promise<void> {
  for (const ending of rotated.get(number) ?? [])
    if (ending !== '/') await missingIsFine(steps.unlink(`${path}.${number}${ending}`));
}

/**
 * Replaces `path` by `path.gz`, which is complete under its name, also on the disk, or not there at all.
 * @param wanted the file that was rotated: one that somebody has put in its place is left alone.
 */
export async function compressFile(
  path: string,
  steps = REAL_STEPS,
  wanted?: Pick<FileAnswer, 'dev' | 'ino'>,
): Promise<void> {
  const unfinished = `${path}.gz.part`;
  const identity = wanted === undefined ? {} : { dev: wanted.dev, ino: wanted.ino };
  const facts = await fileLater({ work: 'read', path, regularOnly: true, ...identity });
  const source = new OpenedFile(facts);
  try {
    const { uid, gid, mode } = facts;
    await missingIsFine(removeFile(unfinished));
    const looks = { uid, gid, mode: mode & PERMISSIONS, lenient: true };
    const target = new OpenedFile(await fileLater({ work: 'create', path: unfinished, ...looks }));
    try {
      await compress(source, target);
    } finally {
      target.close();
    }
    await steps.rename(unfinished, `${path}.gz`);
    await steps.unlink(path);
  } catch (error) {
    await steps.unlink(unfinished).catch(() => {});
    throw error;
  } finally {
    source.close();
  }
}

async function compress(source: OpenedFile, target: OpenedFile): Promise<void> {
  // Most installations never compress: those do not load the libraries.
  const [{ createGzip }, { pipeline }] = await Promise.all([
    import('node:zlib'),
    import('node:stream/promises'),
  ]);
  await pipeline(piecesOf(source), createGzip(), async (packed: AsyncIterable<Buffer>) => {
    for await (const piece of packed) await target.writeAll(piece);
  });
  // Its contents must be on the disk before its name is, or a power failure leaves neither (fsync(2)).
  await target.sync();
}

async function* piecesOf(source: OpenedFile): AsyncGenerator<Buffer> {
  for (;;) {
    // A new one each time: what was given away is being compressed.
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    const read = await source.read(buffer);
    if (read === 0) return;
    yield buffer.subarray(0, read);
  }
}

async function look(path: string): Promise<Found> {
  const rotated: Found['rotated'] = new Map();
  const unfinished: string[] = [];
  const prefix = `${basename(path)}.`;
  for (const entry of await listDirectory(dirname(path), prefix)) {
    const rest = entry.name.slice(prefix.length);
    const [, number = '', gz = '', part = ''] = /^([1-9]\d{0,8})(\.gz)?(\.part)?$/.exec(rest) ?? [];
    if (number === '') continue;
    if (part !== '') {
      if (gz !== '') unfinished.push(entry.name);
      continue;
    }
    const endings = rotated.get(Number(number)) ?? new Set();
    rotated.set(Number(number), endings.add(entry.isDirectory ? '/' : gz === '' ? '' : '.gz'));
  }
  return { rotated, unfinished };
}

/** Removes what a crash has left of a compression. */
async function tidy(path: string, { rotated, unfinished }: Found, steps: RotationSteps): Promise<void> {
  for (const name of unfinished) await missingIsFine(steps.unlink(join(dirname(path), name)));
  for (const [number, endings] of rotated) {
    if (!endings.has('.gz') || !endings.has('')) continue;
    // The compressed one is complete: it got its name last.
    await missingIsFine(steps.unlink(`${path}.${number}`));
    endings.delete('');
  }
}

async function missingIsFine(step: Promise<void>): Promise<void> {
  await step.catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}
