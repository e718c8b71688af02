/** Cuts the interleaved output of an instance into lines, each stream for itself. */

/** A longer line comes in pieces, so that one without an end stays bounded. */
const LONGEST_LINE = 64 * 1024;

export interface CutLine {
  readonly stream: string;
  readonly text: string;
  readonly incarnation: number;
  /** Epoch milliseconds at which its first byte was read, where that is known. */
  readonly time: number | undefined;
}

interface Unfinished {
  readonly decoder: TextDecoder;
  text: string;
  time: number | undefined;
}

export class LineCutter {
  /** Anyone who goes on with it may have them brought elsewhere. */
  onLine: (line: CutLine) => void;
  readonly #unfinished = new Map<string, Unfinished>();
  #incarnation = 0;

  constructor(onLine: (line: CutLine) => void) {
    this.onLine = onLine;
  }

  push(stream: string, bytes: Uint8Array, incarnation: number, time: number | undefined): void {
    // The rest of an earlier life is no beginning of a line of this one.
    if (incarnation !== this.#incarnation) this.end();
    this.#incarnation = incarnation;
    const held = this.#unfinished.get(stream) ?? { decoder: new TextDecoder(), text: '', time };
    this.#unfinished.set(stream, held);
    if (held.text === '') held.time = time;
    const lines = (held.text + held.decoder.decode(bytes, { stream: true })).split('\n');
    held.text = lines.pop() ?? '';
    for (const line of lines) {
      this.#tell(stream, line.endsWith('\r') ? line.slice(0, -1) : line, held.time);
      held.time = time;
    }
    while (held.text.length > LONGEST_LINE) {
      this.#tell(stream, held.text.slice(0, LONGEST_LINE), held.time);
      held.text = held.text.slice(LONGEST_LINE);
    }
    held.time ??= time;
  }

  /** Gives up the lines that have no newline yet. */
  end(): void {
    for (const [stream, { text, time }] of this.#unfinished) if (text !== '') this.#tell(stream, text, time);
    this.#unfinished.clear();
  }

  #tell(stream: string, text: string, time: number | undefined): void {
    this.onLine({ stream, text, incarnation: this.#incarnation, time });
  }
}
