/** TOML text to values: @iarna/toml behind a scanner that refuses what the parser gets wrong. */

import { isUtf8 } from 'node:buffer';
import parseString from '@iarna/toml/parse-string.js';
import type { PositionNode } from './positions.ts';
import type { Problem } from './problem.ts';
import { problemAtOffset, problemWithFile, type SourceFile } from './source-file.ts';
import { scanToml } from './toml-scanner.ts';

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
  const { root, problems } = scanToml(text);
  const file = { path, text };
  if (problems.length > 0) {
    return {
      ok: false,
      problems: problems.map((found) =>
        problemAtOffset(file, found.offset, '', { message: found.message, hint: found.hint }),
      ),
    };
  }
  try {
    const value = parseString(text);
    if (!isTable(value) || !sameShape(value, root)) {
      return failed(
        problemWithFile(path, { message: 'cannot be read reliably', hint: 'simplify its tables' }),
      );
    }
    return { ok: true, source: { path, text, root }, value };
  } catch (error) {
    return failed(problemFromParser(file, error));
  }
}

function failed(problem: Problem): ParsedFile {
  return { ok: false, problems: [problem] };
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A key that the parser lost or invented would be a setting that silently does not apply. */
function sameShape(value: unknown, node: PositionNode): boolean {
  if (typeof value !== 'object' || value === null) return node.children.size === 0;
  const entries = Object.entries(value);
  if (entries.length !== node.children.size) return false;
  return entries.every(([key, child]) => {
    const childNode = node.children.get(key);
    return childNode !== undefined && sameShape(child, childNode);
  });
}

/** The parser's position is right (lines and columns from 0, one past the character); its wording is for programmers. */
function problemFromParser(file: { readonly path: string; readonly text: string }, error: unknown): Problem {
  if (!(error instanceof Error) || !('line' in error) || typeof error.line !== 'number') {
    return problemWithFile(file.path, { message: 'cannot be parsed' });
  }
  const column = 'col' in error && typeof error.col === 'number' ? error.col : 0;
  let offset = 0;
  for (let line = 0; line < error.line; line++) offset = file.text.indexOf('\n', offset) + 1;
  const wording =
    /^(.*?)(?: at row \d+, col \d+, pos \d+:)?$/m.exec(error.message)?.[1] ?? 'cannot be parsed';
  return problemAtOffset(file, offset + Math.max(0, column), '', {
    message: wording.charAt(0).toLowerCase() + wording.slice(1),
  });
}
