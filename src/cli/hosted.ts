/** A command that the engine runs for its client: the code of the command, with the client's streams. */

import { TaskmasterError } from '../errors.ts';
import { RpcClient } from '../rpc/client/client.ts';
import type { VerbEnd, VerbSurroundings, WhenLost } from '../rpc/server/verb-run.ts';
import { parseCommand } from './arguments.ts';
import type { CommandSpec, Parsed } from './command.ts';
import { COMMANDS } from './commands.ts';
import type { CliIo } from './io.ts';
import { asVerb, runVerb } from './main.ts';
import { codeFor, failureText } from './run-words.ts';

/** @param argv words after the program's name */
export async function runHosted(argv: readonly string[], surroundings: VerbSurroundings): Promise<VerbEnd> {
  const words = asVerb(argv);
  const parsed = parse(words);
  const why = whyInClient(words, parsed, surroundings);
  if (why !== undefined) return { declined: why };
  const { signal, connect, begin } = surroundings;
  begin(whenLost(words, parsed, surroundings));
  let client: RpcClient | undefined;
  const get = async (): Promise<RpcClient> => {
    if (client?.isOpen !== true) client = new RpcClient(connect(), surroundings.socket);
    return client;
  };
  return { exitCode: await runVerb(words, { io: ioOf(surroundings), connection: { get }, signal }) };
}

type Command = (Parsed & { readonly command: CommandSpec | undefined }) | undefined;

/** @returns undefined for words that are wrong: the run says so. */
function parse(words: readonly string[]): Command {
  try {
    return { operands: [], ...parseCommand(words, COMMANDS) };
  } catch {
    return undefined;
  }
}

function whyInClient(
  words: readonly string[],
  parsed: Command,
  { isInputTerminal, stdout }: VerbSurroundings,
): string | undefined {
  if (words[0] === '--version') return 'it asks for the version of the client';
  if (words[0] === 'engine' || parsed === undefined || parsed.flags.has('--help')) return undefined;
  const { command, flags } = parsed;
  if (command !== undefined)
    return command.whyInClient?.(parsed, { stdin: isInputTerminal, stdout: stdout.isTTY });
  return flags.has('--json') ? undefined : 'the shell needs a process of its own';
}

function whenLost(words: readonly string[], parsed: Command, { socket }: VerbSurroundings): WhenLost {
  const command = parsed?.command;
  if (parsed !== undefined && command?.outlivesEngine?.(parsed) === true) {
    return { stream: 'stdout', text: '', exitCode: 0 };
  }
  const error = new TaskmasterError('engine-unreachable', 'the engine closed the connection', {
    details: { socket },
  });
  return { ...failureText(error, words.includes('--json')), exitCode: codeFor(error, command) };
}

function ioOf({
  stdin,
  stdout,
  stderr,
  environment,
  isInputTerminal: isTTY,
  onInterrupt,
  dieOfInterrupt,
}: VerbSurroundings): CliIo {
  return {
    get stdin() {
      return Object.assign(stdin(), { isTTY });
    },
    stdout,
    stderr,
    environment,
    uid: 0,
    onInterrupt,
    dieOfInterrupt,
    terminal: () => Promise.reject(new TaskmasterError('internal', 'the engine reads no keys')),
  };
}
