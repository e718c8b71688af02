/** What stands before each line of a process in the container's output: its name, aligned, in a colour of its own. */

/** Names longer than this are shown whole, but the others do not move for them. */
const WIDEST = 24;
/** Foreground colours that can be read on dark and on light (ECMA-48 SGR); red is for what is wrong. */
const COLOURS: readonly number[] = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94];
const COLOUR_OFF = '\x1b[0m';

export type LabelKind = 'line' | 'continuation' | 'mark';
const SEPARATORS: Readonly<Record<LabelKind, string>> = { line: '|', continuation: '+', mark: '*' };

export type Labels = Readonly<Record<LabelKind, Buffer>>;

export interface Labelled {
  readonly instance: string;
  readonly process: string;
}

export class LineLabels {
  /** By process, the number of its colour: it keeps it for as long as the engine runs. */
  readonly #colours = new Map<string, number>();
  #width = 0;
  #made = new Map<string, Labels>();

  /** Aligns to these from now on. */
  useNames(names: readonly Labelled[]): void {
    const lengths = names.map(({ instance }) => instance.length).filter((length) => length <= WIDEST);
    this.#width = Math.max(0, ...lengths);
    this.#made = new Map();
    for (const { process } of names) this.#colourOf(process);
  }

  labelsFor({ instance, process }: Labelled, hasColour: boolean): Labels {
    const key = hasColour ? `${instance} in colour` : instance;
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const [on, off] = hasColour ? [`\x1b[${this.#colourOf(process)}m`, COLOUR_OFF] : ['', ''];
    const label = (kind: LabelKind): Buffer =>
      Buffer.from(`${on}${instance.padEnd(this.#width)} ${SEPARATORS[kind]}${off} `);
    const made = { line: label('line'), continuation: label('continuation'), mark: label('mark') };
    this.#made.set(key, made);
    return made;
  }

  #colourOf(process: string): number {
    const known = this.#colours.get(process);
    if (known !== undefined) return known;
    const colour = COLOURS[this.#colours.size % COLOURS.length] ?? 0;
    this.#colours.set(process, colour);
    return colour;
  }
}
