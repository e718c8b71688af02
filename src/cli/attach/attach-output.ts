/** What an attached process prints, as it is shown: as it is, made harmless, or to a terminal that is its window. */

import { isAnswered, PastLines, SequenceFilter } from '../../terminal/filters.ts';
import { ModeTracker } from '../../terminal/modes.ts';
import { type CliIo, type Output, wantsColour } from '../io.ts';
import { TerminalFilter } from '../plain-text.ts';
import type { TypedLine } from './typed-line.ts';

export type Stream = 'stdout' | 'stderr';

export interface AttachOutputUse {
  /** Our terminal is that of the process. */
  readonly isWindow: boolean;
  /** `--raw` */
  readonly isRaw: boolean;
  /** Is written around. */
  readonly line: TypedLine;
}

/** Makes of a chunk what is shown of it. */
interface Shown {
  push(bytes: Uint8Array): Buffer | string;
  end(): string;
}

const AS_IT_IS: Shown = { push: (bytes) => Buffer.from(bytes), end: () => '' };

export class AttachOutput {
  readonly #io: CliIo;
  readonly #use: AttachOutputUse;
  readonly #shown = new Map<Stream, Shown>();
  /** Follows what a process may set on our terminal. */
  readonly #modes = new ModeTracker();
  readonly #past = new SequenceFilter(keepsOf(new PastLines()));

  constructor(io: CliIo, use: AttachOutputUse) {
    this.#io = io;
    this.#use = use;
  }

  /** What it printed before somebody attached: to a window, its lines, and then the modes that it has set by now. */
  printPast(chunks: readonly { readonly stream: Stream; readonly bytes: Buffer }[]): void {
    for (const { stream, bytes } of chunks) {
      if (this.#use.isWindow) {
        this.#modes.push(bytes);
        this.#target(stream).write(this.#past.push(bytes));
      } else this.print(stream, bytes);
    }
    if (this.#use.isWindow) this.#io.stdout.write(this.#modes.redo());
  }

  /** @returns false where the terminal has not taken it: wait for `drain` of the stream that is told. */
  print(stream: Stream, bytes: Buffer): Output | undefined {
    const target = this.#target(stream);
    if (!this.#mayMove(target)) {
      const shown = this.#of(stream, target).push(bytes);
      if (target.isTTY === true) this.#use.line.print(shown.toString(), (text) => void target.write(text));
      else target.write(shown);
      return target.writableNeedDrain ? target : undefined;
    }
    const shown = this.#of(stream, target).push(bytes);
    this.#modes.push(Buffer.from(shown));
    return target.write(shown) ? undefined : target;
  }

  /** A line about the process. */
  tell(text: string): void {
    if (this.#use.isWindow || this.#io.stderr.isTTY !== true) this.#io.stderr.write(`${text}\n`);
    else this.#use.line.print(`${text}\n`, (line) => void this.#io.stderr.write(line));
  }

  /** What is left of characters and colours. */
  end(): void {
    for (const [stream, shown] of this.#shown) this.#target(stream).write(shown.end());
  }

  undo(): string {
    return this.#modes.undo();
  }

  redo(): string {
    return this.#modes.redo();
  }

  #target(stream: Stream): Output {
    return stream === 'stdout' ? this.#io.stdout : this.#io.stderr;
  }

  /** It may set modes and move the cursor. */
  #mayMove(target: Output): boolean {
    return target.isTTY === true && (this.#use.isWindow || this.#use.isRaw);
  }

  #of(stream: Stream, target: Output): Shown {
    const shown = this.#shown.get(stream) ?? this.#make(target);
    this.#shown.set(stream, shown);
    return shown;
  }

  #make(target: Output): Shown {
    if (target.isTTY !== true || this.#use.isWindow) return AS_IT_IS;
    if (!this.#use.isRaw) return new TerminalFilter(wantsColour(this.#io));
    // We are not its terminal: what it asks one is not answered by us.
    const filter = new SequenceFilter((piece) => !isAnswered(piece));
    return { push: (bytes) => filter.push(bytes), end: () => '' };
  }
}

function keepsOf(past: PastLines): (piece: Parameters<PastLines['keeps']>[0]) => boolean {
  return (piece) => past.keeps(piece);
}
