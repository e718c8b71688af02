/** What the owner of the terminal needs of its surroundings; tests hand in their own. */

import { constants, openSync, readFileSync, writeSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';

export type TerminalInput = Readable & {
  readonly isTTY?: boolean;
  readonly setRawMode?: (isRaw: boolean) => unknown;
};
export type TerminalOutput = Writable & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

export interface TerminalPorts {
  readonly input: TerminalInput;
  readonly output: TerminalOutput;
  /** To write to by oneself: never waits, and belongs to nobody else. Undefined where there is none. */
  readonly fd?: number | undefined;
  /** In its place in what is written to `output`. */
  readonly show: (sequences: string) => void;
  /** At once, for what comes after may be the end: ahead of what `output` still holds. */
  readonly writeNow: (sequences: string) => void;
  /** `exit`, and signals, which then do nothing else. @returns what undoes it. */
  readonly signals: (name: string, listener: () => void) => () => void;
  /** False where nobody could continue us, and the kernel would therefore stop nothing. */
  readonly canStop: () => boolean;
  /** Stops this process, or its whole group, until SIGCONT. */
  readonly stop: (whom: 'group' | 'self') => void;
  /** The size may have changed unseen: `output` tells if it has. */
  readonly askSize: () => void;
  readonly exit: (code: number) => void;
}

/** Those of this process. */
export function processPorts(): TerminalPorts {
  const { stdin, stdout } = process;
  // Node writes to a terminal in its event loop otherwise, and one that takes nothing would hold up the keys.
  if (stdout.isTTY) (stdout as Unblockable)._handle?.setBlocking?.(false);
  const fd = stdout.isTTY ? openAgain(stdout.fd) : undefined;
  return {
    input: stdin,
    output: stdout,
    fd,
    show: (sequences) => {
      // The stream is not needed yet where nothing waits in it, and takes Node a while to begin with.
      if (fd === undefined || stdout.writableLength > 0 || !wrote(fd, sequences)) stdout.write(sequences);
    },
    writeNow: (sequences) => {
      if (fd === undefined) return;
      try {
        // CAN: what the stream still holds is lost, and may have ended in the middle of a sequence.
        writeSync(fd, stdout.writableLength > 0 ? `\u0018${sequences}` : sequences);
      } catch {
        // It has hung up, or takes nothing: there is nobody to show it to.
      }
    },
    signals: (name, listener) => {
      process.on(name, listener);
      return () => void process.off(name, listener);
    },
    canStop: () => hasKeeper(process.pid),
    stop,
    askSize: () => void process.kill(process.pid, 'SIGWINCH'),
    exit: (code) => process.exit(code),
  };
}

/** @returns false where there was no room for all of it: the terminal has none of it then. */
function wrote(fd: number, sequences: string): boolean {
  try {
    // A few bytes: a terminal takes all of them or none.
    return writeSync(fd, sequences) > 0;
  } catch {
    return false;
  }
}

/** What Node does not document. */
interface Unblockable {
  readonly _handle?: { readonly setBlocking?: (isBlocking: boolean) => unknown };
}

/** One that never waits; the one we were given is shared with others, whose flags it would be. */
function openAgain(fd: number): number {
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK);
  } catch {
    return fd;
  }
}

/** As if nobody listened: the default is to stop. */
function stop(whom: 'group' | 'self'): void {
  const listeners = process.listeners('SIGTSTP');
  process.removeAllListeners('SIGTSTP');
  process.kill(whom === 'group' ? 0 : process.pid, 'SIGTSTP');
  for (const listener of listeners) process.on('SIGTSTP', listener);
}

const MOST_PARENTS = 16;

/** True where a shell of our session waits for our process group (setpgid(2)): an orphaned one is never stopped. */
function hasKeeper(pid: number): boolean {
  const self = statOf(pid);
  for (let at = self, level = 0; at !== undefined && level < MOST_PARENTS; level++) {
    const parent = statOf(at.parent);
    if (parent === undefined || parent.session !== self?.session) return false;
    if (parent.group !== self.group) return true;
    at = parent;
  }
  return false;
}

/** proc_pid_stat(5): the name, in parentheses, may contain anything. */
function statOf(pid: number): { parent: number; group: number; session: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [, parent, group, session] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { parent: Number(parent), group: Number(group), session: Number(session) };
  } catch {
    return undefined;
  }
}
