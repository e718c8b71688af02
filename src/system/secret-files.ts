/** Secrets of a process, read at the moment of its spawn and handed on to the addon; nothing here keeps or shows them. */

import { isUtf8 } from 'node:buffer';
import { fileErrorInWords } from '../config/document/file-error.ts';
import { readNow } from '../files/safe-files.ts';
import type { SpawnFailure } from '../lifecycle/exit-outcome.ts';

const MOST_BYTES = 65_536;

type Variable = readonly [name: string, value: string];

/**
 * Reads them as the engine: the process need not be able to. In a directory of another user, as that user.
 * One newline at the end is the editor's and is cut.
 * @param files by the variable's name, an absolute path
 */
export function readSecrets(
  files: Readonly<Record<string, string>> | undefined,
):
  | { readonly kind: 'read'; readonly values: readonly Variable[] }
  | { readonly kind: 'failed'; readonly failure: SpawnFailure } {
  const values: Variable[] = [];
  for (const [name, path] of Object.entries(files ?? {})) {
    const secret = readSecret(path);
    if (secret.kind === 'refused') return { kind: 'failed', failure: failureOf(name, path, secret) };
    values.push([name, secret.value]);
  }
  return { kind: 'read', values };
}

type Secret =
  | { readonly kind: 'read'; readonly value: string }
  | { readonly kind: 'refused'; readonly errno: string; readonly why: string };

function readSecret(path: string): Secret {
  let bytes: Uint8Array;
  try {
    bytes = readNow(path, MOST_BYTES);
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? 'EIO';
    return { kind: 'refused', errno, why: fileErrorInWords(error) };
  }
  if (bytes.length > MOST_BYTES) return { kind: 'refused', errno: 'EFBIG', why: 'it is larger than 64 KiB' };
  if (bytes.includes(0)) return { kind: 'refused', errno: 'EINVAL', why: 'it has a NUL byte' };
  if (!isUtf8(bytes)) return { kind: 'refused', errno: 'EILSEQ', why: 'it is not UTF-8 text' };
  return {
    kind: 'read',
    value: Buffer.from(bytes)
      .toString('utf8')
      .replace(/\r?\n$/, ''),
  };
}

/** A secret that is mounted, or corrected, later heals: so it is tried again. */
function failureOf(name: string, path: string, { errno, why }: { errno: string; why: string }): SpawnFailure {
  return {
    step: 'read secret',
    errno,
    message: `cannot read the secret ${name} from ${path}: ${why}`,
    isPassing: true,
  };
}
