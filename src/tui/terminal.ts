/**
 * The terminal while the board has it: raw keys in, frames out, and on every way out it is given back as it was.
 * Frames go out by write(2) in a thread of Node's pool, one at a time: a terminal that takes nothing (Ctrl-S, a slow
 * line) holds up neither keys nor the engine's news, and a frame that it has no room for is skipped.
 */

import { write, writeSync } from 'node:fs';
import type { ReadStream, WriteStream } from 'node:tty';
import type { Size } from './cells.ts';
import { KeyReader, type Typed } from './keys.ts';

/** Alternate screen, no cursor, pastes in brackets; `LEAVE` is the reverse of all, and styles at their default. */
const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?2004h';
/** Buttons and wheel are told, in numbers of any size (xterm's modes 1000 and 1006). */
const MOUSE_ON = '\u001b[?1000h\u001b[?1006h';
const MOUSE_OFF = '\u001b[?1006l\u001b[?1000l';
const LEAVE = `\u001b[?2026l${MOUSE_OFF}\u001b[?2004l\u001b[0m\u001b[?25h\u001b[?1049l`;
/** A lone ESC is a key when nothing has followed it for so long. */
const ESCAPE_MS = 40;
const RETRY_MS = 20;
/** `docker exec -it` tells the size a moment after the start. */
const UNKNOWN_SIZE: Size = { columns: 80, rows: 24 };
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGQUIT: 131, SIGTERM: 143 } as const;

export type TerminalOutput = WriteStream & { readonly fd: number };

export interface TerminalUse {
  readonly onTyped: (typed: Typed) => void;
  /** The size is another, or what the terminal shows is no longer known. */
  readonly onResize: () => void;
  /** The terminal has taken a frame. */
  readonly onReady: () => void;
  readonly onLeave: (code: number) => void;
}

export class Terminal {
  readonly #input: ReadStream;
  readonly #output: TerminalOutput;
  readonly #use: TerminalUse;
  readonly #keys = new KeyReader();
  readonly #undo: (() => void)[] = [];
  #escapeTimer: NodeJS.Timeout | undefined;
  #hasMouse = false;
  /** Goes before the next frame: not into the middle of one. */
  #switch = '';
  #isBusy = false;
  /** Counts the times it was closed: what is left of a frame from before then goes nowhere. */
  #closings = 0;
  #isOpen = false;

  constructor(input: ReadStream, output: TerminalOutput, use: TerminalUse) {
    this.#input = input;
    this.#output = output;
    this.#use = use;
  }

  get size(): Size {
    const { columns = 0, rows = 0 } = this.#output;
    return columns > 0 && rows > 0 ? { columns, rows } : UNKNOWN_SIZE;
  }

  /** False while it has not taken the last frame. */
  get isReady(): boolean {
    return this.#isOpen && !this.#isBusy;
  }

  open(): void {
    this.#isOpen = true;
    this.#on(process, 'exit', () => this.close());
    for (const [signal, code] of Object.entries(SIGNALS)) {
      this.#on(process, signal, () => this.#use.onLeave(code));
    }
    // Somebody may have stopped us, and a shell has taken the terminal meanwhile.
    this.#on(process, 'SIGCONT', () => {
      this.#input.setRawMode(true);
      this.#enter();
      this.#use.onResize();
    });
    this.#on(this.#output, 'resize', () => this.#use.onResize());
    this.#on(this.#input, 'data', (bytes: Buffer) => this.#read(bytes));
    this.#on(this.#input, 'end', () => this.#use.onLeave(SIGNALS.SIGHUP));
    this.#on(this.#input, 'error', () => this.#use.onLeave(SIGNALS.SIGHUP));
    this.#input.setRawMode(true);
    this.#input.resume();
    this.#enter();
  }

  /** Asks for the size again where the kernel has none yet: a change before Node listened was not heard. */
  askSize(): void {
    if ((this.#output.columns ?? 0) === 0) process.kill(process.pid, 'SIGWINCH');
  }

  /** From the next frame on. */
  useMouse(isOn: boolean): void {
    this.#hasMouse = isOn;
    this.#switch = isOn ? MOUSE_ON : MOUSE_OFF;
  }

  /** Call only while it `isReady`. */
  write(text: string): void {
    if (!this.#isOpen) return;
    this.#isBusy = true;
    this.#push(Buffer.from(this.#switch + text, 'utf8'));
    this.#switch = '';
  }

  /** Gives the terminal back; further calls do nothing. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#isBusy = false;
    this.#closings += 1;
    clearTimeout(this.#escapeTimer);
    for (const undo of this.#undo.splice(0)) undo();
    this.#writeNow(LEAVE);
    try {
      this.#input.setRawMode(false);
    } catch {
      // It has hung up.
    }
    this.#input.pause();
  }

  #enter(): void {
    this.#switch = '';
    this.#writeNow(this.#hasMouse ? ENTER + MOUSE_ON : ENTER);
  }

  #read(bytes: Buffer): void {
    clearTimeout(this.#escapeTimer);
    this.#tell(this.#keys.push(bytes));
    if (!this.#keys.isUnsure) return;
    this.#escapeTimer = setTimeout(() => this.#tell(this.#keys.flush()), ESCAPE_MS);
  }

  #tell(all: readonly Typed[]): void {
    for (const typed of all) if (this.#isOpen) this.#use.onTyped(typed);
  }

  #push(bytes: Buffer): void {
    const closings = this.#closings;
    write(this.#output.fd, bytes, (error, written) => {
      if (closings !== this.#closings) return;
      if (error !== null && error.code !== 'EAGAIN') {
        this.#use.onLeave(SIGNALS.SIGHUP);
        return;
      }
      const rest = bytes.subarray(error === null ? written : 0);
      if (rest.length === 0) {
        this.#isBusy = false;
        this.#use.onReady();
        return;
      }
      const more = (): void => {
        if (closings === this.#closings) this.#push(rest);
      };
      setTimeout(more, error === null ? 0 : RETRY_MS);
    });
  }

  /** At the beginning and at the end, where nothing may come in between. */
  #writeNow(text: string): void {
    try {
      writeSync(this.#output.fd, text);
    } catch {
      // It has hung up, or takes nothing: there is nobody to show it to.
    }
  }

  #on(emitter: NodeJS.EventEmitter, event: string, listener: (...values: never[]) => void): void {
    emitter.on(event, listener as (...values: unknown[]) => void);
    this.#undo.push(() => emitter.off(event, listener as (...values: unknown[]) => void));
  }
}
