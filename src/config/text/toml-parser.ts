/**
 * @iarna/toml's parser, which makes the values, watched at each step: it records where each key stands, refuses what the
 * library gets wrong or what no key can use, and explains in which state the library has stopped.
 */

import TomlParser, { type Frame, type State } from '@iarna/toml/lib/toml-parser.js';
import { type PositionNode, positionNode } from './positions.ts';
import { bareValueProblem } from './toml-bare-value.ts';
import { TomlProblem, TomlProblems } from './toml-problems.ts';

/** Nesting of arrays and inline tables, and names in one dotted key: deeper than any real file. */
const MAX_DEPTH = 32;

/** Enough to correct a file by; a broken one should not fill the screen. */
const MAX_PROBLEMS = 50;

/**
 * The library keeps tables as plain objects and would write to these of every object in the program
 * (https://github.com/iarna/iarna-toml), so it never uses them, in whatever spelling.
 */
const RESERVED_NAMES: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(Object.prototype),
  '__proto__',
]);

export type ParsedToml =
  | { readonly ok: true; readonly value: Record<string, unknown>; readonly root: PositionNode }
  | { readonly ok: false; readonly problems: readonly TomlProblem[] };

/** @returns the values and where their keys stand, or what is wrong, in the order of the text. Throws nothing. */
export function readToml(text: string): ParsedToml {
  return new WatchedParser(text).read();
}

const [OPENING_BRACKET, CLOSING_BRACKET, OPENING_BRACE, QUOTE, APOSTROPHE, DOT] = [
  0x5b, 0x5d, 0x7b, 0x22, 0x27, 0x2e,
];

interface Key {
  readonly name: string;
  readonly offset: number;
}

interface Assignment {
  /** The library takes the last one off. */
  readonly key: string[];
  readonly value: unknown;
  readonly keys: readonly Key[];
  readonly valueOffset: number;
}

class WatchedParser extends TomlParser {
  readonly #barePattern = /[^ \t\n,\]}#]*/y;
  readonly #text: string;
  readonly #says: TomlProblems;
  readonly #problems: TomlProblem[] = [];
  readonly #nodes = new WeakMap<object, PositionNode>();
  /** Of assignments under way, the names before the "="; of arrays and assignments, where the present value begins. */
  readonly #keys = new WeakMap<Frame, Key[]>();
  readonly #valueOffsets = new WeakMap<Frame, number>();
  /** Where the arrays and inline tables around the present character begin. */
  readonly #brackets: number[] = [];
  #statement = 0;
  #header: Key[] | undefined;
  #keyOffset = 0;
  #stringOffset = 0;
  #escapeOffset = 0;

  constructor(text: string) {
    super();
    this.#text = text;
    this.#says = new TomlProblems(text);
    this.#nodeOf(this.obj, 'table');
  }

  read(): ParsedToml {
    try {
      const control = this.#says.controlCharacter();
      if (control !== undefined) throw control;
      const root = this.#nodeOf(this.obj);
      this.parse(this.#text);
      const value = this.finish() as Record<string, unknown>;
      if (this.#problems.length === 0) return { ok: true, value, root };
    } catch (error) {
      this.#problems.push(error instanceof TomlProblem ? error : this.#explain(error));
    }
    return { ok: false, problems: this.#problems.sort((left, right) => left.offset - right.offset) };
  }

  override parseStart(): unknown {
    this.#statement = this.ii;
    this.#header = undefined;
    if (this.char !== OPENING_BRACKET) return super.parseStart();
    const section = this.#says.iniSection(this.ii);
    if (section !== undefined) throw section;
    this.#header = [];
    return super.parseStart();
  }

  override parseKeyword(): unknown {
    this.#keyOffset = this.ii;
    this.#stringOffset = this.ii;
    const long = this.#says.longKey(this.ii);
    if (long !== undefined) throw long;
    return super.parseKeyword();
  }

  override recordAssignKeyword(name: string): unknown {
    const keys = this.#keys.get(this.state) ?? [];
    this.#keys.set(this.state, keys);
    this.#addKey(keys, name);
    return super.recordAssignKeyword(name);
  }

  override parseAssignPreValue(): unknown {
    this.#valueOffsets.set(this.state, this.ii);
    return super.parseAssignPreValue();
  }

  override recordAssignValue(value: unknown): unknown {
    const assignment: Assignment = {
      key: this.state.resultTable as string[],
      value,
      keys: this.#keys.get(this.state) ?? [],
      valueOffset: this.#valueOffsets.get(this.state) ?? this.ii,
    };
    return this.returnNow(assignment);
  }

  override recordAssignStatement(assignment: Assignment): unknown {
    return this.#assign(this.ctx, assignment, () => super.recordAssignStatement(assignment));
  }

  override recordInlineTableValue(assignment: Assignment): unknown {
    const table = this.state.resultTable as object;
    return this.#assign(table, assignment, () => super.recordInlineTableValue(assignment));
  }

  override parseTableMore(name: string): unknown {
    return this.#headerPart(name, 'table', () => super.parseTableMore(name));
  }

  override parseListMore(name: string): unknown {
    const isOpen = this.char === CLOSING_BRACKET && this.#text.charAt(this.ii + 1) !== ']';
    if (isOpen) throw this.#openHeader(name);
    return this.#headerPart(name, 'tables', () => super.parseListMore(name));
  }

  override parseValue(): unknown {
    if (this.#brackets.length > MAX_DEPTH) throw this.#says.tooDeep(this.ii, MAX_DEPTH);
    this.#stringOffset = this.ii;
    if (this.char === OPENING_BRACKET || this.char === OPENING_BRACE) this.#brackets.push(this.ii);
    else if (this.char !== QUOTE && this.char !== APOSTROPHE && !this.#acceptsBareValue()) return undefined;
    return super.parseValue();
  }

  override recordValue(value: unknown): unknown {
    this.#brackets.pop();
    return super.recordValue(value);
  }

  override parseInlineList(): unknown {
    this.#valueOffsets.set(this.state, this.ii);
    return super.parseInlineList();
  }

  override recordInlineListValue(value: unknown): unknown {
    const list = this.state;
    const offset = this.#valueOffsets.get(list) ?? this.ii;
    const answer = super.recordInlineListValue(value);
    const { resultArr } = list;
    if (resultArr !== null) this.#place(resultArr, String(resultArr.length - 1), offset, offset);
    return answer;
  }

  override parseEscape(): unknown {
    this.#escapeOffset = this.ii - 1;
    const problem = this.#says.escape(this.#escapeOffset);
    if (problem !== undefined) throw problem;
    return super.parseEscape();
  }

  override parseMultiEscape(): unknown {
    this.#escapeOffset = this.ii - 1;
    return super.parseMultiEscape();
  }

  #addKey(keys: Key[], name: string): void {
    const offset = this.#keyOffset;
    if (RESERVED_NAMES.has(name)) throw this.#says.reserved(offset, name);
    keys.push({ name, offset });
    if (keys.length > MAX_DEPTH) throw this.#says.tooManyNames(offset, MAX_DEPTH);
  }

  /**
   * Numbers, booleans, and everything somebody forgot to quote. After the latter, outside of brackets, the next line is
   * read as if there were a value.
   */
  #acceptsBareValue(): boolean {
    const start = this.ii;
    this.#barePattern.lastIndex = start;
    const word = this.#barePattern.exec(this.#text)?.[0] ?? '';
    const keyName = this.#keys.get(this.stack.at(-1) ?? this.state)?.at(-1)?.name;
    const isInBrackets = this.#brackets.length > 0;
    const meant = isInBrackets && word !== '' ? word : this.#says.restOfLine(start);
    const found = bareValueProblem(word, meant, keyName);
    if (found === undefined) return true;
    const problem = new TomlProblem(start, found.message, found.hint);
    if (isInBrackets || this.#problems.length >= MAX_PROBLEMS) throw problem;
    this.#problems.push(problem);
    // The library goes on with the character after this one.
    if (this.char !== TomlParser.END) this.ii = this.#says.endOfLine(start) - 1;
    this.return('');
    return false;
  }

  #assign(table: object, { keys, valueOffset }: Assignment, record: () => unknown): unknown {
    const node = this.#nodeOf(table);
    const answer = this.#orElse(record, () => this.#conflict(node, keys));
    let container = table;
    const path = [...keys];
    const last = path.pop();
    for (const { name, offset } of path) container = this.#place(container, name, offset, offset, 'table');
    if (last !== undefined) this.#place(container, last.name, last.offset, valueOffset);
    return answer;
  }

  /** What of an assignment is there already. */
  #conflict(table: PositionNode, keys: readonly Key[]): TomlProblem | undefined {
    let node: PositionNode | undefined = table;
    for (const [index, { name, offset }] of keys.entries()) {
      node = node.children.get(name);
      if (node === undefined) return undefined;
      if (index === keys.length - 1) return this.#says.givenTwice(offset, name, node.keyOffset);
      if (node.kind !== 'table') return this.#says.hasValue(offset, name, node.keyOffset);
    }
    return undefined;
  }

  /** The library comes here for white space, too. */
  #headerPart(name: string, kind: 'table' | 'tables', record: () => unknown): unknown {
    const isEnd = this.char === CLOSING_BRACKET;
    if (!isEnd && this.char !== DOT) return record();
    const header = this.#header ?? [];
    this.#addKey(header, name);
    const offset = this.#keyOffset;
    const container = this.ctx;
    const existing = this.#nodeOf(container).children.get(name);
    const answer = this.#orElse(record, () =>
      this.#headerConflict(header, existing, isEnd ? kind : undefined),
    );
    const there = this.#place(container, name, offset, offset, isEnd ? kind : 'table');
    if (!isEnd) return answer;
    if (kind === 'table') Object.assign(this.#nodeOf(there), { keyOffset: offset, valueOffset: offset });
    else this.#place(there, String((there as unknown[]).length - 1), offset, offset, 'table');
    return answer;
  }

  /** @param kind of the table that is to be there; undefined of one that is only on the way. */
  #headerConflict(
    header: readonly Key[],
    existing: PositionNode | undefined,
    kind: 'table' | 'tables' | undefined,
  ): TomlProblem | undefined {
    const last = header.at(-1);
    if (last === undefined || existing === undefined) return undefined;
    const { name, offset } = last;
    if (kind === undefined) return this.#says.hasValue(offset, name, existing.keyOffset);
    if (kind === 'tables') return this.#says.noArrayOfTables(offset, name, existing.keyOffset);
    const whole = header.map((key) => key.name).join('.');
    return this.#says.headerTwice(offset, whole, existing.kind, existing.keyOffset);
  }

  #orElse(record: () => unknown, explain: () => TomlProblem | undefined): unknown {
    try {
      return record();
    } catch (error) {
      throw error instanceof TomlProblem || this.#isElsewhere() ? error : (explain() ?? error);
    }
  }

  /** It was recorded, and what follows is wrong. */
  #isElsewhere(): boolean {
    return this.state.parser === this.parseWhitespaceToEOL || this.state.parser === this.parseInlineTableNext;
  }

  /** Notes where a key is, unless that is known. @returns what the key holds, if it has keys of its own */
  #place(
    container: object,
    name: string,
    keyOffset: number,
    valueOffset: number,
    kind: PositionNode['kind'] = 'closed',
  ): object {
    const { children } = this.#nodeOf(container);
    const held: unknown = Reflect.get(container, name);
    const hasKeys = typeof held === 'object' && held !== null;
    if (!children.has(name)) {
      const node = hasKeys ? this.#nodeOf(held, kind) : positionNode(kind, keyOffset);
      children.set(name, Object.assign(node, { keyOffset, valueOffset }));
    }
    return hasKeys ? held : container;
  }

  /** Arrays and inline tables are complete where they stand: their nodes are made with their content. */
  #nodeOf(container: object, kind: PositionNode['kind'] = 'closed'): PositionNode {
    const known = this.#nodes.get(container);
    if (known !== undefined) return known;
    const made = positionNode(kind, 0);
    this.#nodes.set(container, made);
    return made;
  }

  /** By the state in which the library has stopped. */
  #explain(error: unknown): TomlProblem {
    const says = this.#says;
    const at = this.ii;
    const char = this.#text.charAt(at);
    const start = this.#brackets.at(-1) ?? this.#statement;
    const isEndOfLine = char === '' || char === '\n' || char === '#';
    const inHeader = (): TomlProblem =>
      says.notInKey(at, ']') ?? this.#openHeader(String(this.state.returned));
    const openString = (): TomlProblem => says.openString(this.#stringOffset);
    const explanations: readonly (readonly [State, () => TomlProblem])[] = [
      [this.parseStart, () => says.noKey(at, '=')],
      [this.parseBareKey, () => this.#noKey()],
      [this.parseAssignEqual, () => says.notInKey(at, '=') ?? this.#noEquals(this.state)],
      [this.parseTableMore, inHeader],
      [this.parseListMore, inHeader],
      [this.parseWhitespaceToEOL, () => says.notTheEnd(at)],
      [this.parseBasicString, openString],
      [this.parseLiteralString, openString],
      [this.parseMultiStringContent, openString],
      [this.parseLiteralMultiStringContent, openString],
      [this.parsePreMultiTrim, () => says.spaceEscape(this.#escapeOffset)],
      [this.parseInlineList, () => says.openArray(start)],
      [this.parseInlineListNext, () => (char === '' ? says.openArray(start) : says.noComma(at, 'array'))],
      [this.parseInlineTable, () => says.openInlineTable(start)],
      [
        this.parseInlineTableNext,
        () => (isEndOfLine ? says.openInlineTable(start) : says.noComma(at, 'table')),
      ],
      [this.parseInlineTablePostComma, () => this.#afterComma(isEndOfLine, start)],
    ];
    const explain = explanations.find(([state]) => state === this.state.parser)?.[1];
    return explain?.() ?? new TomlProblem(at, `cannot be parsed: ${String(error)}`, undefined);
  }

  #noKey(): TomlProblem {
    const { buf } = this.state;
    const inHeader = this.#header !== undefined;
    if (buf === '') return this.#says.noKey(this.#keyOffset, inHeader ? ']' : '=');
    return inHeader ? this.#openHeader(buf) : this.#noEquals(this.stack.at(-1));
  }

  #openHeader(last: string): TomlProblem {
    const names = (this.#header ?? []).map(({ name }) => name);
    return this.#says.openHeader(this.#statement, [...names, last]);
  }

  #noEquals(assignment: Frame | undefined): TomlProblem {
    const keys = assignment === undefined ? undefined : this.#keys.get(assignment);
    return this.#says.noEquals(this.ii, keys?.[0]?.offset ?? this.#keyOffset);
  }

  #afterComma(isEndOfLine: boolean, start: number): TomlProblem {
    if (isEndOfLine) return this.#says.openInlineTable(start);
    return this.#text.charAt(this.ii) === '}'
      ? this.#says.commaAtEnd(this.ii)
      : this.#says.noKey(this.ii, '=');
  }
}
