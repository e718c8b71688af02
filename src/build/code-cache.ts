/** Keeps what V8 compiles at a start beside the bundles, as `NAME.cache`; `warm-up.ts` makes it by starting. */

import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Of V8, and not among those that it compares when it reads the code again: the same bundles give the same bytes. */
const REPEATABLE = ['--predictable', '--random-seed=1'];

/** @param latePackages bundles that no start loads: their code is kept as loading compiles it. */
export function keepCompiledCode(root: string, latePackages: readonly string[]): void {
  const dist = join(root, 'dist');
  // V8 compares only the length of the source: what was compiled from another of the same length would be run.
  for (const name of readdirSync(dist)) if (name.endsWith('.cache')) rmSync(join(dist, name));
  execFileSync(
    process.execPath,
    [...REPEATABLE, '--no-warnings', join(root, 'src/build/warm-up.ts'), ...latePackages],
    // Colours, terminals and pipes take other ways through the code: nothing of the caller's.
    { cwd: '/', env: { PATH: '/usr/bin:/bin' }, stdio: ['ignore', 'ignore', 'pipe'] },
  );
}
