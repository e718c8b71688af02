/** The keys, or the pipe, of an attached terminal. */

import { DetachKeys } from './detach-keys.ts';
import type { CliIo } from './io.ts';

export interface AttachInputUse {
  /** `--stdin`: what is typed goes to the process; otherwise only the detach keys count. */
  readonly sendsInput: boolean;
  readonly write: (bytes: Buffer, end: boolean) => void;
  readonly leave: (how: 'detached' | 'interrupted') => void;
}

const CTRL_D = 0x04;
const CARRIAGE_RETURN = 0x0d;
const DELETE = 0x7f;

/**
 * On a terminal the keys are read one by one, or Ctrl-P Ctrl-Q could not be told from input; so lines are edited
 * here, with echo and Backspace, and sent at Enter. A pipe is passed on as it is.
 */
export class AttachInput {
  readonly #io: CliIo;
  readonly #use: AttachInputUse;
  readonly #keys = new DetachKeys();
  readonly #onData = (chunk: Buffer | string): void => this.#take(Buffer.from(chunk as string));
  readonly #onEnd = (): void => this.#end();
  #line = '';
  #isOpen = false;

  constructor(io: CliIo, use: AttachInputUse) {
    this.#io = io;
    this.#use = use;
  }

  get isTerminal(): boolean {
    return this.#io.stdin.isTTY === true;
  }

  /** Standard input is left untouched where nothing in it could be for us. */
  open(): void {
    if (!this.isTerminal && !this.#use.sendsInput) return;
    const { stdin } = this.#io;
    this.#isOpen = true;
    stdin.setRawMode?.(true);
    stdin.on('data', this.#onData);
    stdin.on('end', this.#onEnd);
    stdin.resume();
  }

  /** Gives the terminal back as it was. */
  close(): void {
    if (!this.#isOpen) return;
    const { stdin } = this.#io;
    this.#isOpen = false;
    stdin.off('data', this.#onData);
    stdin.off('end', this.#onEnd);
    stdin.setRawMode?.(false);
    stdin.pause();
  }

  #take(chunk: Buffer): void {
    if (!this.isTerminal) {
      this.#use.write(chunk, false);
      return;
    }
    const { bytes, leaves } = this.#keys.push(chunk);
    if (this.#use.sendsInput) for (const character of bytes.toString('utf8')) this.#type(character);
    if (leaves !== undefined) this.#use.leave(leaves);
  }

  #end(): void {
    if (this.isTerminal) this.#use.leave('detached');
    else this.#use.write(Buffer.alloc(0), true);
  }

  #type(character: string): void {
    const code = character.codePointAt(0) ?? 0;
    const { stdout } = this.#io;
    if (code === CARRIAGE_RETURN || character === '\n') {
      stdout.write('\n');
      this.#use.write(Buffer.from(`${this.#line}\n`), false);
      this.#line = '';
    } else if (code === CTRL_D) {
      this.#use.write(Buffer.from(this.#line), this.#line === '');
      this.#line = '';
    } else if (code === DELETE || character === '\b') {
      if (this.#line === '') return;
      this.#line = [...this.#line].slice(0, -1).join('');
      stdout.write('\b \b');
    } else if (code >= 0x20 || character === '\t') {
      this.#line += character;
      stdout.write(character);
    }
  }
}
