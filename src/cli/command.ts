/** What a verb is: the shape of the entries in `commands.ts`. */

import type { RpcClient } from '../rpc/client/client.ts';
import type { CliIo } from './io.ts';

/** What an operand or a flag's value names; decides what Tab offers. */
export type WordKind =
  | 'process'
  | 'signal'
  | 'verb'
  | 'level'
  | 'event'
  | 'text'
  | { readonly oneOf: readonly string[] };

export interface OperandSpec {
  readonly label: string;
  readonly kind: WordKind;
  readonly count: 'one' | 'optional' | 'some' | 'any';
}

export interface FlagSpec {
  readonly name: `--${string}`;
  readonly short?: `-${string}`;
  /** Where it takes a value; a flag without one is on or off. */
  readonly value?: { readonly label: string; readonly kind: WordKind };
  /** May be given more than once. */
  readonly repeats?: boolean;
  readonly summary: string;
}

export interface CommandSpec {
  readonly verb: string;
  readonly operands: readonly OperandSpec[];
  readonly flags: readonly FlagSpec[];
  readonly summary: string;
  /** Further lines of `help VERB`: exit codes and what one should know. */
  readonly notes: readonly string[];
  /** For `help VERB` and the manual: the words after `taskshell`, and what they are good for. */
  readonly examples?: readonly (readonly [words: string, what: string])[];
  /** What it shows is no result: text, or bytes. */
  readonly hasNoJson?: boolean;
  /** Not shown in help; for scripts of our own. */
  readonly isHidden?: boolean;
  /** Exit code for a failure, where the verb has its own codes; otherwise the table of the RPC decides. */
  readonly exitCodeOf?: (code: string) => number;
  /**
   * Why the client has to run it in a process of its own, where the engine could run it for a client: it reads keys, or
   * what it does has no bound. Undefined: it needs none.
   */
  readonly whyInClient?: (
    command: Parsed,
    areTerminals: { stdin: boolean; stdout: boolean },
  ) => string | undefined;
  /** The end of the engine is what it waits for. */
  readonly outlivesEngine?: (command: Parsed) => boolean;
  /** Loaded only when the verb is used: a one-shot command must start fast. */
  load(): Promise<CommandHandler>;
}

export type CommandHandler = (invocation: Invocation) => Promise<number>;

/** One command as it was given. */
export interface Invocation {
  readonly command: CommandSpec;
  /** The whole table, for those that speak of it. */
  readonly commands: readonly CommandSpec[];
  readonly operands: readonly string[];
  readonly flags: ParsedFlags;
  readonly io: CliIo;
  /** Aborts at Ctrl-C where the interactive shell runs the command. */
  readonly signal: AbortSignal;
  /** Connects at the first call. Throws `engine-unreachable`. */
  connect(): Promise<RpcClient>;
}

/** What was given to a verb. */
export interface Parsed {
  readonly operands: readonly string[];
  readonly flags: ParsedFlags;
}

/** Flags by their long name. */
export interface ParsedFlags {
  has(name: `--${string}`): boolean;
  /** The value, the last one where it was given more than once. */
  text(name: `--${string}`): string | undefined;
  all(name: `--${string}`): readonly string[];
}

/** Flags that every verb has. */
export const COMMON_FLAGS: readonly FlagSpec[] = [
  { name: '--json', summary: 'print the result as JSON' },
  {
    name: '--socket',
    value: { label: 'PATH', kind: 'text' },
    summary: "the engine's socket (default: TASKMASTER_SOCKET, then the usual places)",
  },
  { name: '--help', short: '-h', summary: 'explain the verb' },
];

/** All flags that may stand behind the verb. */
export function flagsOf({ flags, hasNoJson }: CommandSpec): readonly FlagSpec[] {
  return [...flags, ...COMMON_FLAGS.filter(({ name }) => name !== '--json' || hasNoJson !== true)];
}

/** Flags of the shell itself, where no verb is given. */
export const SHELL_FLAGS: readonly FlagSpec[] = [
  {
    name: '--commands',
    short: '-c',
    value: { label: 'COMMANDS', kind: 'text' },
    summary: 'run these commands, separated by ; or newlines',
  },
  { name: '--exit-on-error', short: '-e', summary: 'without a terminal: exit at the first that fails' },
];

/** What they say. */
export interface ShellOptions {
  /** `--socket`, for all commands. */
  readonly socket: string | undefined;
  /** `-c`: what to run instead of asking. */
  readonly commands: string | undefined;
  /** `-e` */
  readonly stopsAtFailure: boolean;
}
