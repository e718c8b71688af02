/** The keys, or the pipe, of an attached terminal. */

import type { CliIo } from '../io.ts';
import { DetachKeys } from './detach-keys.ts';
import { InputSender } from './input-sender.ts';

export interface AttachInputUse {
  /** `--stdin`: what is typed goes to the process; otherwise only the detach keys count. */
  readonly sendsInput: boolean;
  /** It runs on a terminal of its own, which edits lines and echoes by itself. */
  readonly isRaw: boolean;
  /** The end of our pipe is that of its input. */
  readonly endsInput: boolean;
  readonly detachKeys: readonly number[];
  readonly write: (bytes: Buffer, end: boolean) => Promise<unknown>;
  /** A write failed. */
  readonly onFailure: (error: unknown) => void;
  readonly leave: (how: 'detached' | 'interrupted') => void;
}

const CTRL_D = 0x04;
const CARRIAGE_RETURN = 0x0d;
const DELETE = 0x7f;
const BELL = '\u0007';

/**
 * On a terminal the keys are read one by one, or those that detach could not be told from input. For a process with a
 * pipe, lines are then edited here, with echo and Backspace, and sent at Enter; one with a terminal gets every key. A
 * pipe of ours is passed on as it is.
 */
export class AttachInput {
  readonly #io: CliIo;
  readonly #use: AttachInputUse;
  readonly #keys: DetachKeys;
  readonly #sender: InputSender;
  readonly #onData = (chunk: Buffer | string): void => this.#take(Buffer.from(chunk as string));
  readonly #onEnd = (): void => this.#end();
  #line = '';
  #isOpen = false;

  constructor(io: CliIo, use: AttachInputUse) {
    this.#io = io;
    this.#use = use;
    this.#keys = new DetachKeys(use.detachKeys, use.isRaw);
    this.#sender = new InputSender({
      write: use.write,
      onFailure: use.onFailure,
      // Keys are read on in any case: one must be able to leave.
      onBusy: () => {
        if (!this.isTerminal) io.stdin.pause();
      },
      onIdle: () => {
        if (!this.isTerminal && this.#isOpen) io.stdin.resume();
      },
      onLost: () => void io.stderr.write(BELL),
    });
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
      this.#sender.send(chunk, false);
      return;
    }
    const { bytes, leaves } = this.#keys.push(chunk);
    if (this.#use.sendsInput && bytes.length > 0) {
      if (this.#use.isRaw) this.#sender.send(bytes, false);
      else for (const character of bytes.toString('utf8')) this.#type(character);
    }
    if (leaves !== undefined) this.#use.leave(leaves);
  }

  #end(): void {
    if (this.isTerminal) this.#use.leave('detached');
    else if (this.#use.endsInput) this.#sender.send(Buffer.alloc(0), true);
  }

  #type(character: string): void {
    const code = character.codePointAt(0) ?? 0;
    const { stdout } = this.#io;
    if (code === CARRIAGE_RETURN || character === '\n') {
      stdout.write('\n');
      this.#sender.send(Buffer.from(`${this.#line}\n`), false);
      this.#line = '';
    } else if (code === CTRL_D) {
      this.#sender.send(Buffer.from(this.#line), this.#line === '');
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
