/** The answers to one line: that of a request, or those of a batch, which go out together as one line. */

import type { Answered } from './call.ts';

/** More is not put together in one line: what is left of the batch is to be asked for by itself. */
export const MOST_BATCH_BYTES = 2 * 2 ** 20;
/** Shorter texts are put together before they become bytes. */
const PIECE_CHARACTERS = 32 * 1024;

export interface LinePorts {
  readonly reply: (line: readonly Buffer[]) => void;
  /** So many bytes wait for the rest of the batch. */
  readonly hold: (bytes: number) => void;
  readonly begin: (begin: () => void) => void;
}

/** Answers of one line that are still to come, or wait for each other. */
export class LineAnswers {
  readonly #ports: LinePorts;
  readonly #isBatch: boolean;
  #missing: number;
  #bytes = 0;
  readonly #pieces: Buffer[] = [];
  readonly #begins: (() => void)[] = [];

  constructor(count: number, isBatch: boolean, ports: LinePorts) {
    this.#missing = count;
    this.#isBatch = isBatch;
    this.#ports = ports;
  }

  /** True for a batch whose answers are as many as go in one line. */
  get isFull(): boolean {
    return this.#isBatch && this.#bytes > MOST_BATCH_BYTES;
  }

  get isBatch(): boolean {
    return this.#isBatch;
  }

  add({ response, begin }: Answered): void {
    this.#missing -= 1;
    if (response !== undefined) {
      const lead = !this.#isBatch ? '' : this.#pieces.length === 0 ? '[' : ',';
      const pieces = joined([lead, ...response, this.#isBatch ? '' : '\n']);
      this.#pieces.push(...pieces);
      const size = pieces.reduce((sum, { length }) => sum + length, 0);
      this.#bytes += size;
      if (this.#isBatch) this.#ports.hold(size);
    }
    if (begin !== undefined) this.#begins.push(begin);
    if (this.#missing === 0) this.#finish();
  }

  /** "There MUST NOT be an empty array": a batch of notifications has no answer (JSON-RPC 2.0, section 6). */
  #finish(): void {
    if (this.#isBatch) this.#ports.hold(-this.#bytes);
    if (this.#pieces.length > 0) {
      this.#ports.reply(this.#isBatch ? [...this.#pieces, Buffer.from(']\n')] : this.#pieces);
    }
    for (const begin of this.#begins) this.#ports.begin(begin);
  }
}

function joined(texts: readonly string[]): readonly Buffer[] {
  const pieces: Buffer[] = [];
  let text = '';
  for (const next of texts) {
    text += next;
    if (text.length < PIECE_CHARACTERS) continue;
    pieces.push(Buffer.from(text));
    text = '';
  }
  return text === '' ? pieces : [...pieces, Buffer.from(text)];
}
