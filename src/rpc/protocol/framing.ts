/** Newline-delimited JSON: bytes in, lines out, nothing unbounded. */

/** Longest line a server reads; a request is a few hundred bytes, and a thousand names are a few ten thousand. */
export const MAX_REQUEST_LINE_BYTES = 256 * 1024;

export class LineTooLong extends Error {
  constructor(limitBytes: number) {
    super(`a line is longer than ${limitBytes} bytes`);
    this.name = 'LineTooLong';
  }
}

const NEWLINE = 0x0a;
const NOTHING: Buffer = Buffer.alloc(0);

/**
 * Cuts a byte stream into lines, however the chunks fall. Lines come as bytes without their newline, so that a
 * character split across chunks is whole again before anyone decodes it. Holds at most `limitBytes`.
 */
export class LineSplitter {
  readonly #limitBytes: number;
  /** One buffer that grows by doubling: a peer that sends byte by byte costs no object per byte. */
  #held: Buffer = NOTHING;
  #heldBytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Bytes of the unfinished line. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Yields the lines that the chunk completes. Throws LineTooLong, after which the splitter holds nothing. */
  *push(chunk: Buffer): Generator<Buffer, void, undefined> {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      const end = chunk.subarray(from, at);
      from = at + 1;
      if (this.#heldBytes > 0) {
        this.#hold(end);
        yield this.rest();
      } else {
        this.#bound(end.length);
        yield end;
      }
    }
    if (from < chunk.length) this.#hold(chunk.subarray(from));
  }

  /** What stands behind the last newline once the stream has ended; empty where nothing does. */
  rest(): Buffer {
    const line = this.#held.subarray(0, this.#heldBytes);
    this.#drop();
    return line;
  }

  #hold(part: Buffer): void {
    this.#bound(part.length);
    const needed = this.#heldBytes + part.length;
    if (needed > this.#held.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(this.#limitBytes, Math.max(1024, needed * 2)));
      this.#held.copy(larger, 0, 0, this.#heldBytes);
      this.#held = larger;
    }
    part.copy(this.#held, this.#heldBytes);
    this.#heldBytes = needed;
  }

  #bound(moreBytes: number): void {
    if (this.#heldBytes + moreBytes <= this.#limitBytes) return;
    this.#drop();
    throw new LineTooLong(this.#limitBytes);
  }

  #drop(): void {
    this.#held = NOTHING;
    this.#heldBytes = 0;
  }
}

/** One message as a line. JSON text has no raw newline, so the framing holds whatever the strings contain. */
export function frame(message: unknown): string {
  return `${JSON.stringify(message)}\n`;
}

/** True for a line of nothing but white space: it is skipped, so that people may press Enter in socat. */
export function isBlank(line: Buffer): boolean {
  for (const byte of line) if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return false;
  return true;
}
