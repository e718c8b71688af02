/** Compiles a C fixture: what builds the addon is there anyway, and no script can fork without executing. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const fixtures = resolve(import.meta.dirname, '../fixtures');

/** @returns the program's path, and what removes it. */
export function compileFixture(
  name: string,
  flags: readonly string[] = [],
): { readonly path: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'taskmaster-fixture-'));
  const path = join(folder, name);
  execFileSync(process.env.CC ?? 'cc', ['-Wall', '-O1', ...flags, '-o', path, join(fixtures, `${name}.c`)]);
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
