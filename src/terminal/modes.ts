/** The modes of a terminal: what switches each on, and what puts it back as terminals have it by themselves. */

import { type Piece, SequenceReader } from './sequences.ts';

/** What programs of ours want, in the order in which it is switched on; off goes the other way round. */
const OWN_MODES = {
  alternate: { on: '\u001b[?1049h', off: '\u001b[?1049l' },
  hiddenCursor: { on: '\u001b[?25l', off: '\u001b[?25h' },
  paste: { on: '\u001b[?2004h', off: '\u001b[?2004l' },
  // Buttons and wheel are told, in numbers of any size (xterm).
  mouse: { on: '\u001b[?1000h\u001b[?1006h', off: '\u001b[?1006l\u001b[?1000l' },
} as const;

export type OwnMode = keyof typeof OWN_MODES;
export type OwnModes = ReadonlySet<OwnMode>;

export const NO_MODES: ReadonlySet<OwnMode> = new Set();
const ORDER = Object.keys(OWN_MODES) as readonly OwnMode[];

/** What leads from some modes to others. A frame under way is over, and styles are at their default. */
export function switchModes(from: OwnModes, to: OwnModes): string {
  const off = ORDER.filter((mode) => from.has(mode) && !to.has(mode)).reverse();
  const on = ORDER.filter((mode) => to.has(mode) && !from.has(mode));
  const ending = off.includes('alternate') ? '\u001b[?2026l\u001b[0m' : '';
  return (
    ending + off.map((mode) => OWN_MODES[mode].off).join('') + on.map((mode) => OWN_MODES[mode].on).join('')
  );
}

/** DEC's private modes that a terminal has at first switched on; all others are off (xterm's ctlseqs, DECSET). */
const FIRST_ON: ReadonlySet<string> = new Set(['7', '8', '25', '1007', '1034', '1035']);
/** They switch nothing by themselves: column mode would clear the screen, saved cursors have nothing to undo. */
const LEFT_ALONE: ReadonlySet<string> = new Set(['3', '40', '1048']);
/** Last, so that all else is put back on the screen where it was set. */
const SCREENS: ReadonlySet<string> = new Set(['47', '1047', '1049']);
/** More modes than there are. */
const MOST_MODES = 64;

/** What else a program may set: what it takes to undo it. */
const RESETS = {
  keypad: '\u001b>',
  insert: '\u001b[4l',
  newLine: '\u001b[20l',
  // The whole screen scrolls again; the cursor would go home with it.
  margins: '\u001b7\u001b[r\u001b8',
  cursorStyle: '\u001b[0 q',
  charset: '\u000f\u001b(B\u001b)0',
  modifiedKeys: '\u001b[>4m',
  keyboard: '\u001b[=0u',
  palette: '\u001b]104\u001b\\',
  foreground: '\u001b]110\u001b\\',
  background: '\u001b]111\u001b\\',
  cursorColour: '\u001b]112\u001b\\',
  link: '\u001b]8;;\u001b\\',
} as const;
type Reset = keyof typeof RESETS;

/** CSI by prefix, intermediates and final: what it sets, and the parameters that unset it. */
const SETTINGS: Readonly<Record<string, { readonly sets: Reset; readonly unsets: RegExp }>> = {
  r: { sets: 'margins', unsets: /^$/ },
  ' q': { sets: 'cursorStyle', unsets: /^0?$/ },
  '>m': { sets: 'modifiedKeys', unsets: /^(?:4(?:;0?)?)?$/ },
  '=u': { sets: 'keyboard', unsets: /^(?:0(?:;1)?)?$/ },
};
const COLOUR_SETTINGS: Readonly<Record<string, Reset>> = {
  4: 'palette',
  10: 'foreground',
  11: 'background',
  12: 'cursorColour',
};

type Control = Extract<Piece, { kind: 'csi' }>;

/** Follows what a program writes, and knows how to undo what it has set. */
export class ModeTracker {
  readonly #reader = new SequenceReader();
  /** Private modes that are not as at first. */
  readonly #modes = new Map<string, 'h' | 'l'>();
  /** With the sequence that set it last. */
  readonly #set = new Map<Reset, string>();
  /** Of kitty's keyboard protocol. */
  #pushedKeyboards = 0;
  #hasStyle = false;

  push(bytes: Uint8Array): void {
    for (const piece of this.#reader.push(bytes)) this.#take(piece);
  }

  /** Undoes all that is set. */
  undo(): string {
    // CAN: what is left of a sequence is not to swallow what follows.
    const cancel = this.#reader.isInside ? '\u0018' : '';
    this.#reader.takeRest();
    const pops = this.#pushedKeyboards > 0 ? `\u001b[<${this.#pushedKeyboards}u` : '';
    const resets = [...this.#set.keys()].map((name) => RESETS[name]).join('');
    const style = this.#hasStyle ? '\u001b[0m' : '';
    const modes = this.#privateModes((set) => (set === 'h' ? 'l' : 'h'));
    return cancel + pops + resets + style + modes;
  }

  /** Sets it again; the program draws the rest. */
  redo(): string {
    return this.#privateModes((set) => set) + [...this.#set.values()].join('');
  }

  #privateModes(direction: (set: 'h' | 'l') => 'h' | 'l'): string {
    const all = [...this.#modes].sort(
      ([one], [other]) => Number(SCREENS.has(one)) - Number(SCREENS.has(other)),
    );
    return all.map(([mode, set]) => `\u001b[?${mode}${direction(set)}`).join('');
  }

  #take(piece: Piece): void {
    switch (piece.kind) {
      case 'control':
        if (piece.raw === '\u000e') this.#set.set('charset', piece.raw);
        if (piece.raw === '\u000f') this.#set.delete('charset');
        return;
      case 'escape':
        this.#takeEscape(piece.body, piece.raw);
        return;
      case 'csi':
        this.#takeControl(piece);
        return;
      case 'string':
        if (piece.type === ']') this.#takeCommand(piece.body, piece.raw);
    }
  }

  #takeEscape(body: string, raw: string): void {
    if (body === 'c') this.#forget();
    else if (body === '=') this.#set.set('keypad', raw);
    else if (body === '>') this.#set.delete('keypad');
    else if (/^[()*+][^B]$/.test(body)) this.#set.set('charset', raw);
  }

  #takeControl({ prefix, parameters, intermediates, final, raw }: Control): void {
    const name = prefix + intermediates + final;
    const setting = SETTINGS[name];
    if (setting !== undefined) {
      this.#note(setting.sets, !setting.unsets.test(parameters), raw);
    } else if (name === '?h' || name === '?l') {
      for (const mode of parameters.split(';')) this.#takeMode(mode, final as 'h' | 'l');
    } else if (name === 'h' || name === 'l') {
      for (const mode of parameters.split(';')) {
        if (mode === '4') this.#note('insert', final === 'h', raw);
        if (mode === '20') this.#note('newLine', final === 'h', raw);
      }
    } else if (name === 'm') {
      this.#hasStyle = !/^0*$/.test(parameters);
    } else if (name === '>u') {
      this.#pushedKeyboards += 1;
    } else if (name === '<u') {
      this.#pushedKeyboards = Math.max(0, this.#pushedKeyboards - (Number(parameters) || 1));
    } else if (name === '!p') {
      this.#set.clear();
    }
  }

  #takeMode(mode: string, set: 'h' | 'l'): void {
    if (!/^\d{1,5}$/.test(mode) || LEFT_ALONE.has(mode)) return;
    const isFirst = FIRST_ON.has(mode) === (set === 'h');
    if (isFirst) this.#modes.delete(mode);
    else if (this.#modes.has(mode) || this.#modes.size < MOST_MODES) this.#modes.set(mode, set);
  }

  #takeCommand(body: string, raw: string): void {
    const [, number = '', value = ''] = /^(\d+);?(.*)$/s.exec(body) ?? [];
    const colour = COLOUR_SETTINGS[number];
    if (colour !== undefined && !value.includes('?')) this.#set.set(colour, raw);
    else if (number === '8') this.#note('link', !value.endsWith(';'), raw);
    else if (number.length === 3 && number.startsWith('1')) {
      const reset = COLOUR_SETTINGS[String(Number(number) - 100)];
      if (reset !== undefined) this.#set.delete(reset);
    }
  }

  #note(name: Reset, isSet: boolean, raw: string): void {
    if (isSet) this.#set.set(name, raw);
    else this.#set.delete(name);
  }

  #forget(): void {
    this.#modes.clear();
    this.#set.clear();
    this.#pushedKeyboards = 0;
    this.#hasStyle = false;
  }
}
