/** What is typed on a terminal, as names of keys: bytes come in any pieces. */

import { TypedText, typedBytes } from './typed-text.ts';

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
  '[1;5C': 'ctrl-right',
  '[1;5D': 'ctrl-left',
  '[1;3C': 'ctrl-right',
  '[1;3D': 'ctrl-left',
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
const CTRL_C = '\u0003';
/** A whole control sequence, or one of three characters (ECMA-48, 5.4). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: ESC begins it
const SEQUENCE = /^\u001b(?:\[[0-?]*[ -/]*[@-~]|O[ -~])/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: ESC begins it
const UNFINISHED = /^\u001b(?:\[[0-?]*[ -/]*|O)?$/;
/** What a terminal answers when it is asked for colours, names or settings: DCS, OSC and the like, up to ST or BEL. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: ESC begins it
const ANSWER = /^\u001b[P\]X^_][^\u0007\u001b]*(?:\u0007|\u001b\\)/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: ESC begins it
const UNFINISHED_ANSWER = /^\u001b[P\]X^_][^\u0007\u001b]*\u001b?$/;
/** No sequence of a key is longer, and no paste is worth more. */
const MAX_SEQUENCE = 32;
const MAX_ANSWER = 512;
const MAX_PASTE = 4_096;

/** For one-line editors: Alt and a letter are one key, Ctrl-J is not Enter, and what is pasted was typed. */
export interface KeyReaderOptions {
  readonly isForLines?: boolean;
}

export class KeyReader {
  readonly #text = new TypedText();
  readonly #options: KeyReaderOptions;
  #rest = '';
  #pasted: string | undefined;

  constructor(options: KeyReaderOptions = {}) {
    this.#options = options;
  }

  /** True while an ESC, or a paste, waits for what follows: call `flush` where nothing does. */
  get isUnsure(): boolean {
    return this.#rest !== '' || this.#pasted !== undefined;
  }

  get isPasting(): boolean {
    return this.#pasted !== undefined;
  }

  /** All that is typed by now, as far as it is sure. */
  push(bytes: Uint8Array): readonly Typed[] {
    this.add(bytes);
    const typed: Typed[] = [];
    for (let one = this.next(); one !== undefined; one = this.next()) typed.push(one);
    return typed;
  }

  /** For those who take it one by one: see `next`. */
  add(bytes: Uint8Array): void {
    this.#rest += this.#text.push(bytes);
  }

  /** @returns undefined where there is nothing more, or nothing sure. */
  next(): Typed | undefined {
    return this.#next(false);
  }

  /** Nothing followed for a while: an ESC was the key, and a paste has lost its end. */
  flush(): readonly Typed[] {
    const typed: Typed[] = [];
    for (let one = this.#next(true); one !== undefined; one = this.#next(true)) typed.push(one);
    if (this.#pasted !== undefined) typed.push(this.#endPaste());
    return typed;
  }

  /** What `next` has not given yet, as it was typed: it is for somebody else. */
  takeRest(): Buffer {
    const rest = Buffer.concat([typedBytes(this.#rest), this.#text.takeRest()]);
    this.#rest = '';
    return rest;
  }

  #next(isAll: boolean): Typed | undefined {
    while (this.#rest !== '') {
      if (this.#pasted !== undefined) return this.#takePaste();
      if (this.#skip(PASTE_BEGINS)) {
        if (this.#options.isForLines !== true) this.#pasted = '';
      } else if (!this.#skip(PASTE_ENDS) && !this.#skipAnswer()) {
        if (!isAll && this.#isUnfinished()) return undefined;
        const typed = this.#takeKey();
        if (typed !== undefined) return typed;
      }
    }
    return undefined;
  }

  #skip(mark: string): boolean {
    if (!this.#rest.startsWith(mark)) return false;
    this.#rest = this.#rest.slice(mark.length);
    return true;
  }

  /** Nobody typed it. */
  #skipAnswer(): boolean {
    const answer = ANSWER.exec(this.#rest)?.[0];
    return answer !== undefined && this.#skip(answer);
  }

  #isUnfinished(): boolean {
    if (UNFINISHED.test(this.#rest)) return this.#rest.length < MAX_SEQUENCE;
    return UNFINISHED_ANSWER.test(this.#rest) && this.#rest.length < MAX_ANSWER;
  }

  /** @returns undefined where the end has not come yet. Ctrl-C is never pasted: it ends it, too. */
  #takePaste(): Typed | undefined {
    const end = this.#rest.indexOf(PASTE_ENDS);
    const broken = this.#rest.indexOf(CTRL_C);
    const isBroken = broken !== -1 && (end === -1 || broken < end);
    const at = isBroken ? broken : end;
    // The end may have come in part.
    const keep = at === -1 ? Math.max(0, this.#rest.length - PASTE_ENDS.length + 1) : at;
    this.#pasted = `${this.#pasted}${this.#rest.slice(0, keep)}`.slice(0, MAX_PASTE);
    this.#rest = this.#rest.slice(at === -1 ? keep : isBroken ? at : at + PASTE_ENDS.length);
    return at === -1 ? undefined : this.#endPaste();
  }

  #endPaste(): Typed {
    const text = `${this.#pasted}`;
    this.#pasted = undefined;
    return { kind: 'paste', text };
  }

  /** @returns undefined for a sequence that nobody knows: its letters were not typed. */
  #takeKey(): Typed | undefined {
    const sequence = SEQUENCE.exec(this.#rest)?.[0];
    if (sequence !== undefined) {
      this.#rest = this.#rest.slice(sequence.length);
      const name = SEQUENCES[sequence.slice(1)];
      return name !== undefined ? { kind: 'key', name } : pointedBy(sequence.slice(1));
    }
    const character = String.fromCodePoint(this.#rest.codePointAt(0) ?? 0);
    this.#rest = this.#rest.slice(character.length);
    if (this.#options.isForLines !== true) return { kind: 'key', name: nameOf(character) };
    if (character === '\n') return { kind: 'key', name: 'linefeed' };
    if (character === '\u001b' && /^[a-zA-Z\u007f\b]/.test(this.#rest)) {
      const letter = this.#rest[0] ?? '';
      this.#rest = this.#rest.slice(1);
      return { kind: 'key', name: `alt-${nameOf(letter)}` };
    }
    return { kind: 'key', name: nameOf(character) };
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
