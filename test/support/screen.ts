/** A program on a pseudo-terminal, and the screen as a terminal emulator shows it. */

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type IPty, spawn } from '@lydell/node-pty';
import headless from '@xterm/headless';
import { eventually } from './eventually.ts';

export interface ScreenOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

export class Screen {
  readonly #terminal: headless.Terminal;
  readonly #pty: IPty;
  readonly #exited: Promise<number>;
  readonly #looks = new Set<() => void>();
  /** All bytes that were written so far. */
  written = '';

  constructor(t: TestContext, command: readonly [string, ...string[]], options: ScreenOptions = {}) {
    const { columns: cols = 80, rows = 24, environment = {} } = options;
    this.#terminal = emulator(cols, rows);
    const [file, ...args] = command;
    const env = { PATH: process.env.PATH ?? '/usr/bin:/bin', TERM: 'xterm-256color', ...environment };
    this.#pty = spawn(file, args, { cols, rows, name: env.TERM, env });
    this.#pty.onData((text) => {
      this.written += text;
      this.#terminal.write(text);
      for (const look of this.#looks) look();
    });
    this.#exited = new Promise((done) => {
      this.#pty.onExit(({ exitCode, signal }) => done(signal ? 128 + signal : exitCode));
    });
    t.after(async () => {
      this.kill('SIGKILL');
      await this.#exited;
    });
  }

  get pid(): number {
    return this.#pty.pid;
  }

  /** Its rows, blanks at their ends left out. */
  get text(): string {
    return textOf(this.#terminal);
  }

  /** True while the program has the alternate screen. */
  get isAlternate(): boolean {
    return this.#terminal.buffer.active.type === 'alternate';
  }

  /** What it wants to hear of the mouse. */
  get mouse(): string {
    return this.#terminal.modes.mouseTrackingMode;
  }

  type(keys: string): void {
    this.#pty.write(keys);
  }

  resize(columns: number, rows: number): void {
    this.#terminal.resize(columns, rows);
    this.#pty.resize(columns, rows);
  }

  /** What is written is not taken any more; the kernel holds a few kilobytes of it. */
  hold(): void {
    this.#pty.pause();
  }

  release(): void {
    this.#pty.resume();
  }

  kill(signal: NodeJS.Signals): void {
    try {
      process.kill(this.#pty.pid, signal);
    } catch {
      // It has ended by itself.
    }
  }

  /** Resolves with the chunk that brings it: for what is measured, where a look now and then is too late. */
  writes(text: string): Promise<void> {
    return new Promise((done) => {
      const look = (): void => {
        if (!this.written.includes(text)) return;
        this.#looks.delete(look);
        done();
      };
      this.#looks.add(look);
      look();
    });
  }

  async shows(pattern: RegExp): Promise<void> {
    await eventually(() => assert.match(this.text, pattern), { withinMs: 10_000 });
  }

  exitCode(): Promise<number> {
    return this.#exited;
  }
}

export function emulator(cols: number, rows: number): headless.Terminal {
  return new headless.Terminal({ cols, rows, allowProposedApi: true });
}

export function textOf(terminal: headless.Terminal): string {
  const { active } = terminal.buffer;
  return Array.from({ length: terminal.rows }, (_, row) =>
    (active.getLine(active.baseY + row)?.translateToString(true) ?? '').trimEnd(),
  ).join('\n');
}
