/**
 * A line for a process with a pipe: edited on our terminal, which is also where the process prints. What it prints while
 * somebody types comes above the line, which is put back behind it.
 */

import { charactersOf } from '../../terminal/characters.ts';
import { EMPTY_LINE } from '../../terminal/line.ts';
import { LineEditor } from '../../terminal/line-editor.ts';

/** `line`: with its newline. `part`: what Ctrl-D sends of a line. `end`: Ctrl-D where nothing was typed. */
export type TypedPart =
  | { readonly kind: 'line' | 'part' | 'end'; readonly text: string }
  | { readonly kind: 'suspend' };

export interface TypedLineUse {
  readonly write: (text: string) => void;
  readonly columns: () => number;
}

export class TypedLine {
  readonly #editor: LineEditor;
  readonly #use: TypedLineUse;
  #parts: TypedPart[] = [];
  #isBegun = false;
  /** Where the output of the process has left the cursor. */
  #column = 0;

  constructor(use: TypedLineUse) {
    this.#use = use;
    this.#editor = new LineEditor({
      write: use.write,
      columns: use.columns,
      shown: (line) => ({ prompt: '', line }),
      onKey: (key) => this.#press(key),
    });
  }

  take(bytes: Buffer): readonly TypedPart[] {
    this.#parts = [];
    this.#begin();
    this.#editor.take(bytes);
    return this.#parts;
  }

  /** What the process printed, made fit for a terminal. */
  print(text: string, write: (text: string) => void): void {
    if (text === '') return;
    this.#editor.view.hide();
    this.#isBegun = false;
    write(text);
    this.#column = columnAfter(text, this.#column, this.#use.columns());
    if (this.#editor.line.text !== '') this.draw();
  }

  draw(): void {
    this.#begin();
    this.#editor.draw();
  }

  hide(): void {
    this.#editor.close();
    this.#editor.view.hide();
    this.#isBegun = false;
  }

  /** Others have had the terminal. */
  forget(): void {
    this.#editor.view.forget();
    this.#isBegun = false;
    this.#column = 0;
    if (this.#editor.line.text !== '') this.draw();
  }

  resized(): void {
    if (!this.#isBegun) return;
    this.#editor.view.resized();
    this.#editor.draw();
  }

  #begin(): void {
    if (this.#isBegun) return;
    this.#isBegun = true;
    this.#editor.view.begin(this.#column);
  }

  #press(key: string): 'edit' | 'done' {
    switch (key) {
      case 'enter':
      case 'linefeed':
        this.#send('line', '\n');
        return 'done';
      case 'ctrl-d':
        if (this.#editor.line.text === '') this.#parts.push({ kind: 'end', text: '' });
        else this.#send('part', '');
        return 'done';
      case 'ctrl-z':
        this.#parts.push({ kind: 'suspend' });
        return 'done';
    }
    return 'edit';
  }

  #send(kind: 'line' | 'part', end: string): void {
    const { text } = this.#editor.line;
    this.#editor.draw();
    if (kind === 'line') {
      this.#editor.view.end();
      this.#column = 0;
      this.#isBegun = false;
      this.#begin();
    } else {
      this.#column = columnAfter(text, this.#column, this.#use.columns());
      this.#editor.view.begin(this.#column);
    }
    this.#editor.line = { ...EMPTY_LINE, cut: this.#editor.line.cut };
    this.#parts.push({ kind, text: `${text}${end}` });
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: ESC begins it
const COLOURS = /\u001b\[[0-9;:]*m/g;
const TAB = 8;

/** The column of the cursor behind a text that has no other sequences than colours. */
function columnAfter(text: string, from: number, columns: number): number {
  const newline = text.lastIndexOf('\n');
  const last = text.slice(newline + 1).replace(COLOURS, '');
  let column = newline === -1 ? from : 0;
  for (const piece of last.split(/(\t)/)) {
    if (piece === '\t') column += TAB - (column % TAB);
    else column += charactersOf(piece).reduce((sum, { width }) => sum + width, 0);
  }
  return column % Math.max(2, columns);
}
