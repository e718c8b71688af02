/** Finds Ctrl-P Ctrl-Q among typed bytes, as `docker attach` does. */

const CTRL_C = 0x03;
const CTRL_P = 0x10;
const CTRL_Q = 0x11;

export interface Typed {
  /** What is meant for the process. */
  readonly bytes: Buffer;
  /** What was meant for us. */
  readonly leaves: 'detached' | 'interrupted' | undefined;
}

/** A Ctrl-P is held back until the key after it shows whom it was for; the keys may come in two chunks. */
export class DetachKeys {
  #holdsCtrlP = false;

  push(chunk: Uint8Array): Typed {
    const kept: number[] = [];
    for (const byte of chunk) {
      if (byte === CTRL_C) return { bytes: Buffer.from(kept), leaves: 'interrupted' };
      if (this.#holdsCtrlP && byte === CTRL_Q) return { bytes: Buffer.from(kept), leaves: 'detached' };
      if (this.#holdsCtrlP) kept.push(CTRL_P);
      this.#holdsCtrlP = byte === CTRL_P;
      if (!this.#holdsCtrlP) kept.push(byte);
    }
    return { bytes: Buffer.from(kept), leaves: undefined };
  }
}
