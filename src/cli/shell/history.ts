/** Lines typed before, kept across runs in a file that is the user's alone. */

import { appendFile, chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';

export const MAX_HISTORY_LINES = 1_000;
/** Longer lines are not worth remembering. */
const LONGEST_LINE = 4_096;

/** `$XDG_STATE_HOME/taskmaster/history`, or below `~/.local/state` (XDG Base Directory Specification). */
export function historyPath(environment: Readonly<Record<string, string | undefined>>): string {
  const { XDG_STATE_HOME: state, HOME: home } = environment;
  const base = state !== undefined && isAbsolute(state) ? state : join(home || homedir(), '.local', 'state');
  return join(base, 'taskmaster', 'history');
}

/** A home that cannot be read or written costs the memory across runs, nothing else. */
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
    const text = await readFile(this.#path, 'utf8').catch(() => '');
    const found = text.split('\n').filter((line) => line !== '');
    this.#lines = withoutRepeats(found).slice(-MAX_HISTORY_LINES);
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
    await appendFile(this.#path, `${line}\n`, { mode: 0o600 });
    // The mode above counts only for a file that is new.
    await chmod(this.#path, 0o600);
  }

  async #rewrite(): Promise<void> {
    const temporary = `${this.#path}.${process.pid}.tmp`;
    try {
      await writeFile(temporary, `${this.#lines.join('\n')}\n`, { mode: 0o600 });
      await rename(temporary, this.#path);
    } catch {
      // As said above: it only costs the memory.
    }
  }
}

/** Oldest first; of a line that occurs twice the later one stays. */
function withoutRepeats(lines: readonly string[]): string[] {
  return [...new Set(lines.toReversed())].reverse();
}
