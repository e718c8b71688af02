/** Stands between the terminal and node:readline, which knows no search: while there is one, keys go to it. */

import { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { Input } from '../io.ts';

/** Ctrl-R, kept by `split`. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is one
const SEARCH_KEY = /(\u0012)/;

/** Takes a key, or several that came together. @returns what of it is for the line after all. */
export type KeyTaker = (keys: string) => string;

export class KeyGate extends Readable {
  readonly isTTY = true;
  readonly #terminal: Input;
  /** Sees all that is typed before readline does. */
  readonly #taker: KeyTaker;
  readonly #decoder = new StringDecoder();
  readonly #onData = (chunk: Buffer | string): void => {
    const keys = typeof chunk === 'string' ? chunk : this.#decoder.write(chunk);
    // What was typed before it must be in the line when a search begins.
    for (const piece of keys.split(SEARCH_KEY)) {
      const rest = piece === '' ? '' : this.#taker(piece);
      // Handed on at once: readline has taken it by the time this returns.
      if (rest !== '') this.push(rest);
    }
  };
  readonly #onEnd = (): void => void this.push(null);

  constructor(terminal: Input, taker: KeyTaker) {
    super();
    this.#terminal = terminal;
    this.#taker = taker;
    terminal.on('data', this.#onData);
    terminal.on('end', this.#onEnd);
    terminal.resume();
  }

  setRawMode(isRaw: boolean): this {
    this.#terminal.setRawMode?.(isRaw);
    return this;
  }

  /** Lets go of the terminal. */
  close(): void {
    this.#terminal.off('data', this.#onData);
    this.#terminal.off('end', this.#onEnd);
    this.#terminal.pause();
  }

  override _read(): void {}
}
