/** taskshell: words in, exit code out. */

import { TaskmasterError } from '../errors.ts';
import type { RpcClient } from '../rpc/client.ts';
import { exitCodeOf } from '../rpc/error-codes.ts';
import { bad, parseCommand } from './arguments.ts';
import type { CommandSpec, ParsedFlags } from './command.ts';
import { COMMANDS } from './commands.ts';
import { type CliIo, complain, processIo, say } from './io.ts';
import { plainText } from './plain-text.ts';

/** `taskmaster engine …` for the running engine, as verbs. */
const ENGINE_VERBS: Readonly<Record<string, string>> = {
  stop: 'shutdown',
  reload: 'reload',
  version: 'version',
};

const EXIT_BAD_ARGUMENTS = 2;
const ENGINE_USAGE = `usage: taskmaster engine start [CONFIG]      run the engine (default: /etc/taskmaster.toml)
       taskmaster engine check CONFIG        tell every problem of a configuration
       taskmaster engine stop                act on the running engine,
       taskmaster engine reload [--plan]     as taskshell shutdown, reload and version do
       taskmaster engine version`;

/**
 * Runs one command, or the interactive shell where no verb is given.
 * @param argv words after the program's name
 * @returns the exit code; nothing is thrown
 */
export async function run(argv: readonly string[], io: CliIo = processIo()): Promise<number> {
  const words = asVerb(argv);
  if (words[0] === 'engine') {
    complain(io, ENGINE_USAGE);
    return EXIT_BAD_ARGUMENTS;
  }
  const connection = new LazyConnection(io);
  try {
    return await runWords(words, io, connection, new AbortController().signal);
  } finally {
    connection.close();
  }
}

/**
 * Runs one command with a connection that later ones may use too. Failures are told on standard error (with
 * `--json`: on standard output, as `{"error": …}`) and become the exit code.
 */
export async function runWords(
  words: readonly string[],
  io: CliIo,
  connection: LazyConnection,
  signal: AbortSignal,
): Promise<number> {
  let command: CommandSpec | undefined;
  let isJson = words.includes('--json');
  try {
    const parsed = parseCommand(words, COMMANDS);
    command = parsed.command;
    isJson = parsed.flags.has('--json');
    if (parsed.command === undefined) return await withoutVerb(parsed.flags, io);
    if (parsed.flags.has('--help')) return await showHelp(parsed.command, io);
    const handler = await parsed.command.load();
    const socket = parsed.flags.text('--socket');
    return await handler({
      command: parsed.command,
      operands: parsed.operands,
      flags: parsed.flags,
      io,
      signal,
      connect: () => connection.get(socket),
    });
  } catch (error) {
    tellFailure(error, isJson, io);
    return codeFor(error, command);
  }
}

function asVerb(argv: readonly string[]): readonly string[] {
  const [room, verb = '', ...rest] = argv;
  if (room !== 'engine') return argv;
  const mapped = Object.hasOwn(ENGINE_VERBS, verb) ? ENGINE_VERBS[verb] : undefined;
  return mapped === undefined ? argv : [mapped, ...rest];
}

async function withoutVerb(flags: ParsedFlags, io: CliIo): Promise<number> {
  if (flags.has('--help')) {
    const { helpOverview } = await import('./usage.ts');
    say(io, helpOverview(COMMANDS));
    return 0;
  }
  if (flags.has('--json')) throw bad('--json needs a verb');
  const { interact } = await import('./shell.ts');
  return interact(io, flags.text('--socket'));
}

async function showHelp(command: CommandSpec, io: CliIo): Promise<number> {
  const { helpFor } = await import('./usage.ts');
  say(io, helpFor(command));
  return 0;
}

function tellFailure(error: unknown, isJson: boolean, io: CliIo): void {
  if (!(error instanceof TaskmasterError)) {
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
    complain(io, `taskshell: a fault of taskshell itself: ${plainText(told)}`);
    return;
  }
  const { code, message, details } = error;
  if (isJson) {
    say(io, JSON.stringify({ error: { ...details, code, message } }));
    return;
  }
  complain(io, plainText(message));
  const { problems } = details;
  if (!Array.isArray(problems)) return;
  for (const problem of problems) complain(io, plainText(String(problem)));
}

function codeFor(error: unknown, command: CommandSpec | undefined): number {
  if (error instanceof TaskmasterError && command?.exitCodeOf !== undefined) {
    return command.exitCodeOf(error.code);
  }
  return exitCodeOf(error);
}

/** A connection made when first asked for, kept for the commands after it, and made anew when it broke. */
export class LazyConnection {
  readonly #io: CliIo;
  #client: RpcClient | undefined;
  #socket: string | undefined;

  constructor(io: CliIo) {
    this.#io = io;
  }

  /** @param socket `--socket`, which goes before TASKMASTER_SOCKET */
  async get(socket: string | undefined): Promise<RpcClient> {
    const { TASKMASTER_SOCKET: fromEnvironment } = this.#io.environment;
    const wanted = socket ?? (fromEnvironment === '' ? undefined : fromEnvironment);
    if (this.#client?.isOpen === true && this.#socket === wanted) return this.#client;
    this.close();
    const { connect } = await import('../rpc/client.ts');
    this.#client = await connect({
      socket: wanted,
      environment: this.#io.environment,
      uid: this.#io.uid,
    });
    this.#socket = wanted;
    return this.#client;
  }

  close(): void {
    this.#client?.close();
    this.#client = undefined;
  }
}
