/** taskshell in this very process, with streams that the test holds. */

import { PassThrough } from 'node:stream';
import type { CliIo } from '../../src/cli/io.ts';
import { run } from '../../src/cli/main.ts';
import { TerminalOwner } from '../../src/terminal/owner.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface CliOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Standard input, output and error are terminals. */
  readonly terminal?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  /** What comes on standard input before it ends. */
  readonly input?: string;
}

/** A command under way. */
export class CliRun {
  readonly stdin = new PassThrough();
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly rawModes: boolean[] = [];
  readonly done: Promise<number>;
  out = '';
  err = '';
  readonly #interrupts = new Set<() => void>();

  constructor(argv: readonly string[], options: CliOptions = {}) {
    const isTTY = options.terminal === true;
    Object.assign(this.stdin, { isTTY, setRawMode: (isRaw: boolean) => this.rawModes.push(isRaw) });
    Object.assign(this.stdout, { isTTY, columns: options.columns, rows: options.rows });
    Object.assign(this.stderr, { isTTY });
    this.stdout.on('data', (chunk: Buffer) => {
      this.out += chunk.toString();
    });
    this.stderr.on('data', (chunk: Buffer) => {
      this.err += chunk.toString();
    });
    if (options.input !== undefined) this.stdin.end(options.input);
    const owner = new TerminalOwner({
      input: this.stdin,
      output: this.stdout,
      show: (sequences) => void this.stdout.write(sequences),
      writeNow: (sequences) => void this.stdout.write(sequences),
      signals: () => () => {},
      canStop: () => false,
      stop: () => {},
      askSize: () => {},
      exit: () => {},
    });
    const io: CliIo = {
      stdin: this.stdin,
      stdout: this.stdout,
      stderr: this.stderr,
      environment: { ...(isTTY && { TERM: 'xterm' }), ...options.environment },
      terminal: async () => owner,
      uid: process.geteuid?.() ?? 0,
      onInterrupt: (listener) => {
        this.#interrupts.add(listener);
        return () => this.#interrupts.delete(listener);
      },
      dieOfInterrupt: () => {},
    };
    this.done = run(argv, io);
  }

  interrupt(): void {
    for (const listener of this.#interrupts) listener();
  }
}

/** Runs to the end. */
export async function cli(argv: readonly string[], options: CliOptions = {}): Promise<Ran> {
  const running = new CliRun(argv, { input: '', ...options });
  const code = await running.done;
  // What was written reaches the listeners in the next turn.
  await new Promise(setImmediate);
  return { code, out: running.out, err: running.err };
}
