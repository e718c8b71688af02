/** Sends input piece by piece, each once the process has taken the one before: what it does not read stays here. */

/** In base64 and with all around it far below the longest line that the engine reads. */
const PIECE_BYTES = 49_152;
/** So much may be typed ahead of a process that does not read. */
const MOST_WAITING_BYTES = 65_536;

export interface SenderUse {
  readonly write: (bytes: Buffer, end: boolean) => Promise<unknown>;
  /** No more, if that can be helped … */
  readonly onBusy: () => void;
  /** … until all of it has been taken. */
  readonly onIdle: () => void;
  /** There was no room for it. */
  readonly onLost: () => void;
  readonly onFailure: (error: unknown) => void;
}

export class InputSender {
  readonly #use: SenderUse;
  #waiting = Buffer.alloc(0);
  #hasEnded = false;
  #isSending = false;

  constructor(use: SenderUse) {
    this.#use = use;
  }

  send(bytes: Buffer, end: boolean): void {
    const hasRoom = this.#waiting.length === 0 || this.#waiting.length + bytes.length <= MOST_WAITING_BYTES;
    if (bytes.length > 0 && !hasRoom) {
      this.#use.onLost();
      return;
    }
    this.#waiting = Buffer.concat([this.#waiting, bytes]);
    this.#hasEnded ||= end;
    this.#use.onBusy();
    if (!this.#isSending) void this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true;
    while (this.#waiting.length > 0 || this.#hasEnded) {
      const piece = this.#waiting.subarray(0, PIECE_BYTES);
      this.#waiting = this.#waiting.subarray(piece.length);
      const end = this.#hasEnded && this.#waiting.length === 0;
      if (end) this.#hasEnded = false;
      await this.#use.write(piece, end).catch(this.#use.onFailure);
    }
    this.#isSending = false;
    this.#use.onIdle();
  }
}
