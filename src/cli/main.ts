/** taskshell: words in, exit code out. */

import type { ShellOptions } from './command.ts';
import { type CliIo, complain, processIo } from './io.ts';
import { LazyConnection } from './lazy-connection.ts';
import { plainLine } from './plain-text.ts';
import { runWords, type Surroundings } from './run-words.ts';

/** `taskmaster engine …` for the running engine, as verbs. */
const ENGINE_VERBS: Readonly<Record<string, string>> = {
  stop: 'shutdown',
  reload: 'reload',
  version: 'version',
};

const EXIT_BAD_ARGUMENTS = 2;
/** What the engine is told by its own name, for the usage and the manual. */
export const ENGINE_COMMANDS: readonly (readonly [words: string, what: string])[] = [
  [
    'taskmaster engine start [--replace] [--profile NAME]… [CONFIG]',
    'run the engine (default: /etc/taskmaster.toml); --replace first stops what a killed one left running; --profile adds the processes of that profile',
  ],
  [
    'taskmaster engine check [--security [--json]] [--profile NAME]… CONFIG',
    'report every problem of a configuration; --security scores how exposed each process is, and says what would help',
  ],
  ['taskmaster engine stop', 'stop the running engine, as taskshell shutdown does'],
  ['taskmaster engine reload [--plan]', 're-read the configuration, as taskshell reload does'],
  ['taskmaster engine version', 'version of the running engine'],
];

/**
 * Runs one command, or the interactive shell where no verb is given.
 * @param argv words after the program's name
 * @returns the exit code; nothing is thrown
 */
export async function run(argv: readonly string[], io: CliIo = processIo()): Promise<number> {
  const connection = new LazyConnection(io);
  const startShell = async (options: ShellOptions): Promise<number> =>
    (await import('./shell/shell.ts')).runShell(io, options);
  try {
    const { signal } = new AbortController();
    return await runVerb(asVerb(argv), { io, connection, signal, startShell });
  } finally {
    connection.close();
  }
}

/** @param words as `asVerb` returns them */
export async function runVerb(words: readonly string[], surroundings: Surroundings): Promise<number> {
  const { io } = surroundings;
  if (words[0] !== 'engine') return await runWords(words, surroundings);
  const [{ alignedColumns }, { nearestWord }] = await Promise.all([
    import('./usage.ts'),
    import('../nearest-word.ts'),
  ]);
  const [, word] = words;
  if (word !== undefined) {
    const near = nearestWord(word, ['start', 'check', ...Object.keys(ENGINE_VERBS)]);
    complain(
      io,
      `there is no "engine ${plainLine(word)}"${near === undefined ? '' : `; did you mean ${near}?`}`,
    );
  }
  complain(io, `usage: ${alignedColumns(ENGINE_COMMANDS).join('\n       ')}`);
  return EXIT_BAD_ARGUMENTS;
}

/** The verb that `taskmaster engine …` stands for, where there is one. */
export function asVerb(argv: readonly string[]): readonly string[] {
  const [room, verb = '', ...rest] = argv;
  if (room !== 'engine') return argv;
  const mapped = Object.hasOwn(ENGINE_VERBS, verb) ? ENGINE_VERBS[verb] : undefined;
  return mapped === undefined ? argv : [mapped, ...rest];
}
