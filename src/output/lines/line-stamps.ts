/** Puts the time before each line of one writer, however its lines are cut into pieces. */

const NEWLINE = 10;

export class LineStamps {
  readonly #isoTime: () => string;
  #isAtLineStart = true;

  constructor(isoTime: () => string) {
    this.#isoTime = isoTime;
  }

  get isAtLineStart(): boolean {
    return this.#isAtLineStart;
  }

  /** @returns a copy. */
  stamp(bytes: Uint8Array): Buffer {
    const stamp = Buffer.from(`${this.#isoTime()} `);
    const into = Buffer.allocUnsafeSlow(bytes.length + this.#linesBegunIn(bytes) * stamp.length);
    let length = 0;
    for (let from = 0; from < bytes.length; ) {
      if (this.#isAtLineStart) {
        into.set(stamp, length);
        length += stamp.length;
      }
      const end = bytes.indexOf(NEWLINE, from);
      const to = end < 0 ? bytes.length : end + 1;
      into.set(bytes.subarray(from, to), length);
      length += to - from;
      this.#isAtLineStart = end >= 0;
      from = to;
    }
    return into;
  }

  #linesBegunIn(bytes: Uint8Array): number {
    let lines = this.#isAtLineStart ? 1 : 0;
    for (
      let at = bytes.indexOf(NEWLINE);
      at >= 0 && at < bytes.length - 1;
      at = bytes.indexOf(NEWLINE, at + 1)
    )
      lines += 1;
    return lines;
  }
}
