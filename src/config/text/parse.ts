/** A configuration file's bytes to values with their places. */

import { isUtf8 } from 'node:buffer';
import type { Problem } from './problem.ts';
import { problemAtOffset, problemWithFile, type SourceFile } from './source-file.ts';
import { readToml } from './toml-parser.ts';

/** A configuration is read by people; the bound keeps a wrong path (a log, a disk image) from being read whole. */
export const MAX_CONFIG_BYTES = 1024 * 1024;

export type ParsedFile =
  | { readonly ok: true; readonly source: SourceFile; readonly value: Record<string, unknown> }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * @param path what problems name as the file
 * @returns the values as plain objects, arrays, strings, numbers and booleans with their positions, or every problem
 *   of the text. Throws nothing.
 */
export function parseConfig(bytes: Uint8Array, path: string): ParsedFile {
  if (bytes.length > MAX_CONFIG_BYTES) {
    return failed(problemWithFile(path, { message: 'is larger than 1 MiB', hint: 'is it the right file?' }));
  }
  if (!isUtf8(bytes)) {
    return failed(problemWithFile(path, { message: 'is not UTF-8 text', hint: 'save it as UTF-8' }));
  }
  return parseToml(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'), path);
}

/** As `parseConfig`, from text. */
export function parseToml(original: string, path: string): ParsedFile {
  // The parser refuses a byte order mark, and carriage returns after comments.
  const text = original.replace(/^\ufeff/, '').replaceAll('\r\n', '\n');
  const parsed = readToml(text);
  if (parsed.ok) return { ok: true, source: { path, text, root: parsed.root }, value: parsed.value };
  return {
    ok: false,
    problems: parsed.problems.map(({ offset, message, hint }) =>
      problemAtOffset({ path, text }, offset, '', { message, hint }),
    ),
  };
}

function failed(problem: Problem): ParsedFile {
  return { ok: false, problems: [problem] };
}
