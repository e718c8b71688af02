/** Cuts a stream of bytes into lines, joining what comes in pieces; a line longer than the bound comes in parts. */

const NEWLINE = 10;
const SMALLEST_BYTES = 256;
const NOTHING = Buffer.alloc(0);

/** @param line without its newline; valid during the call only. @param isPart its end is yet to come. */
export type OnLine = (line: Buffer, isPart: boolean) => void;

export class LineSplitter {
  readonly #longest: number;
  readonly #onLine: OnLine;
  #rest = NOTHING;
  #restBytes = 0;

  /** @param longest bytes; at least that many are given in each part of a longer line. */
  constructor(longest: number, onLine: OnLine) {
    this.#longest = longest;
    this.#onLine = onLine;
  }

  push(bytes: Buffer): void {
    let from = 0;
    for (;;) {
      const end = bytes.indexOf(NEWLINE, from);
      const to = end < 0 ? bytes.length : end;
      while (this.#restBytes + to - from > this.#longest) {
        const part = from + this.#longest - this.#restBytes;
        this.#emit(bytes.subarray(from, part), true);
        from = part;
      }
      if (end < 0) break;
      this.#emit(bytes.subarray(from, end), false);
      from = end + 1;
    }
    if (from < bytes.length) this.#keep(bytes.subarray(from));
  }

  /** True while there is a part of a line. */
  get isWithinLine(): boolean {
    return this.#restBytes > 0;
  }

  /** What is there of an unfinished line. */
  flush(): void {
    if (this.#restBytes > 0) this.#emit(NOTHING, false);
  }

  /** Copied: a slice would keep the whole of what was read alive for as long as the line is unfinished. */
  #keep(rest: Buffer): void {
    const wanted = this.#restBytes + rest.length;
    if (wanted > this.#rest.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(SMALLEST_BYTES, 2 * wanted));
      this.#rest.copy(grown, 0, 0, this.#restBytes);
      this.#rest = grown;
    }
    rest.copy(this.#rest, this.#restBytes);
    this.#restBytes = wanted;
  }

  #emit(end: Buffer, isPart: boolean): void {
    if (this.#restBytes === 0) {
      this.#onLine(end, isPart);
      return;
    }
    this.#keep(end);
    const line = this.#rest.subarray(0, this.#restBytes);
    this.#rest = NOTHING;
    this.#restBytes = 0;
    this.#onLine(line, isPart);
  }
}
