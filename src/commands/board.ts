/** `taskboard`, and `taskmaster board`, which is the same: a live screen of the engine and its instances. */

import { Writable } from 'node:stream';
import { isatty } from 'node:tty';
import { type CliIo, processIo } from '../cli/io.ts';
import { TaskmasterError } from '../errors.ts';
import { INTERRUPTED } from '../exit-codes.ts';
import { type ConnectOptions, connect } from '../rpc/client/client.ts';
import { TerminalOwner } from '../terminal/owner.ts';
import { processPorts } from '../terminal/ports.ts';
import { runBoard } from '../tui/board.ts';
import { enginePeer } from './engine-peer.ts';
import { VERSION } from './version.ts';

export { firstFrame } from '../tui/ends/first-frame.ts';

const EXIT_CANNOT = 1;
/** Of what attach tells. */
const MOST_TOLD = 4_096;
const EXIT_BAD_ARGUMENTS = 2;
const USAGE = `usage: taskboard [--socket PATH] [--mouse]    a live screen of the engine and what it runs; ? explains the keys

Also "taskmaster board". TASKMASTER_SOCKET chooses the engine where --socket does not. NO_COLOR is heeded.
--mouse: the wheel scrolls, a click selects (m on the board switches it).`;

interface Asked {
  readonly socket: string | undefined;
  readonly hasMouse: boolean;
  readonly shows: 'help' | 'version' | undefined;
}

export async function run(words: readonly string[]): Promise<number> {
  const asked = read(words);
  const io = processIo(enginePeer);
  if (typeof asked === 'string') return refuse(`${asked}\n${USAGE}`, EXIT_BAD_ARGUMENTS);
  if (asked.shows !== undefined) {
    io.stdout.write(asked.shows === 'help' ? `${USAGE}\n` : `taskmaster ${VERSION}\n`);
    return 0;
  }
  const { TERM: term, TASKMASTER_SOCKET: fromEnvironment, NO_COLOR: noColour } = process.env;
  const problem = whyNotHere(term);
  if (problem !== undefined) return refuse(problem, EXIT_CANNOT);
  const options: ConnectOptions = {
    socket: asked.socket ?? (fromEnvironment === '' ? undefined : fromEnvironment),
    environment: process.env,
    uid: process.geteuid?.() ?? 0,
    peerOf: enginePeer,
    onForeign: (message) => void process.stderr.write(`${message}\n`),
  };
  let owner: TerminalOwner | undefined;
  const terminal = (): TerminalOwner => {
    owner ??= new TerminalOwner(processPorts());
    return owner;
  };
  try {
    return await runBoard({
      client: await connect(options),
      options,
      terminal,
      output: () => process.stdout,
      hasColour: noColour === undefined || noColour === '',
      hasMouse: asked.hasMouse,
      attach: (name) => attach(name, { ...io, terminal: async () => terminal() }, options.socket),
      now: () => performance.now(),
    });
  } catch (error) {
    if (error instanceof TaskmasterError) return refuse(error.message, EXIT_CANNOT);
    throw error;
  }
}

/** As `taskshell attach` does it, which is loaded only now. */
async function attach(
  name: string,
  io: CliIo,
  socket: string | undefined,
): Promise<{ isWell: boolean; text: string }> {
  const { run: runShell } = await import('./shell.ts');
  let told = '';
  const stderr = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      told = `${told}${chunk.toString()}`.slice(-MOST_TOLD);
      // In its place in what else is written.
      io.stdout.write(chunk, () => done());
    },
  });
  const words = ['attach', name, '--stdin', ...(socket === undefined ? [] : ['--socket', socket])];
  const { stdin, stdout, environment, uid, onInterrupt, dieOfInterrupt, peerOf, terminal } = io;
  const code = await runShell(words, {
    stdin,
    stdout,
    stderr,
    environment,
    uid,
    onInterrupt,
    dieOfInterrupt,
    peerOf,
    terminal,
  });
  const isWell = code === 0 || code === INTERRUPTED;
  const lines = told.trim().split(/[\r\n]+/);
  // A failure is explained in its first line, an end told in the last.
  return { isWell, text: (isWell ? lines.at(-1) : lines[0]) ?? '' };
}

/** @returns the problem as a sentence where they cannot be read */
function read(words: readonly string[]): Asked | string {
  const asked: { -readonly [Key in keyof Asked]: Asked[Key] } = {
    socket: undefined,
    hasMouse: false,
    shows: undefined,
  };
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '--help' || word === '-h') asked.shows ??= 'help';
    else if (word === '--version') asked.shows ??= 'version';
    else if (word === '--mouse') asked.hasMouse = true;
    else if (word.startsWith('--socket=')) asked.socket = word.slice('--socket='.length);
    else if (word === '--socket' && words[at + 1] !== undefined) asked.socket = words[++at];
    else if (word === '--socket') return '--socket needs a path';
    else return `taskboard does not know "${word}"`;
  }
  return asked;
}

function whyNotHere(term: string | undefined): string | undefined {
  const instead = '"taskshell status" tells the same in lines';
  if (!isatty(0) || !isatty(1)) {
    return `taskboard needs a terminal (in a container: docker exec -it); ${instead}`;
  }
  if (term === 'dumb') return `taskboard cannot draw on a dumb terminal (TERM=dumb); ${instead}`;
  if (term !== undefined && term !== '') return undefined;
  return `taskboard cannot draw where nobody says what the terminal can (set TERM, as in docker exec -it -e TERM); ${instead}`;
}

function refuse(text: string, code: number): number {
  process.stderr.write(`${text}\n`);
  return code;
}
