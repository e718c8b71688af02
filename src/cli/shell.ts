/** The interactive shell: one prompt, the same verbs. Reads commands from standard input where that is no terminal. */

import { createInterface, type Interface } from 'node:readline';
import { COMMANDS } from './commands.ts';
import { complete } from './complete.ts';
import { namesOf } from './completion.ts';
import { History, historyPath } from './history.ts';
import { type CliIo, complain, say } from './io.ts';
import { LazyConnection } from './lazy-connection.ts';
import { runWords } from './run-words.ts';
import { splitLine } from './shell-words.ts';

export const PROMPT = 'taskshell> ';
const LEAVING: ReadonlySet<string> = new Set(['exit', 'quit']);
/** How long names that Tab offers may be old. */
const NAMES_FRESH_MS = 1_000;

/** @returns the exit code of the last command that failed, 0 where none did. */
export async function interact(io: CliIo, socket: string | undefined): Promise<number> {
  const environment =
    socket === undefined ? io.environment : { ...io.environment, TASKMASTER_SOCKET: socket };
  const surroundings: CliIo = { ...io, environment };
  const connection = new LazyConnection(surroundings);
  const isTerminal = io.stdin.isTTY === true && io.stdout.isTTY === true;
  try {
    return isTerminal
      ? await new TerminalShell(surroundings, connection).run()
      : await runScript(surroundings, connection);
  } finally {
    connection.close();
  }
}

async function runScript(io: CliIo, connection: LazyConnection): Promise<number> {
  let lastFailure = 0;
  const lines = createInterface({ input: io.stdin, terminal: false, crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) {
    const words = wordsOf(line, io);
    if (words === undefined) lastFailure = 2;
    else if (LEAVING.has(words[0] ?? '')) break;
    else if (words.length > 0) {
      const code = await runWords(words, { io, connection, signal: new AbortController().signal });
      if (code !== 0) lastFailure = code;
    }
  }
  lines.close();
  return lastFailure;
}

/** @returns undefined, having said why, for a line that cannot be split. */
function wordsOf(line: string, io: CliIo): readonly string[] | undefined {
  const split = splitLine(line);
  if (split.kind === 'words') return split.words;
  complain(io, `cannot read this line: it lacks ${split.missing}`);
  return undefined;
}

class TerminalShell {
  readonly #io: CliIo;
  readonly #connection: LazyConnection;
  readonly #history: History;
  /** Lines typed or pasted while a command was running. */
  readonly #waiting: string[] = [];
  #reader: Interface | undefined;
  #wake: (() => void) | undefined;
  #running: AbortController | undefined;
  #names: { readonly at: number; readonly names: readonly string[] } | undefined;
  #hasEnded = false;
  #lastFailure = 0;

  constructor(io: CliIo, connection: LazyConnection) {
    this.#io = io;
    this.#connection = connection;
    this.#history = new History(historyPath(io.environment));
  }

  async run(): Promise<number> {
    await this.#history.load();
    this.#open();
    for (;;) {
      const line = await this.#nextLine();
      if (line === undefined) break;
      this.#history.add(line);
      const words = wordsOf(line, this.#io);
      if (words === undefined) this.#lastFailure = 2;
      else if (LEAVING.has(words[0] ?? '')) break;
      else if (words.length > 0) await this.#execute(words);
    }
    this.#close();
    await this.#history.saved();
    return this.#lastFailure;
  }

  #open(): void {
    const reader = createInterface({
      input: this.#io.stdin,
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
    this.#reader = reader;
    reader.on('line', (line) => {
      this.#waiting.push(line);
      this.#wake?.();
    });
    reader.on('SIGINT', () => this.#interrupt(reader));
    reader.on('close', () => {
      if (this.#reader !== reader) return;
      // Ctrl-D: the prompt stays alone on its line otherwise.
      say(this.#io, '');
      this.#hasEnded = true;
      this.#wake?.();
    });
  }

  #close(): void {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.close();
  }

  async #nextLine(): Promise<string | undefined> {
    for (;;) {
      const line = this.#waiting.shift();
      if (line !== undefined) return line;
      if (this.#hasEnded) return undefined;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      this.#reader?.prompt();
      await promise;
    }
  }

  async #execute(words: readonly string[]): Promise<void> {
    const takesInput = COMMANDS.find(({ verb }) => verb === words[0])?.takesInput === true;
    if (takesInput) this.#close();
    this.#running = new AbortController();
    const { signal } = this.#running;
    const interrupted = new Promise<number>((resolve) => {
      signal.addEventListener('abort', () => resolve(INTERRUPTED_CODE));
    });
    const code = await Promise.race([
      runWords(words, { io: this.#io, connection: this.#connection, signal }),
      interrupted,
    ]);
    // What the command still waits for must not answer into the next one.
    if (signal.aborted || isFollowing(words)) this.#connection.close();
    this.#running = undefined;
    if (code !== 0) this.#lastFailure = code;
    if (takesInput && !this.#hasEnded) this.#open();
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
    const { words } = splitLine(line);
    const isNewWord = line === '' || /\s$/.test(line);
    const current = isNewWord ? '' : (words.at(-1) ?? '');
    const upToCursor = isNewWord ? [...words, ''] : words;
    const found = await complete(upToCursor, COMMANDS, { names: () => this.#knownNames() });
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

const INTERRUPTED_CODE = 130;

function isFollowing(words: readonly string[]): boolean {
  return words.includes('--follow') || words.includes('-f');
}
