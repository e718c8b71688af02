/** The line being typed, as node:readline shows it: taken off the screen for a moment, and put back as it was. */

import type { Interface } from 'node:readline';
import type { Output } from '../io.ts';

/** What readline remembers of the last drawing: the rows between the prompt and the cursor. */
type Drawn = Interface & { prevRows?: number };

export class EditedLine {
  readonly #reader: Drawn;
  readonly #output: Output;

  constructor(reader: Interface, output: Output) {
    this.#reader = reader;
    this.#output = output;
  }

  get text(): string {
    return this.#reader.line;
  }

  /** Clears what it and its prompt take, however many rows; the cursor stays where the prompt began. */
  hide(): void {
    const { rows } = this.#reader.getCursorPos();
    this.#output.write(`\r${rows > 0 ? `\u001b[${rows}A` : ''}\u001b[J`);
    // Or the next drawing would begin so many rows above.
    this.#reader.prevRows = 0;
  }

  /** Below whatever was written since `hide`. */
  show(): void {
    this.#reader.prompt(true);
  }

  /** Shows another text in its place, with the cursor at its end. */
  replace(text: string): void {
    this.show();
    this.#reader.write(null, { ctrl: true, name: 'e' });
    this.#reader.write(null, { ctrl: true, name: 'u' });
    if (text !== '') this.#reader.write(text);
  }
}
