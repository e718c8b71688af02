/** The interactive shell on a terminal: one prompt, the same verbs, history, and what happens meanwhile. */

import { createInterface, type Interface } from 'node:readline';
import type { CommandSpec } from '../command.ts';
import { complete } from '../complete.ts';
import { namesOf } from '../completion.ts';
import { INTERRUPTED } from '../interrupt.ts';
import { type CliIo, say, wantsColour } from '../io.ts';
import type { LazyConnection } from '../lazy-connection.ts';
import { runWords } from '../run-words.ts';
import { EditedLine } from './edited-line.ts';
import { History, historyPath } from './history.ts';
import { KeyGate } from './key-gate.ts';
import { Notices } from './notices.ts';
import { promptCommands } from './prompt-commands.ts';
import { commandsOf } from './script.ts';
import { SearchedLine } from './searched-line.ts';
import { splitLine } from './words.ts';

export const PROMPT = 'taskshell> ';
/** How long names that Tab offers may be old. */
const NAMES_FRESH_MS = 1_000;
/** What was broken off has so long to leave the screen before the prompt comes. */
const LEAVE_MS = 500;

/** What is there while the terminal is ours; a command that reads keys itself gets it meanwhile. */
interface Prompt {
  readonly reader: Interface;
  readonly line: EditedLine;
  readonly search: SearchedLine;
  readonly gate: KeyGate;
}

export class TerminalShell {
  readonly #io: CliIo;
  readonly #connection: LazyConnection;
  readonly #history: History;
  readonly #commands: readonly CommandSpec[];
  /** Undefined: they are not wanted. */
  #notices: Notices | undefined;
  /** Lines typed or pasted while a command was running. */
  readonly #waiting: string[] = [];
  #prompt: Prompt | undefined;
  #wake: (() => void) | undefined;
  #running: AbortController | undefined;
  #names: { readonly at: number; readonly names: readonly string[] } | undefined;
  /** Nothing more is typed. */
  #hasEnded = false;
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
    await this.#history.load();
    this.#open();
    this.#wantNotices(true);
    for (let line = await this.#nextLine(); line !== undefined; line = await this.#nextLine()) {
      this.#history.add(line);
      if (await this.#runLine(line)) break;
    }
    this.#notices?.close();
    this.#close();
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

  /** node:readline draws no line again on a terminal that cannot move its cursor. */
  get #canRedraw(): boolean {
    return this.#io.environment.TERM !== 'dumb';
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

  #open(): void {
    const gate: KeyGate = new KeyGate(this.#io.stdin, (keys) =>
      this.#running === undefined && this.#canRedraw ? search.take(keys) : keys,
    );
    const reader = createInterface({
      input: gate,
      output: this.#io.stdout,
      terminal: true,
      prompt: PROMPT,
      history: this.#history.newestFirst,
      historySize: 1_000,
      removeHistoryDuplicates: true,
      completer: (line: string, callback: (error: null, result: [string[], string]) => void) => {
        void this.#complete(line).then((result) => callback(null, result));
      },
    });
    const line = new EditedLine(reader, this.#io.stdout);
    const search = new SearchedLine(line, this.#io.stdout, {
      newestFirst: () => this.#history.newestFirst,
      onBegin: () => this.#notices?.hold(),
      onEnd: () => this.#notices?.release(),
    });
    this.#prompt = { reader, line, search, gate };
    reader.on('line', (typed) => {
      this.#waiting.push(typed);
      this.#wake?.();
    });
    reader.on('SIGINT', () => this.#interrupt(reader));
    reader.on('close', () => {
      if (this.#prompt?.reader !== reader) return;
      // Ctrl-D: the prompt stays alone on its line otherwise.
      say(this.#io, '');
      this.#hasEnded = true;
      this.#wake?.();
    });
  }

  #close(): void {
    const prompt = this.#prompt;
    this.#prompt = undefined;
    prompt?.reader.close();
    prompt?.gate.close();
  }

  async #nextLine(): Promise<string | undefined> {
    for (;;) {
      const line = this.#waiting.shift();
      if (line !== undefined) return line;
      if (this.#hasEnded) return undefined;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      this.#prompt?.reader.prompt();
      this.#notices?.release();
      await promise;
      this.#notices?.hold();
    }
  }

  async #execute(words: readonly string[]): Promise<number> {
    const takesInput = this.#commands.find(({ verb }) => verb === words[0])?.takesInput === true;
    if (takesInput) this.#close();
    this.#running = new AbortController();
    const { signal } = this.#running;
    const interrupted = new Promise<number>((resolve) => {
      signal.addEventListener('abort', () => resolve(INTERRUPTED));
    });
    const work = runWords(words, {
      io: this.#io,
      connection: this.#connection,
      signal,
      commands: this.#commands,
    });
    const code = await Promise.race([work, interrupted]);
    // What the command still waits for must not answer into the next one.
    if (signal.aborted || isFollowing(words)) this.#connection.close();
    if (signal.aborted) await Promise.race([work, pause(LEAVE_MS)]);
    this.#running = undefined;
    if (takesInput && !this.#hasEnded) this.#open();
    return code;
  }

  /** Above the line being typed, which is as it was then. */
  #tell(lines: readonly string[]): void {
    // In one piece, or the line would vanish for a moment.
    this.#io.stdout.cork();
    this.#prompt?.line.hide();
    const isFaint = wantsColour(this.#io);
    for (const line of lines) say(this.#io, isFaint ? `\u001b[2m${line}\u001b[0m` : line);
    this.#prompt?.line.show();
    this.#io.stdout.uncork();
  }

  /** Ctrl-C ends the command that runs; at the prompt it drops the line. */
  #interrupt(reader: Interface): void {
    if (this.#running !== undefined) {
      this.#running.abort();
      return;
    }
    say(this.#io, '');
    reader.write(null, { ctrl: true, name: 'e' });
    reader.write(null, { ctrl: true, name: 'u' });
    reader.prompt();
  }

  async #complete(line: string): Promise<[string[], string]> {
    const words = splitLine(line).commands.at(-1) ?? [];
    const isNewWord = line === '' || /[\s;]$/.test(line);
    const current = isNewWord ? '' : (words.at(-1) ?? '');
    const upToCursor = isNewWord ? [...words, ''] : words;
    const found = await complete(upToCursor, this.#commands, { names: () => this.#knownNames() });
    const [only] = found;
    return [only !== undefined && found.length === 1 ? [`${only} `] : [...found], current];
  }

  async #knownNames(): Promise<readonly string[]> {
    if (this.#names !== undefined && performance.now() - this.#names.at < NAMES_FRESH_MS) {
      return this.#names.names;
    }
    try {
      const client = await this.#connection.get(undefined);
      const { instances } = await client.call('status', {});
      this.#names = { at: performance.now(), names: namesOf(instances) };
      return this.#names.names;
    } catch {
      return [];
    }
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, milliseconds).unref());
}

function isFollowing(words: readonly string[]): boolean {
  return ['--follow', '-f', '--watch'].some((flag) => words.includes(flag));
}
