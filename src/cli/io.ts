/** What the command line needs of its surroundings; tests hand in their own. */

import type { Readable, Writable } from 'node:stream';
import type { ConnectOptions } from '../rpc/client.ts';

export type Output = Writable & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};
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
  /** Who listens at the other end of a connection; undefined: the kernel is not asked. */
  readonly peerOf?: ConnectOptions['peerOf'];
  /** Calls back at SIGINT, which then does not end the program; the returned function undoes that. */
  readonly onInterrupt: (listener: () => void) => () => void;
}

/** The real ones. Output into a closed pipe (`taskshell logs | head`) ends the program quietly. */
export function processIo(peerOf?: ConnectOptions['peerOf']): CliIo {
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
  };
}

function endingOnBrokenPipe<Stream extends NodeJS.WriteStream>(stream: Stream): Stream {
  return stream.listenerCount('error', onStreamError) > 0 ? stream : stream.on('error', onStreamError);
}

function onStreamError(error: NodeJS.ErrnoException): never {
  // 141 is what a shell reports for a program that died of SIGPIPE.
  if (error.code === 'EPIPE') process.exit(141);
  throw error;
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
