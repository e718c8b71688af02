/** What is typed on a terminal, as names of keys: bytes come in any pieces. */

export type Typed =
  | { readonly kind: 'key'; readonly name: string }
  | { readonly kind: 'paste'; readonly text: string }
  | Pointed;

export interface Pointed {
  readonly kind: 'pointed';
  readonly action: 'click' | 'wheel-up' | 'wheel-down';
  /** From 0. */
  readonly row: number;
  readonly column: number;
}

/** The names of sequences as terminals send them (xterm, its application mode, the Linux console, rxvt). */
const SEQUENCES: Readonly<Record<string, string>> = {
  '[A': 'up',
  '[B': 'down',
  '[C': 'right',
  '[D': 'left',
  '[H': 'home',
  '[F': 'end',
  OA: 'up',
  OB: 'down',
  OC: 'right',
  OD: 'left',
  OH: 'home',
  OF: 'end',
  '[1~': 'home',
  '[4~': 'end',
  '[7~': 'home',
  '[8~': 'end',
  '[5~': 'pageup',
  '[6~': 'pagedown',
  '[3~': 'delete',
  '[Z': 'shift-tab',
  '[11~': 'f1',
  OP: 'f1',
};
const CONTROLS: Readonly<Record<string, string>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\u007f': 'backspace',
  '\b': 'backspace',
  ' ': 'space',
};
/** What xterm reports in its mode 1006: button, column and row from 1; `M` pressed, `m` released. */
const MOUSE = /^\[<(\d+);(\d+);(\d+)M$/;
/** Shift, Alt and Ctrl are told in the button's number. */
const MODIFIERS = 4 + 8 + 16;
const BUTTONS: Readonly<Record<number, Pointed['action']>> = { 0: 'click', 64: 'wheel-up', 65: 'wheel-down' };
const PASTE_BEGINS = '\u001b[200~';
const PASTE_ENDS = '\u001b[201~';
/** A whole control sequence, or one of three characters (ECMA-48, 5.4). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: ESC begins it
const SEQUENCE = /^\u001b(?:\[[0-?]*[ -/]*[@-~]|O[ -~])/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: ESC begins it
const UNFINISHED = /^\u001b(?:\[[0-?]*[ -/]*|O)?$/;
/** No sequence of a key is longer, and no paste is worth more. */
const MAX_SEQUENCE = 32;
const MAX_PASTE = 4_096;

export class KeyReader {
  readonly #decoder = new TextDecoder();
  #rest = '';
  #pasted: string | undefined;

  /** True while an ESC waits to be told from the start of a sequence. */
  get isUnsure(): boolean {
    return this.#rest !== '' && this.#pasted === undefined;
  }

  push(bytes: Uint8Array): readonly Typed[] {
    this.#rest += this.#decoder.decode(bytes, { stream: true });
    return this.#take(false);
  }

  /** Nothing followed for a while: an ESC was the key. */
  flush(): readonly Typed[] {
    return this.#take(true);
  }

  #take(isAll: boolean): readonly Typed[] {
    const typed: Typed[] = [];
    while (this.#rest !== '') {
      if (this.#pasted !== undefined) {
        if (!this.#takePaste(typed)) break;
      } else if (this.#rest.startsWith(PASTE_BEGINS)) {
        this.#rest = this.#rest.slice(PASTE_BEGINS.length);
        this.#pasted = '';
      } else if (!isAll && UNFINISHED.test(this.#rest) && this.#rest.length < MAX_SEQUENCE) {
        break;
      } else {
        typed.push(...this.#takeKey());
      }
    }
    return typed;
  }

  /** @returns false where the end has not come yet. */
  #takePaste(typed: Typed[]): boolean {
    const end = this.#rest.indexOf(PASTE_ENDS);
    // The end may have come in part.
    const keep = end === -1 ? Math.max(0, this.#rest.length - PASTE_ENDS.length + 1) : end;
    this.#pasted = `${this.#pasted}${this.#rest.slice(0, keep)}`.slice(0, MAX_PASTE);
    if (end === -1) {
      this.#rest = this.#rest.slice(keep);
      return false;
    }
    typed.push({ kind: 'paste', text: this.#pasted });
    this.#rest = this.#rest.slice(end + PASTE_ENDS.length);
    this.#pasted = undefined;
    return true;
  }

  #takeKey(): readonly Typed[] {
    const sequence = SEQUENCE.exec(this.#rest)?.[0];
    if (sequence !== undefined) {
      this.#rest = this.#rest.slice(sequence.length);
      const name = SEQUENCES[sequence.slice(1)];
      if (name !== undefined) return [{ kind: 'key', name }];
      // An unknown one is passed over whole: its letters were not typed.
      const pointed = pointedBy(sequence.slice(1));
      return pointed === undefined ? [] : [pointed];
    }
    const character = String.fromCodePoint(this.#rest.codePointAt(0) ?? 0);
    this.#rest = this.#rest.slice(character.length);
    return [{ kind: 'key', name: nameOf(character) }];
  }
}

function pointedBy(sequence: string): Pointed | undefined {
  const [, button, column, row] = MOUSE.exec(sequence) ?? [];
  const action = BUTTONS[Number(button) & ~MODIFIERS];
  if (button === undefined || action === undefined) return undefined;
  return { kind: 'pointed', action, row: Number(row) - 1, column: Number(column) - 1 };
}

function nameOf(character: string): string {
  if (character === '\u001b') return 'escape';
  const control = CONTROLS[character];
  if (control !== undefined) return control;
  const code = character.charCodeAt(0);
  return code < 0x20 ? `ctrl-${String.fromCharCode(code + 0x60)}` : character;
}
