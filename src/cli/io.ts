/** What the command line needs of its surroundings; tests hand in their own. */

import type { Readable, Writable } from 'node:stream';

export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number };
export type Input = Readable & {
  readonly isTTY?: boolean;
  readonly setRawMode?: (isRaw: boolean) => unknown;
};

export interface CliIo {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  /** Calls back at SIGINT, which then does not end the program; the returned function undoes that. */
  readonly onInterrupt: (listener: () => void) => () => void;
}

/** The real ones. Output into a closed pipe (`taskshell logs | head`) ends the program quietly. */
export function processIo(): CliIo {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      // What a shell reports for a program that died of SIGPIPE.
      process.exit(141);
    });
  }
  return {
    get stdin() {
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    uid: process.geteuid?.() ?? 0,
    onInterrupt: (listener) => {
      process.on('SIGINT', listener);
      return () => process.off('SIGINT', listener);
    },
  };
}

/** Colour only on a terminal, and never with NO_COLOR (https://no-color.org) or on a dumb one. */
export function wantsColour(io: CliIo): boolean {
  const { NO_COLOR: noColour, TERM: term } = io.environment;
  return io.stdout.isTTY === true && (noColour === undefined || noColour === '') && term !== 'dumb';
}

export function say(io: CliIo, text: string): void {
  io.stdout.write(`${text}\n`);
}

export function complain(io: CliIo, text: string): void {
  io.stderr.write(`${text}\n`);
}
