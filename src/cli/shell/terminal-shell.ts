/** The interactive shell on a terminal: one prompt, the same verbs, history, and what happens meanwhile. */

import { INTERRUPTED } from '../../exit-codes.ts';
import type { CommandSpec } from '../command.ts';
import { complete } from '../complete.ts';
import { namesOf } from '../completion.ts';
import { type CliIo, canMoveCursor, wantsColour } from '../io.ts';
import { LazyConnection } from '../lazy-connection.ts';
import { runWords } from '../run-words.ts';
import { CookedPrompter } from './cooked-prompter.ts';
import { History, historyPath } from './history.ts';
import { LinePrompter } from './line-prompter.ts';
import { Notices } from './notices.ts';
import { promptCommands } from './prompt-commands.ts';
import type { Prompter, PrompterUse } from './prompter.ts';
import { commandsOf } from './script.ts';
import { splitLine } from './words.ts';

/** How long names that Tab offers may be old. */
const NAMES_FRESH_MS = 1_000;
/** How long Tab waits for them. */
const NAMES_WITHIN_MS = 2_000;
/** What was broken off has so long to leave the screen before the prompt comes. */
const LEAVE_MS = 500;
/** Lines of earlier runs are there after a millisecond, unless the disk hangs. */
const HISTORY_MS = 200;

export class TerminalShell {
  readonly #io: CliIo;
  readonly #connection: LazyConnection;
  readonly #history: History;
  readonly #commands: readonly CommandSpec[];
  /** Undefined: they are not wanted. */
  #notices: Notices | undefined;
  #prompter: Prompter | undefined;
  #running: AbortController | undefined;
  #names: { readonly at: number; readonly names: readonly string[] } | undefined;
  #isLeft = false;

  constructor(io: CliIo, connection: LazyConnection) {
    this.#io = io;
    this.#connection = connection;
    this.#history = new History(historyPath(io.environment));
    this.#commands = promptCommands({
      leave: () => {
        this.#isLeft = true;
      },
      notices: (on) => this.#wantNotices(on),
    });
  }

  /** Somebody has seen what failed: leaving is no failure. */
  async run(): Promise<number> {
    const loading = this.#history.load();
    const prompter = await this.#open();
    // The first key may ask for it. A home on a disk that hangs does not keep the prompt away.
    await Promise.race([loading, pause(HISTORY_MS)]);
    this.#prompter = prompter;
    this.#wantNotices(true);
    try {
      for (let line = await prompter.next(); line !== undefined; line = await prompter.next()) {
        this.#history.add(line);
        if (await this.#runLine(line)) break;
      }
    } finally {
      this.#notices?.close();
      prompter.close();
    }
    await loading;
    await this.#history.saved();
    return 0;
  }

  /** @returns true where the shell is to be left. */
  async #runLine(line: string): Promise<boolean> {
    const commands = commandsOf(line, this.#io);
    for (const words of commands ?? []) {
      const code = await this.#execute(words);
      if (this.#isLeft) return true;
      // Ctrl-C is meant for the line, not for one of its commands.
      if (code === INTERRUPTED) break;
    }
    return false;
  }

  /** Nothing can be told above a line that cannot be drawn again. */
  get #canRedraw(): boolean {
    return canMoveCursor(this.#io);
  }

  #wantNotices(on: boolean | undefined): boolean {
    if (on === false) {
      this.#notices?.close();
      this.#notices = undefined;
    } else if (on === true && this.#notices === undefined && this.#canRedraw) {
      this.#notices = new Notices(this.#io, (lines) => this.#tell(lines));
      this.#notices.hold();
      void this.#notices.follow();
    }
    return this.#notices !== undefined;
  }

  async #open(): Promise<Prompter> {
    const use: PrompterUse = {
      newestFirst: () => this.#history.newestFirst,
      complete: (text, signal) => this.#complete(text, signal),
      onInterrupt: () => this.#running?.abort(),
      onAsking: (isAsking) => (isAsking ? this.#notices?.release() : this.#notices?.hold()),
    };
    const owner = await this.#io.terminal();
    return this.#canRedraw
      ? new LinePrompter(this.#io, owner, use)
      : new CookedPrompter(this.#io, owner, use);
  }

  async #execute(words: readonly string[]): Promise<number> {
    this.#running = new AbortController();
    const { signal } = this.#running;
    const interrupted = new Promise<number>((resolve) => {
      signal.addEventListener('abort', () => resolve(INTERRUPTED));
    });
    const work = runWords(words, {
      // SIGINT is heard by the prompt, like Ctrl-C.
      io: { ...this.#io, onInterrupt: () => () => {} },
      connection: this.#connection,
      signal,
      commands: this.#commands,
    });
    const code = await Promise.race([work, interrupted]);
    // What the command still waits for must not answer into the next one.
    if (signal.aborted || isFollowing(words)) this.#connection.close();
    if (signal.aborted) await Promise.race([work, pause(LEAVE_MS)]);
    this.#running = undefined;
    const waited = waitedFor(words);
    if (waited.length > 0 && !signal.aborted) this.#notices?.leaveOut(waited);
    return code;
  }

  /** Above the line being typed, which is as it was then. */
  #tell(lines: readonly string[]): void {
    const isFaint = wantsColour(this.#io);
    this.#prompter?.tell(lines.map((line) => (isFaint ? `\u001b[2m${line}\u001b[0m` : line)));
  }

  async #complete(line: string, signal: AbortSignal): Promise<{ words: readonly string[]; current: string }> {
    const words = splitLine(line).commands.at(-1) ?? [];
    const isNewWord = line === '' || /[\s;]$/.test(line);
    const current = isNewWord ? '' : (words.at(-1) ?? '');
    const upToCursor = isNewWord ? [...words, ''] : words;
    const names = { names: () => this.#knownNames(signal) };
    return { words: await complete(upToCursor, this.#commands, names), current };
  }

  /** None where the engine does not answer in time, or nobody waits any more. */
  async #knownNames(signal: AbortSignal): Promise<readonly string[]> {
    if (this.#names !== undefined && performance.now() - this.#names.at < NAMES_FRESH_MS) {
      return this.#names.names;
    }
    // One of its own: a command that comes next must not wait behind what was not answered.
    const connection = new LazyConnection({ ...this.#io, stderr: this.#io.stdout });
    const given = new Promise<readonly string[]>((resolve) => {
      const none = (): void => resolve([]);
      signal.addEventListener('abort', none);
      setTimeout(none, NAMES_WITHIN_MS).unref();
    });
    const asked = connection
      .get(undefined)
      .then((client) => client.call('status', {}))
      .then(
        ({ instances }) => {
          this.#names = { at: performance.now(), names: namesOf(instances) };
          return this.#names.names;
        },
        () => [],
      );
    const names = await Promise.race([asked, given]);
    connection.close();
    return names;
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, milliseconds).unref());
}

function isFollowing(words: readonly string[]): boolean {
  return ['--follow', '-f', '--watch'].some((flag) => words.includes(flag));
}

/** The instances, patterns included, whose state the command has waited for and shown. */
function waitedFor([verb = '', ...words]: readonly string[]): readonly string[] {
  const waits = words.includes('--wait') || words.includes('-w');
  if (!waits || !['start', 'stop', 'restart'].includes(verb)) return [];
  return words.filter((word) => !word.startsWith('-'));
}
