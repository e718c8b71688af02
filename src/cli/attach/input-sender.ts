/** Sends input piece by piece, each once the process has taken the one before: what it does not read stays here. */

/** In base64 and with all around it far below the longest line that the engine reads. */
const PIECE_BYTES = 49_152;
/** So much may be typed ahead of a process that does not read; then who types waits. */
const MOST_WAITING_BYTES = 1_048_576;

export interface SenderUse {
  /** More can be had from there when it is wanted: nothing waits here then. */
  readonly isPipe: boolean;
  readonly write: (bytes: Buffer, end: boolean) => Promise<unknown>;
  /** No more … */
  readonly onFull: () => void;
  /** … until now. */
  readonly onRoom: () => void;
  readonly onFailure: (error: unknown) => void;
}

export class InputSender {
  readonly #use: SenderUse;
  readonly #most: number;
  #waiting: Buffer[] = [];
  #bytes = 0;
  #hasEnded = false;
  #sending: Promise<void> | undefined;

  constructor(use: SenderUse) {
    this.#use = use;
    this.#most = use.isPipe ? 0 : MOST_WAITING_BYTES;
  }

  get waitingBytes(): number {
    return this.#bytes;
  }

  send(bytes: Buffer, end: boolean): void {
    if (bytes.length > 0) this.#waiting.push(bytes);
    this.#bytes += bytes.length;
    this.#hasEnded ||= end;
    if (this.#bytes > this.#most) this.#use.onFull();
    this.#sending ??= this.#sendAll();
  }

  /** Resolves when all has been taken. */
  async idle(): Promise<void> {
    await this.#sending;
  }

  async #sendAll(): Promise<void> {
    while (this.#bytes > 0 || this.#hasEnded) {
      const piece = this.#piece();
      const end = this.#hasEnded && this.#waiting.length === 0;
      if (end) this.#hasEnded = false;
      await this.#use.write(piece, end).catch(this.#use.onFailure);
      this.#bytes -= piece.length;
      if (this.#bytes <= this.#most) this.#use.onRoom();
    }
    this.#sending = undefined;
  }

  #piece(): Buffer {
    const whole = Buffer.concat(this.#waiting);
    const piece = whole.subarray(0, PIECE_BYTES);
    this.#waiting = whole.length > piece.length ? [whole.subarray(piece.length)] : [];
    return piece;
  }
}
