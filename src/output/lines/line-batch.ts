/** Lines being put together: many small pieces become one write. Used and emptied within one call. */

const BLOCK_BYTES = 65_536;
/** The most bytes that a UTF-16 code unit takes in UTF-8. */
const BYTES_A_UNIT = 3;

export class LineBatch {
  #memory = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  #length = 0;

  /** From here on a flush is due; one more line still fits in any case. */
  get isFull(): boolean {
    return this.#length >= BLOCK_BYTES;
  }

  bytes(bytes: Buffer): void {
    this.#makeRoom(bytes.length);
    bytes.copy(this.#memory, this.#length);
    this.#length += bytes.length;
  }

  text(text: string): void {
    this.#makeRoom(BYTES_A_UNIT * text.length);
    this.#length += this.#memory.write(text, this.#length, 'utf8');
  }

  /** @param write copies what it is given. */
  flush(write: (bytes: Buffer) => void): void {
    if (this.#length === 0) return;
    write(this.#memory.subarray(0, this.#length));
    this.#length = 0;
    // A line of many megabytes cannot be, but several long ones of JSON may have made it large.
    if (this.#memory.length > 8 * BLOCK_BYTES) this.#memory = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  }

  #makeRoom(count: number): void {
    const wanted = this.#length + count;
    if (wanted <= this.#memory.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(wanted, 2 * this.#memory.length));
    this.#memory.copy(grown, 0, 0, this.#length);
    this.#memory = grown;
  }
}
