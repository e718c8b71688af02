/** A program on a pseudo-terminal, and the screen as a terminal emulator shows it. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { type IPty, spawn } from '@lydell/node-pty';
import headless from '@xterm/headless';
import { eventually } from './eventually.ts';

export interface ScreenOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly environment?: Readonly<Record<string, string>>;
  /** The emulator answers what a terminal is asked, as if somebody typed it. */
  readonly answers?: boolean;
}

export class Screen {
  readonly #terminal: headless.Terminal;
  readonly #pty: IPty;
  readonly #exited: Promise<number>;
  readonly #looks = new Set<() => void>();
  #isClosed = false;
  /** All bytes that were written so far. */
  written = '';

  constructor(t: TestContext, command: readonly [string, ...string[]], options: ScreenOptions = {}) {
    const { columns: cols = 80, rows = 24, environment = {}, answers = false } = options;
    this.#terminal = emulator(cols, rows);
    const [file, ...args] = command;
    const env = { PATH: process.env.PATH ?? '/usr/bin:/bin', TERM: 'xterm-256color', ...environment };
    this.#pty = spawn(file, args, { cols, rows, name: env.TERM, env });
    this.#pty.onData((text) => {
      this.written += text;
      this.#terminal.write(text);
      for (const look of this.#looks) look();
    });
    if (answers) this.#terminal.onData((text) => this.#pty.write(text));
    this.#exited = new Promise((done) => {
      this.#pty.onExit(({ exitCode, signal }) => done(signal ? 128 + signal : exitCode));
    });
    t.after(async () => {
      this.kill('SIGKILL');
      // Of one that was closed nothing more is told.
      if (!this.#isClosed) await this.#exited;
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

  get isCursorHidden(): boolean {
    type Inner = { readonly _core: { readonly coreService: { readonly isCursorHidden: boolean } } };
    return (this.#terminal as unknown as Inner)._core.coreService.isCursorHidden;
  }

  /** Modes that are not as a terminal has them by itself. */
  get modes(): readonly string[] {
    const { modes } = this.#terminal;
    const set: Readonly<Record<string, boolean>> = {
      alternate: this.isAlternate,
      'hidden cursor': this.isCursorHidden,
      mouse: this.mouse !== 'none',
      paste: modes.bracketedPasteMode,
      'cursor keys': modes.applicationCursorKeysMode,
      keypad: modes.applicationKeypadMode,
      focus: modes.sendFocusMode,
      insert: modes.insertMode,
      origin: modes.originMode,
      'no wrap': !modes.wraparoundMode,
    };
    return Object.keys(set).filter((name) => set[name]);
  }

  /** What the kernel has for it: the words of `stty -a`. */
  get stty(): ReadonlySet<string> {
    const path = readlinkSync(`/proc/${this.#pty.pid}/fd/0`);
    return new Set(
      execFileSync('stty', ['-a', '-F', path])
        .toString()
        .split(/[\s;]+/),
    );
  }

  /** Lines are edited by the kernel, with echo, and keys are signals. */
  assertCooked(): void {
    const { stty } = this;
    for (const word of ['icanon', 'echo', 'isig', 'iexten', 'icrnl', 'opost'])
      assert.ok(stty.has(word), word);
  }

  /** As the terminal hangs up. */
  close(): void {
    this.#isClosed = true;
    (this.#pty as IPty & { destroy(): void }).destroy();
  }

  type(keys: string | Buffer): void {
    this.#pty.write(keys as string);
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
