/** A place in a TOML text, and the small steps a scanner takes from there. */

import { lineAndColumn } from './positions.ts';

/** What is wrong at one place of the text. */
export class TomlProblem extends Error {
  readonly offset: number;
  readonly hint: string | undefined;

  constructor(offset: number, message: string, hint: string | undefined) {
    super(message);
    this.offset = offset;
    this.hint = hint;
  }
}

/**
 * The parser keeps tables as plain objects and would write to these of every object in the program
 * (https://github.com/iarna/iarna-toml), so they never reach it, in whatever spelling.
 */
const RESERVED_NAMES: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(Object.prototype),
  '__proto__',
]);

export class TomlCursor {
  readonly text: string;
  offset = 0;
  readonly #bareKeyPattern = /[A-Za-z0-9_-]+/y;

  constructor(text: string) {
    this.text = text;
  }

  refuseControlCharacters(): void {
    const at = controlCharacterIn(this.text);
    if (at === -1) return;
    const code = this.text.charCodeAt(at).toString(16).padStart(4, '0');
    throw this.problem(
      at,
      `the control character U+${code.toUpperCase()} may not stand in a TOML file`,
      `remove it; inside a double-quoted string write \\u${code}`,
    );
  }

  problem(offset: number, message: string, hint: string | undefined): TomlProblem {
    return new TomlProblem(offset, message, hint);
  }

  lineOf(offset: number): number {
    return lineAndColumn(this.text, offset).line;
  }

  /** @returns the character here; empty at the end. */
  peek(): string {
    return this.text.charAt(this.offset);
  }

  startsWith(expected: string): boolean {
    return this.text.startsWith(expected, this.offset);
  }

  atEnd(): boolean {
    return this.offset >= this.text.length;
  }

  skipSpace(): void {
    while (this.peek() === ' ' || this.peek() === '\t') this.offset++;
  }

  skipLine(): void {
    const end = this.text.indexOf('\n', this.offset);
    this.offset = end === -1 ? this.text.length : end;
  }

  /** Skips white space, newlines and comments. */
  skipBlankLines(): void {
    for (;;) {
      this.skipSpace();
      const char = this.peek();
      if (char === '#') this.skipLine();
      else if (char === '\n') this.offset++;
      else return;
    }
  }

  /** @returns what stands between the offset and the end of its line, without a comment. */
  restOfLine(from: number): string {
    const end = this.text.indexOf('\n', from);
    const line = this.text.slice(from, end === -1 ? undefined : end);
    return line.replace(/(^|\s)#.*$/, '').trim();
  }

  /** After a value or header nothing may follow but a comment. */
  endOfStatement(): void {
    this.skipSpace();
    const char = this.peek();
    if (char === '#') this.skipLine();
    else if (char !== '\n' && !this.atEnd()) {
      const rest = this.restOfLine(this.offset);
      throw this.problem(
        this.offset,
        `${JSON.stringify(shorten(rest))} after the end of the statement`,
        char === '"' || char === "'"
          ? `inside a "…" string a quote is written \\", or put the string in '…'`
          : 'one key = value to a line, comments start with #; a string must be quoted as a whole',
      );
    }
  }

  /** Numbers, booleans and dates end at white space or punctuation. */
  takeBareWord(): string {
    const start = this.offset;
    while (!this.atEnd() && !' \t\n,]}#'.includes(this.peek())) this.offset++;
    return this.text.slice(start, this.offset);
  }

  /** True where the value at the offset is inside brackets that this line opened or an earlier one did. */
  inBrackets(valueOffset: number): boolean {
    const lineStart = this.text.lastIndexOf('\n', valueOffset - 1) + 1;
    return /[[{]/.test(this.text.slice(lineStart, valueOffset).replace(/"[^"]*"|'[^']*'/g, ''));
  }

  mustStayOnLine(start: number): void {
    const char = this.peek();
    if (char !== '\n' && char !== '#' && !this.atEnd()) return;
    throw this.problem(
      start,
      'the inline table {…} is not closed on its line',
      'keep it on one line, or write its keys below a [header] of their own',
    );
  }

  /** Skips a string of any of the four kinds; its content is checked by the parser. */
  skipString(): void {
    const start = this.offset;
    const quote = this.peek();
    const triple = quote.repeat(3);
    if (this.startsWith(triple)) this.#skipMultiLineString(start, quote, triple);
    else this.#skipSingleLineString(start, quote);
  }

  #skipSingleLineString(start: number, quote: string): void {
    for (this.offset++; ; this.offset++) {
      const char = this.peek();
      if (char === quote) break;
      if (char === '' || char === '\n') {
        throw this.problem(
          start,
          'the string is not closed',
          `add the missing ${quote} at its end; text of several lines goes between ${quote.repeat(3)} and ${quote.repeat(3)}`,
        );
      }
      if (char === '\\' && quote === '"') this.#skipEscape(/[btnfr"\\]/);
    }
    this.offset++;
  }

  #skipMultiLineString(start: number, quote: string, triple: string): void {
    for (this.offset += 3; !this.startsWith(triple); this.offset++) {
      if (this.atEnd())
        throw this.problem(start, `the string is not closed`, `add the missing ${triple} at its end`);
      if (this.peek() === '\\' && quote === '"') this.#skipEscape(/[btnfr"\\ \t\n]/);
    }
    this.offset += 3;
    // Up to two quotes may stand right before the closing three.
    for (let extra = 0; extra < 2 && this.peek() === quote; extra++) this.offset++;
  }

  /** Stands on the backslash; leaves the offset on the last character of what it escapes. */
  #skipEscape(plain: RegExp): void {
    const start = this.offset;
    const next = this.text.charAt(start + 1);
    const digits = next === 'u' ? 4 : next === 'U' ? 8 : 0;
    const known =
      digits > 0 ? isHex(this.text.slice(start + 2, start + 2 + digits), digits) : plain.test(next);
    if (!known) {
      throw this.problem(
        start,
        next === '' || next === '\n' ? 'the string is not closed' : `\\${next} means nothing in a "…" string`,
        `a backslash is written \\\\, or put the string in '…', where a backslash is a backslash`,
      );
    }
    if (digits > 0 && !isCharacter(Number.parseInt(this.text.slice(start + 2, start + 2 + digits), 16))) {
      throw this.problem(start, `${this.text.slice(start, start + 2 + digits)} is no character`, undefined);
    }
    this.offset += 1 + digits;
  }

  /** Takes one name of a key, bare or quoted. */
  takeKey(until: ']' | '='): string {
    const start = this.offset;
    const quote = this.peek();
    const name = quote === '"' || quote === "'" ? this.#quotedKey(start, quote) : this.#bareKey(start, until);
    if (RESERVED_NAMES.has(name)) {
      throw this.problem(
        start,
        `${JSON.stringify(name)} cannot be used as a name: JavaScript reserves it`,
        'choose another name',
      );
    }
    return name;
  }

  #quotedKey(start: number, quote: string): string {
    if (this.startsWith(quote.repeat(3))) {
      throw this.problem(
        start,
        'a key cannot be a string of several lines',
        'quote it with one pair of quotes',
      );
    }
    this.#skipSingleLineString(start, quote);
    const raw = this.text.slice(start + 1, this.offset - 1);
    return quote === "'" ? raw : decodeEscapes(raw);
  }

  #bareKey(start: number, until: ']' | '='): string {
    this.#bareKeyPattern.lastIndex = start;
    const name = this.#bareKeyPattern.exec(this.text)?.[0];
    if (name !== undefined) {
      this.offset = start + name.length;
      const next = this.peek();
      if (next === '' || ' \t\n.=]:},'.includes(next)) return name;
      throw this.problem(
        this.offset,
        `${JSON.stringify(next)} may not stand in a key`,
        until === ']' ? 'quote the name: ["…"]' : 'a key is letters, digits, - and _, or a quoted string',
      );
    }
    throw this.#noKeyHere(start, until);
  }

  #noKeyHere(start: number, until: ']' | '='): TomlProblem {
    const char = this.peek();
    if (until === ']')
      return this.problem(start, 'the table header has no name', 'write it as [processes.NAME]');
    if (char === ';' || this.startsWith('//')) {
      return this.problem(start, `${JSON.stringify(char)} starts nothing in TOML`, 'comments start with #');
    }
    if (char === '=') return this.problem(start, 'there is no key before the "="', undefined);
    return this.problem(
      start,
      `expected a key or a [header], found ${JSON.stringify(shorten(this.restOfLine(start)))}`,
      'every line is KEY = VALUE, a [header], or a # comment',
    );
  }

  missingEquals(start: number): TomlProblem {
    const rest = this.restOfLine(start);
    return this.problem(
      this.offset,
      'expected "=" after the key',
      this.peek() === ':'
        ? 'this is TOML, not YAML or JSON: write KEY = VALUE'
        : `${JSON.stringify(shorten(rest))} has no value: write KEY = VALUE`,
    );
  }
}

/** TOML allows tab, newline and the C1 controls (U+0080 to U+009F). @returns the offset of any other; -1 for none. */
function controlCharacterIn(text: string): number {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if ((code < 0x20 && code !== 0x09 && code !== 0x0a) || code === 0x7f) return at;
  }
  return -1;
}

function isHex(digits: string, length: number): boolean {
  return digits.length === length && /^[0-9A-Fa-f]+$/.test(digits);
}

/** A Unicode scalar value: in range, and no half of a surrogate pair. */
function isCharacter(code: number): boolean {
  return code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
}

function decodeEscapes(raw: string): string {
  return raw.replace(
    /\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))/g,
    (_, short, long, char: string | undefined) => {
      if (char !== undefined) return { b: '\b', t: '\t', n: '\n', f: '\f', r: '\r' }[char] ?? char;
      const code = Number.parseInt(short ?? long, 16);
      return String.fromCodePoint(code);
    },
  );
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
