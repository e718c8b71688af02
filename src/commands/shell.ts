/** `taskshell …`, and `taskmaster VERB …`, which is the same. */

import { run as runShell } from '../cli/main.ts';
import { VERSION } from './version.ts';

export async function run(words: readonly string[]): Promise<number> {
  if (words[0] !== '--version') return await runShell(words);
  // Of this program; `version` asks the running engine.
  process.stdout.write(`taskmaster ${VERSION}\n`);
  return 0;
}
