/** `taskshell …`, and `taskmaster VERB …`, which is the same. */

import { type CliIo, processIo } from '../cli/io.ts';
import { run as runShell } from '../cli/main.ts';
import type { RunVerb } from '../rpc/server/verb-run.ts';
import { enginePeer } from './engine-peer.ts';
import { VERSION } from './version.ts';

/** @param io other than the process's own, for the board. */
export async function run(words: readonly string[], io: CliIo = processIo(enginePeer)): Promise<number> {
  if (words[0] !== '--version') return await runShell(words, io);
  // Of this program; `version` asks the running engine.
  io.stdout.write(`taskmaster ${VERSION}\n`);
  return 0;
}

/** For a client of the engine. */
export const runVerb: RunVerb = async (words, surroundings) =>
  (await import('../cli/hosted.ts')).runHosted(words, surroundings);

export async function firstPrompt(): Promise<string> {
  return (await import('../cli/shell/first-prompt.ts')).firstPrompt();
}
