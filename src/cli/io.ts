/** What the command line needs of its surroundings; tests hand in their own. */

import { writeSync } from 'node:fs';
import type { ConnectOptions } from '../rpc/client/client.ts';
import type { TerminalOwner } from '../terminal/owner.ts';
import type { TerminalInput } from '../terminal/ports.ts';

/** What commands use of a stream that they write to. */
export interface Output extends NodeJS.EventEmitter {
  readonly isTTY?: boolean;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  readonly writableNeedDrain: boolean;
  write(chunk: string | Uint8Array, done?: (error?: Error | null) => void): boolean;
  cork?(): void;
  uncork?(): void;
}
export type Input = TerminalInput;

export interface CliIo {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  /** Who listens at the other end of a connection; undefined: the kernel is not asked. */
  readonly peerOf?: ConnectOptions['peerOf'];
  /** Calls back at SIGINT, which then does not end the program; the returned function undoes that. */
  readonly onInterrupt: (listener: () => void) => () => void;
  /** Ends this program by SIGINT itself, so that its parent sees the signal in its wait status (signal(7)). */
  readonly dieOfInterrupt: () => void;
  /** The one owner of the terminal's modes and of what is typed; anyone who reads standard input asks it. */
  readonly terminal: () => Promise<TerminalOwner>;
}

const EXIT_CANNOT_WRITE = 1;

/** The real ones. Output into a closed pipe (`taskshell logs | head`) ends the program quietly. */
export function processIo(peerOf?: ConnectOptions['peerOf']): CliIo {
  let owner: Promise<TerminalOwner> | undefined;
  // Each stream is made only when it is used: that takes a millisecond.
  return {
    get stdin() {
      return process.stdin;
    },
    get stdout() {
      return endingOnBrokenPipe(process.stdout);
    },
    get stderr() {
      return endingOnBrokenPipe(process.stderr);
    },
    environment: process.env,
    uid: process.geteuid?.() ?? 0,
    peerOf,
    onInterrupt: (listener) => {
      process.on('SIGINT', listener);
      return () => process.off('SIGINT', listener);
    },
    dieOfInterrupt: () => void process.kill(process.pid, 'SIGINT'),
    terminal: () => {
      owner ??= openTerminal();
      return owner;
    },
  };
}

/** Loaded when it is needed: a one-shot command is not for reading keys. */
async function openTerminal(): Promise<TerminalOwner> {
  const [{ TerminalOwner }, { processPorts }] = await Promise.all([
    import('../terminal/owner.ts'),
    import('../terminal/ports.ts'),
  ]);
  return new TerminalOwner(processPorts());
}

function endingOnBrokenPipe<Stream extends NodeJS.WriteStream>(stream: Stream): Stream {
  return stream.listenerCount('error', onStreamError) > 0 ? stream : stream.on('error', onStreamError);
}

function onStreamError(this: NodeJS.WriteStream, error: NodeJS.ErrnoException): void {
  // 141 is what a shell reports for a program that died of SIGPIPE, 129 for one whose terminal hung up.
  if (error.code === 'EPIPE') process.exit(141);
  if (error.code === 'EIO' && this.isTTY) process.exit(129);
  const what = this === process.stderr ? 'standard error' : 'standard output';
  try {
    writeSync(2, `cannot write to ${what}: ${reasonOf(error)}\n`);
  } catch {
    // Nobody can be told.
  }
  process.exit(EXIT_CANNOT_WRITE);
}

/** Asked for only then: a one-shot command loads nothing that it does not need. */
function errorMap(): Map<number, [string, string]> | undefined {
  return process.getBuiltinModule('node:util').getSystemErrorMap();
}

function reasonOf({ errno, message }: NodeJS.ErrnoException): string {
  const [, text] = (errno === undefined ? undefined : errorMap()?.get(errno)) ?? [];
  return text ?? message;
}

/** False where TERM says so, or says nothing (`docker exec -t`): nobody knows then what the terminal understands. */
export function canMoveCursor({ environment: { TERM: term } }: CliIo): boolean {
  return term !== undefined && term !== '' && term !== 'dumb' && term !== 'unknown';
}

/** Where both are a terminal, all in one stream: what is written to two may overtake each other. */
export function onOneTerminal(io: CliIo): CliIo {
  return io.stdout.isTTY === true && io.stderr.isTTY === true ? { ...io, stderr: io.stdout } : io;
}

/** Colour only on a terminal, and never with NO_COLOR (https://no-color.org) or on a dumb one. */
export function wantsColour(io: CliIo): boolean {
  const { NO_COLOR: noColour, TERM: term } = io.environment;
  return io.stdout.isTTY === true && (noColour === undefined || noColour === '') && term !== 'dumb';
}

export function say(io: CliIo, text: string): void {
  io.stdout.write(`${text}\n`);
}

/** JSON in which nothing could move a terminal's cursor: what `JSON.stringify` leaves of that is escaped as well. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

export function complain(io: CliIo, text: string): void {
  io.stderr.write(`${text}\n`);
}
