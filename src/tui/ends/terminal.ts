/**
 * The terminal while the board has it: keys in, frames out. Frames are written without waiting: a terminal that takes
 * nothing (a slow line) holds up neither keys nor the engine's news, and a frame that it has no room for is skipped. No
 * other thread writes them, or one could come behind what gives the terminal back. Its modes belong to `terminal/owner`.
 */

import { writeSync } from 'node:fs';
import type { WriteStream } from 'node:tty';
import { KeyReader, type Typed } from '../../terminal/keys.ts';
import type { OwnMode, OwnModes } from '../../terminal/modes.ts';
import type { Holding, TerminalOwner } from '../../terminal/owner.ts';
import type { Size } from '../screen/cells.ts';

const MODES: readonly OwnMode[] = ['alternate', 'hiddenCursor', 'paste'];
/** A lone ESC is a key when nothing has followed it for so long … */
const ESCAPE_MS = 40;
/** … and a paste has lost its end. */
const PASTE_MS = 500;
const RETRY_MS = 20;
/** `docker exec -it` tells the size a moment after the start. */
const UNKNOWN_SIZE: Size = { columns: 80, rows: 24 };
const HUNG_UP = 129;
/** CAN ends a sequence that is not whole (ECMA-48). */
const CANCEL = '\u0018';

export type BoardOutput = WriteStream & { readonly fd: number };

export interface TerminalUse {
  readonly onTyped: (typed: Typed) => void;
  /** The size is another, or what the terminal shows is no longer known. */
  readonly onResize: () => void;
  /** The terminal has taken a frame. */
  readonly onReady: () => void;
  readonly onLeave: (code: number) => void;
}

export class Terminal {
  readonly #owner: TerminalOwner;
  readonly #output: BoardOutput;
  readonly #use: TerminalUse;
  readonly #keys = new KeyReader();
  #holding: Holding | undefined;
  #escapeTimer: NodeJS.Timeout | undefined;
  #hasMouse = false;
  /** Goes before the next frame: not into the middle of one. */
  #switch = '';
  #isBusy = false;
  /** Counts the times it was given to others: what is left of a frame from before then goes nowhere. */
  #loans = 0;
  #isLent = true;
  /** Others draw on it: what is due now would be drawn on their screen. */
  #isAway = false;

  constructor(owner: TerminalOwner, output: BoardOutput, use: TerminalUse) {
    this.#owner = owner;
    this.#output = output;
    this.#use = use;
  }

  get size(): Size {
    const { columns = 0, rows = 0 } = this.#output;
    return columns > 0 && rows > 0 ? { columns, rows } : UNKNOWN_SIZE;
  }

  /** False while it has not taken the last frame. */
  get isReady(): boolean {
    return !this.#isLent && !this.#isAway && !this.#isBusy;
  }

  open(): void {
    this.#isLent = false;
    this.#holding = this.#owner.take({
      modes: this.#modes,
      onBytes: (bytes) => this.#read(bytes),
      onEnd: () => this.#use.onLeave(HUNG_UP),
      onReturn: () => this.#return(),
      onResize: () => this.#use.onResize(),
      undo: () => this.#leave(),
    });
  }

  /** Asks for the size again where the kernel has none yet: a change before Node listened was not heard. */
  askSize(): void {
    if ((this.#output.columns ?? 0) === 0) process.kill(process.pid, 'SIGWINCH');
  }

  /** From the next frame on. */
  useMouse(isOn: boolean): void {
    this.#hasMouse = isOn;
    this.#holding?.useModes(this.#modes, (sequences) => {
      this.#switch += sequences;
    });
  }

  /** Call only while it `isReady`. */
  write(text: string): void {
    if (this.#isLent || this.#isAway) return;
    this.#isBusy = true;
    this.#push(Buffer.from(this.#switch + text, 'utf8'));
    this.#switch = '';
  }

  /** Somebody else is about to take it: what is typed from now on is for them. */
  lend(): void {
    this.#holding?.stop();
    this.#forget();
  }

  /** They have left it. */
  takeBack(): void {
    this.#isLent = false;
    this.#use.onResize();
    this.#holding?.start();
  }

  /** Gives it back; further calls do nothing. */
  close(): void {
    this.#forget();
    this.#holding?.release();
    this.#holding = undefined;
  }

  get #modes(): OwnModes {
    return new Set(this.#hasMouse ? [...MODES, 'mouse'] : MODES);
  }

  #forget(): void {
    this.#isLent = true;
    this.#isBusy = false;
    this.#loans += 1;
    clearTimeout(this.#escapeTimer);
  }

  /** A frame may have ended in the middle of a sequence; the rest of it goes nowhere. */
  #leave(): string {
    this.#isAway = true;
    this.#loans += 1;
    return this.#isBusy ? CANCEL : '';
  }

  /** After a stop: others have drawn on it. After a loan, `takeBack` comes first. */
  #return(): void {
    this.#isAway = false;
    if (this.#holding?.takes !== true) return;
    this.#loans += 1;
    this.#isBusy = false;
    this.#use.onResize();
  }

  #read(bytes: Buffer): Buffer | undefined {
    clearTimeout(this.#escapeTimer);
    this.#keys.add(bytes);
    for (let typed = this.#keys.next(); typed !== undefined; typed = this.#keys.next()) {
      if (typed.kind === 'key' && typed.name === 'ctrl-z') this.#holding?.suspend();
      else this.#use.onTyped(typed);
      // It was a key that gives the terminal to somebody else, or back.
      if (this.#isLent) return this.#keys.takeRest();
    }
    if (!this.#keys.isUnsure) return undefined;
    const wait = this.#keys.isPasting ? PASTE_MS : ESCAPE_MS;
    this.#escapeTimer = setTimeout(() => {
      for (const typed of this.#keys.flush()) if (!this.#isLent) this.#use.onTyped(typed);
    }, wait);
    return undefined;
  }

  #push(bytes: Buffer): void {
    const loans = this.#loans;
    const later = (delayMs: number, then: () => void): void => {
      const ifStillOurs = (): void => {
        if (loans === this.#loans) then();
      };
      if (delayMs === 0) setImmediate(ifStillOurs);
      else setTimeout(ifStillOurs, delayMs);
    };
    const written = writtenNow(this.#owner.fd ?? this.#output.fd, bytes);
    if (written === undefined) later(0, () => this.#use.onLeave(HUNG_UP));
    else if (written < bytes.length)
      later(written === 0 ? RETRY_MS : 0, () => this.#push(bytes.subarray(written)));
    else
      later(0, () => {
        this.#isBusy = false;
        this.#use.onReady();
      });
  }
}

/** @returns undefined where the terminal has hung up */
function writtenNow(fd: number, bytes: Buffer): number | undefined {
  try {
    return writeSync(fd, bytes);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? 0 : undefined;
  }
}
