/** Keys to a line on the terminal: what shells and prompts have in common. What is special to one it says in its use. */

import { KeyReader } from './keys.ts';
import { EMPTY_LINE, edited, inserted, type Line, typedBy } from './line.ts';
import { LineView } from './line-view.ts';

export interface LineEditorUse {
  readonly write: (text: string) => void;
  readonly columns: () => number;
  /** What is in front of the line, and the line or what is shown in its place. */
  readonly shown: (line: Line) => { readonly prompt: string; readonly line: Line };
  /**
   * A key that may mean more than editing, before it edits.
   * @returns `done`: nothing is left to do; `stop`: and what was typed behind it is not for this line
   */
  readonly onKey: (key: string) => 'edit' | 'done' | 'stop';
}

/** A lone ESC is a key when nothing has followed it for so long. */
const ESCAPE_MS = 40;

export class LineEditor {
  line: Line = EMPTY_LINE;
  readonly view: LineView;
  readonly #use: LineEditorUse;
  readonly #keys = new KeyReader({ isForLines: true });
  #escapeTimer: NodeJS.Timeout | undefined;

  constructor(use: LineEditorUse) {
    this.#use = use;
    this.view = new LineView(use);
  }

  /** @returns what was typed behind a key that stops. */
  take(bytes: Buffer): Buffer | undefined {
    clearTimeout(this.#escapeTimer);
    this.#keys.add(bytes);
    for (let typed = this.#keys.next(); typed !== undefined; typed = this.#keys.next()) {
      if (typed.kind === 'key' && this.#press(typed.name)) return this.#keys.takeRest();
    }
    this.draw();
    if (this.#keys.isUnsure) this.#escapeTimer = setTimeout(() => this.#flush(), ESCAPE_MS);
    return undefined;
  }

  draw(): void {
    const { prompt, line } = this.#use.shown(this.line);
    this.view.draw(prompt, line);
  }

  /** What was typed in part is not wanted. */
  drop(): void {
    clearTimeout(this.#escapeTimer);
    this.#keys.takeRest();
    this.line = { ...EMPTY_LINE, cut: this.line.cut };
  }

  /** @returns what was typed, and is not a key yet. */
  close(): Buffer {
    clearTimeout(this.#escapeTimer);
    return this.#keys.takeRest();
  }

  #flush(): void {
    for (const typed of this.#keys.flush()) if (typed.kind === 'key') this.#press(typed.name);
    this.draw();
  }

  /** @returns true where what follows is for somebody else. */
  #press(key: string): boolean {
    const what = this.#use.onKey(key);
    if (what === 'edit') this.#edit(key);
    return what === 'stop';
  }

  #edit(key: string): void {
    const text = typedBy(key);
    this.line = text === undefined ? edited(this.line, key) : inserted(this.line, text);
  }
}
