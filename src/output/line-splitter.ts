/** Cuts a stream of bytes into lines, joining what comes in pieces; a line longer than the bound comes in parts. */

const NEWLINE = 10;

export class LineSplitter {
  readonly #longest: number;
  readonly #onLine: (line: Buffer) => void;
  #rest: Buffer[] = [];
  #restBytes = 0;

  /** @param onLine gets each line without its newline. */
  constructor(longest: number, onLine: (line: Buffer) => void) {
    this.#longest = longest;
    this.#onLine = onLine;
  }

  push(bytes: Buffer): void {
    let from = 0;
    for (;;) {
      const end = bytes.indexOf(NEWLINE, from);
      if (end < 0) break;
      this.#emit(bytes.subarray(from, end));
      from = end + 1;
    }
    if (from === bytes.length) return;
    this.#rest.push(bytes.subarray(from));
    this.#restBytes += bytes.length - from;
    if (this.#restBytes >= this.#longest) this.flush();
  }

  /** What is there of an unfinished line. */
  flush(): void {
    if (this.#restBytes > 0) this.#emit(Buffer.alloc(0));
  }

  #emit(end: Buffer): void {
    const line = this.#restBytes === 0 ? end : Buffer.concat([...this.#rest, end]);
    this.#rest = [];
    this.#restBytes = 0;
    this.#onLine(line);
  }
}
