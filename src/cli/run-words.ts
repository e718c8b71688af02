/** One command: from its words to its exit code, failures included. */

import { TaskmasterError } from '../errors.ts';
import { INTERRUPTED } from '../exit-codes.ts';
import { exitCodeOf } from '../rpc/contract/error-codes.ts';
import { bad, parseCommand } from './arguments.ts';
import type { CommandSpec, ParsedFlags, ShellOptions } from './command.ts';
import { COMMANDS } from './commands.ts';
import { type CliIo, jsonText, say } from './io.ts';
import type { Connector } from './lazy-connection.ts';
import { plainText } from './plain-text.ts';

export interface Surroundings {
  readonly io: CliIo;
  readonly connection: Connector;
  readonly signal: AbortSignal;
  /** Those of the prompt, where there is one. */
  readonly commands?: readonly CommandSpec[];
  /** What to do where no verb is given; absent within a shell. */
  readonly startShell?: (options: ShellOptions) => Promise<number>;
}

/**
 * Runs one command with a connection that later ones may use too. Failures are told on standard error (with
 * `--json`: on standard output, as `{"error": …}`) and become the exit code.
 */
export async function runWords(
  words: readonly string[],
  { io, connection, signal, commands = COMMANDS, startShell }: Surroundings,
): Promise<number> {
  let command: CommandSpec | undefined;
  let isJson = words.includes('--json');
  try {
    const parsed = parseCommand(words, commands);
    command = parsed.command;
    isJson = parsed.flags.has('--json');
    if (parsed.command === undefined) return await withoutVerb(parsed.flags, io, commands, startShell);
    if (parsed.flags.has('--help')) return await showHelp(parsed.command, io);
    const handler = await parsed.command.load();
    const socket = parsed.flags.text('--socket');
    return await handler({
      command: parsed.command,
      operands: parsed.operands,
      flags: parsed.flags,
      commands,
      io,
      signal,
      connect: () => connection.get(socket),
    });
  } catch (error) {
    // Anyone who broke it off knows.
    if (signal.aborted) return INTERRUPTED;
    tellFailure(error, isJson, io);
    return codeFor(error, command);
  }
}

async function withoutVerb(
  flags: ParsedFlags,
  io: CliIo,
  commands: readonly CommandSpec[],
  startShell: Surroundings['startShell'],
): Promise<number> {
  if (flags.has('--help')) {
    const { helpOverview } = await import('./usage.ts');
    say(io, helpOverview(commands));
    return 0;
  }
  if (flags.has('--json') || startShell === undefined) throw bad('a verb is missing; help lists them');
  return startShell({
    socket: flags.text('--socket'),
    commands: flags.text('--commands'),
    stopsAtFailure: flags.has('--exit-on-error'),
  });
}

async function showHelp(command: CommandSpec, io: CliIo): Promise<number> {
  const { helpFor } = await import('./usage.ts');
  say(io, helpFor(command));
  return 0;
}

function tellFailure(error: unknown, isJson: boolean, io: CliIo): void {
  const { stream, text } = failureText(error, isJson);
  io[stream].write(text);
}

/** The message for a failure, with its newline. */
export function failureText(
  error: unknown,
  isJson: boolean,
): { readonly stream: 'stdout' | 'stderr'; readonly text: string } {
  if (!(error instanceof TaskmasterError)) {
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { stream: 'stderr', text: `taskshell: internal error in taskshell: ${plainText(told)}\n` };
  }
  const { code, message, details } = error;
  if (isJson) return { stream: 'stdout', text: `${jsonText({ error: { ...details, code, message } })}\n` };
  const { problems } = details;
  const lines = [message, ...(Array.isArray(problems) ? problems : [])];
  return { stream: 'stderr', text: lines.map((line) => `${plainText(String(line))}\n`).join('') };
}

export function codeFor(error: unknown, command: CommandSpec | undefined): number {
  if (error instanceof TaskmasterError && command?.exitCodeOf !== undefined) {
    return command.exitCodeOf(error.code);
  }
  return exitCodeOf(error);
}
