/** The keys, or the pipe, of an attached terminal. */

import { NO_MODES } from '../../terminal/modes.ts';
import type { Holding, TerminalOwner } from '../../terminal/owner.ts';
import { typedBytes } from '../../terminal/typed-text.ts';
import { DetachKeys } from './detach-keys.ts';
import { InputSender } from './input-sender.ts';
import type { TypedLine } from './typed-line.ts';

/**
 * `window`: the process has a terminal of its own, and gets every key. `lines`: it has a pipe, and lines are edited here.
 * `cooked`: the same, but the kernel edits them. `pipe`: it is no terminal that we read. `none`: we read nothing.
 */
export type InputKind = 'window' | 'lines' | 'cooked' | 'pipe' | 'none';

export interface AttachInputUse {
  readonly kind: InputKind;
  /** `--stdin`: what is typed goes to the process; otherwise only the detach keys count. */
  readonly sendsInput: boolean;
  /** The end of our input is that of its input. */
  readonly endsInput: boolean;
  readonly detachKeys: readonly number[];
  /** The line being typed, for `lines`. */
  readonly line: TypedLine;
  readonly write: (bytes: Buffer, end: boolean) => Promise<unknown>;
  /** A write failed. */
  readonly onFailure: (error: unknown) => void;
  readonly leave: (how: 'detached' | 'interrupted') => void;
  /** The terminal is ours again, and shows what others have left there. */
  readonly onReturn: () => void;
  readonly onResize: () => void;
  /** What the process has set on the terminal, taken back and set again. */
  readonly undo: () => string;
  readonly redo: () => string;
}

/** What was typed before somebody detaches has so long to reach the process. */
const FLUSH_MS = 1_000;

/**
 * On a terminal the keys are read one by one, or those that detach could not be told from input. A pipe of ours is
 * passed on as it is. What is typed behind the detach keys is not ours.
 */
export class AttachInput {
  readonly #use: AttachInputUse;
  readonly #keys: DetachKeys;
  readonly #sender: InputSender;
  readonly #holding: Holding;
  #isLeft = false;

  constructor(owner: TerminalOwner, use: AttachInputUse) {
    this.#use = use;
    this.#keys = new DetachKeys(use.detachKeys, use.kind === 'window');
    this.#sender = new InputSender({
      write: use.write,
      onFailure: use.onFailure,
      isPipe: use.kind === 'pipe',
      onFull: () => this.#holding.stop(),
      onRoom: () => {
        if (!this.#isLeft) this.#holding.start();
      },
    });
    this.#holding = owner.take({
      modes: NO_MODES,
      isCooked: use.kind === 'cooked',
      readsNothing: use.kind === 'none',
      onBytes: (bytes) => this.#take(bytes),
      onEnd: () => this.#end(),
      onReturn: use.onReturn,
      onResize: use.onResize,
      onInterrupt: () => this.#leave('interrupted'),
      undo: use.undo,
      redo: use.redo,
    });
    this.#holding.stop();
  }

  /** From now on what is typed is taken. */
  begin(): void {
    if (!this.#isLeft) this.#holding.start();
  }

  /** Gives the terminal back as it was. */
  close(): void {
    this.#isLeft = true;
    this.#use.line.hide();
    this.#holding.release();
  }

  /** Until the process has what was typed, or does not take it. @returns the bytes that it has not taken */
  async flush(): Promise<number> {
    await Promise.race([
      this.#sender.idle(),
      new Promise<void>((resolve) => void setTimeout(resolve, FLUSH_MS).unref()),
    ]);
    return this.#sender.waitingBytes;
  }

  #take(chunk: Buffer): Buffer | undefined {
    if (this.#use.kind === 'pipe' || this.#use.kind === 'cooked') {
      if (this.#use.sendsInput) this.#sender.send(chunk, false);
      return undefined;
    }
    const { bytes, leaves, rest } = this.#keys.push(chunk);
    if (this.#use.sendsInput && bytes.length > 0) this.#pass(bytes);
    if (leaves === undefined) return undefined;
    this.#leave(leaves);
    return rest;
  }

  #pass(bytes: Buffer): void {
    if (this.#use.kind === 'window') {
      this.#sender.send(bytes, false);
      return;
    }
    for (const typed of this.#use.line.take(bytes)) {
      if (typed.kind === 'suspend') this.#holding.suspend();
      else this.#sender.send(typedBytes(typed.text), typed.kind === 'end');
    }
  }

  #leave(how: 'detached' | 'interrupted'): void {
    this.#isLeft = true;
    this.#holding.stop();
    this.#use.leave(how);
  }

  #end(): void {
    if (this.#use.kind === 'window' || this.#use.kind === 'lines') this.#leave('detached');
    else if (this.#use.sendsInput && this.#use.endsInput) this.#sender.send(Buffer.alloc(0), true);
  }
}
