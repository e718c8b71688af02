/** Finds the keys that detach among typed bytes, Ctrl-P Ctrl-Q or others, written as Docker writes them. */

import { TaskmasterError } from '../../errors.ts';

const CTRL_C = 0x03;
export const DEFAULT_DETACH_KEYS = 'ctrl-p,ctrl-q';

/**
 * @param text characters, and `ctrl-` with one of a-z @ [ \ ] ^ _, separated by commas
 * @returns the bytes that a terminal sends for them. Throws `bad-arguments`.
 */
export function parseDetachKeys(text: string): readonly number[] {
  return text.split(',').map((key) => {
    const control = /^ctrl-([a-z@[\\\]^_])$/i.exec(key)?.[1];
    if (control !== undefined) return control.toUpperCase().charCodeAt(0) & 0x1f;
    if (/^[\x21-\x7e]$/.test(key)) return key.charCodeAt(0);
    const hint = 'write keys such as ctrl-p,ctrl-q: characters, and ctrl- with one of a-z @ [ \\ ] ^ _';
    throw new TaskmasterError('bad-arguments', `--detach-keys: ${JSON.stringify(key)} is no key; ${hint}`);
  });
}

/** `ctrl-p,ctrl-q` as a person says it: `Ctrl-P Ctrl-Q`. */
export function keysInWords(text: string): string {
  const words = text
    .split(',')
    .map((key) => (/^ctrl-/i.test(key) ? `Ctrl-${key.slice(5).toUpperCase()}` : key));
  return words.join(' ');
}

export interface Typed {
  /** What is meant for the process. */
  readonly bytes: Buffer;
  /** What was meant for us. */
  readonly leaves: 'detached' | 'interrupted' | undefined;
  /** What was typed behind that. */
  readonly rest: Buffer;
}

/** Keys that may be the first of the sequence are held back until the ones after show whom they were for. */
export class DetachKeys {
  readonly #sequence: readonly number[];
  readonly #passesInterrupt: boolean;
  #held: number[] = [];

  /** @param passesInterrupt Ctrl-C is the process's own; otherwise it leaves too. */
  constructor(sequence: readonly number[], passesInterrupt: boolean) {
    this.#sequence = sequence;
    this.#passesInterrupt = passesInterrupt;
  }

  push(chunk: Uint8Array): Typed {
    const kept: number[] = [];
    for (const [at, byte] of chunk.entries()) {
      const leaves = this.#take(byte, kept);
      if (leaves !== undefined) {
        return { bytes: Buffer.from(kept), leaves, rest: Buffer.from(chunk.subarray(at + 1)) };
      }
    }
    return { bytes: Buffer.from(kept), leaves: undefined, rest: Buffer.alloc(0) };
  }

  #take(byte: number, kept: number[]): Typed['leaves'] {
    this.#held.push(byte);
    while (!this.#held.every((key, index) => key === this.#sequence[index])) {
      const passed = this.#held.shift() ?? 0;
      if (passed === CTRL_C && !this.#passesInterrupt) return 'interrupted';
      kept.push(passed);
    }
    return this.#held.length === this.#sequence.length ? 'detached' : undefined;
  }
}
