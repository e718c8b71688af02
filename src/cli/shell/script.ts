/** Commands that nobody types: from standard input or `-c`, one after the other. */

import { type CliIo, complain } from '../io.ts';
import type { LazyConnection } from '../lazy-connection.ts';
import { runWords } from '../run-words.ts';
import { splitLine } from './words.ts';

/** Leaves the shell, as a command of its own. */
export const LEAVING: ReadonlySet<string> = new Set(['exit', 'quit']);
const EXIT_BAD_ARGUMENTS = 2;

export interface Script {
  readonly lines: AsyncIterable<string> | Iterable<string>;
  /** `-e`: leave at the first command that fails, as `sh -e` does. */
  readonly stopsAtFailure: boolean;
}

/** @returns the exit code of the last command that failed, 0 where none did. */
export async function runScript(
  { lines, stopsAtFailure }: Script,
  io: CliIo,
  connection: LazyConnection,
): Promise<number> {
  let lastFailure = 0;
  for await (const line of lines) {
    for (const words of commandsOf(line, io) ?? [undefined]) {
      if (words !== undefined && LEAVING.has(words[0] ?? '')) return lastFailure;
      const code = await runOne(words, io, connection);
      if (code !== 0) lastFailure = code;
      if (code !== 0 && stopsAtFailure) return code;
    }
  }
  return lastFailure;
}

async function runOne(
  words: readonly string[] | undefined,
  io: CliIo,
  connection: LazyConnection,
): Promise<number> {
  if (words === undefined) return EXIT_BAD_ARGUMENTS;
  return runWords(words, { io, connection, signal: new AbortController().signal });
}

/** @returns undefined, having said why, for a line that cannot be split; nothing of it is run then. */
export function commandsOf(line: string, io: CliIo): readonly (readonly string[])[] | undefined {
  const { commands, missing } = splitLine(line);
  if (missing === undefined) return commands.filter((words) => words.length > 0);
  complain(io, `cannot read this line: it lacks ${missing}`);
  return undefined;
}
