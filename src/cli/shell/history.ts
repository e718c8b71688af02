/** Lines typed before, kept across runs in a file that is the user's alone. */

import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rename, unlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';

export const MAX_HISTORY_LINES = 1_000;
/** Longer lines are not worth remembering. */
const LONGEST_LINE = 4_096;
/** Of a file that somebody else has let grow, the end is enough. */
const MAX_READ = 2 * MAX_HISTORY_LINES * LONGEST_LINE;
const PRIVATE = 0o600;
/** A FIFO must not hold us up, and a link may lead to what is not ours: `history -> /dev/null` means none. */
const CAREFULLY = constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/** `$XDG_STATE_HOME/taskmaster/history`, or below `~/.local/state` (XDG Base Directory Specification). */
export function historyPath(environment: Readonly<Record<string, string | undefined>>): string {
  const { XDG_STATE_HOME: state, HOME: home } = environment;
  const base = state !== undefined && isAbsolute(state) ? state : join(home || homedir(), '.local', 'state');
  return join(base, 'taskmaster', 'history');
}

/**
 * A home that cannot be read or written costs the memory across runs, nothing else; so does a file that is no regular one
 * of our own.
 */
export class History {
  readonly #path: string;
  #lines: string[] = [];
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  /** Newest first, each line once, as node:readline wants it. */
  get newestFirst(): string[] {
    return this.#lines.toReversed();
  }

  async load(): Promise<void> {
    const text = await readOwn(this.#path).catch(() => '');
    const found = text.split('\n').filter((line) => line !== '');
    // Somebody may have typed meanwhile.
    this.#lines = withoutRepeats([...found, ...this.#lines]).slice(-MAX_HISTORY_LINES);
    // Appending alone would let the file grow for ever.
    if (found.length > MAX_HISTORY_LINES * 2) await this.#rewrite();
  }

  /** A line that begins with a space is not kept, as in other shells. */
  add(line: string): void {
    const kept = line.trimEnd();
    if (kept === '' || kept.startsWith(' ') || kept.length > LONGEST_LINE || /[\r\n]/.test(kept)) return;
    this.#lines = withoutRepeats([...this.#lines, kept]).slice(-MAX_HISTORY_LINES);
    this.#writing = this.#writing.then(() => this.#append(kept)).catch(() => undefined);
  }

  /** Resolves when all that was added is on the disk, or could not be. */
  async saved(): Promise<void> {
    await this.#writing;
  }

  async #append(line: string): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    await withOwn(
      this.#path,
      constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT,
      async (file, mode) => {
        // The mode counts at first only for a file that is new.
        if (mode !== PRIVATE) await file.chmod(PRIVATE);
        await file.appendFile(`${line}\n`);
      },
    );
  }

  async #rewrite(): Promise<void> {
    const temporary = `${this.#path}.${process.pid}.tmp`;
    try {
      await withOwn(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, (file) =>
        file.writeFile(`${this.#lines.join('\n')}\n`),
      );
      await rename(temporary, this.#path);
    } catch {
      // As said above: it only costs the memory.
      await unlink(temporary).catch(() => undefined);
    }
  }
}

async function readOwn(path: string): Promise<string> {
  return withOwn(path, constants.O_RDONLY, async (file, _mode, size) => {
    const bytes = Buffer.alloc(Math.min(size, MAX_READ));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString('utf8', 0, bytesRead);
  });
}

/** Does something with a regular file that belongs to us; looked at by descriptor. Throws where it is none. */
async function withOwn<T>(
  path: string,
  flags: number,
  work: (file: FileHandle, mode: number, size: number) => Promise<T>,
): Promise<T> {
  const file = await open(path, flags | CAREFULLY, PRIVATE);
  try {
    const found = await file.stat();
    const { mode, size, uid } = found;
    if (!found.isFile()) throw new Error('it is no regular file');
    if (uid !== process.geteuid?.()) throw new Error('it belongs to somebody else');
    return await work(file, mode & 0o7777, size);
  } finally {
    await file.close();
  }
}

/** Oldest first; of a line that occurs twice the later one stays. */
function withoutRepeats(lines: readonly string[]): string[] {
  return [...new Set(lines.toReversed())].reverse();
}
