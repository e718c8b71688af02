/** Cuts the interleaved output of an instance into lines, each stream for itself. */

/** A longer line comes in pieces, so that one without an end stays bounded. */
const LONGEST_LINE = 64 * 1024;

interface Unfinished {
  readonly decoder: TextDecoder;
  text: string;
  time: number | undefined;
}

export class LineCutter {
  readonly #onLine: (stream: string, text: string, time: number | undefined) => void;
  readonly #unfinished = new Map<string, Unfinished>();

  constructor(onLine: (stream: string, text: string, time: number | undefined) => void) {
    this.#onLine = onLine;
  }

  push(stream: string, bytes: Uint8Array, time: number | undefined): void {
    const held = this.#unfinished.get(stream) ?? { decoder: new TextDecoder(), text: '', time };
    this.#unfinished.set(stream, held);
    const lines = (held.text + held.decoder.decode(bytes, { stream: true })).split('\n');
    held.text = lines.pop() ?? '';
    for (const line of lines) {
      this.#onLine(stream, line.endsWith('\r') ? line.slice(0, -1) : line, held.time);
      held.time = time;
    }
    while (held.text.length > LONGEST_LINE) {
      this.#onLine(stream, held.text.slice(0, LONGEST_LINE), held.time);
      held.text = held.text.slice(LONGEST_LINE);
    }
    if (held.text === '') held.time = undefined;
    held.time ??= time;
  }

  /** Gives up the lines that have no newline yet. */
  end(): void {
    for (const [stream, { text, time }] of this.#unfinished) {
      if (text !== '') this.#onLine(stream, text, time);
    }
    this.#unfinished.clear();
  }
}
