/** What is wrong at a place of a TOML text, in words for the person who wrote it. */

import { lineAndColumn } from './positions.ts';

export class TomlProblem extends Error {
  readonly offset: number;
  readonly hint: string | undefined;

  constructor(offset: number, message: string, hint: string | undefined) {
    super(message);
    this.offset = offset;
    this.hint = hint;
  }
}

/** What a key is followed by: `]` in a header, `=` in an assignment. */
export type KeyEnd = ']' | '=';

const BARE_KEY = /[A-Za-z0-9_-]/;
const AFTER_BARE_KEY = ' \t\n.=]:},';

/** Says what is wrong with one text; every offset is one of that text. */
export class TomlProblems {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** Tab, newline and the C1 controls (U+0080 to U+009F) are allowed. @returns the first that is not, if any. */
  controlCharacter(): TomlProblem | undefined {
    const at = controlCharacterIn(this.#text);
    if (at === -1) return undefined;
    const code = this.#text.charCodeAt(at).toString(16).padStart(4, '0');
    return new TomlProblem(
      at,
      `the control character U+${code.toUpperCase()} is not allowed in a TOML file`,
      `remove it; inside a double-quoted string write \\u${code}`,
    );
  }

  /** The header of another format where a table's should be. */
  iniSection(offset: number): TomlProblem | undefined {
    const section = /^\[\s*([\w-]+):\s*([^\]\n]*?)\s*\]/.exec(this.restOfLine(offset));
    if (section === null) return undefined;
    return new TomlProblem(
      offset,
      `${section[0]} is a section of an INI file, and this is TOML`,
      sectionHint(section),
    );
  }

  noKey(offset: number, end: KeyEnd): TomlProblem {
    const char = this.#text.charAt(offset);
    if (end === ']')
      return new TomlProblem(offset, 'the table header has no name', 'write it as [processes.NAME]');
    if (char === ';' || this.#text.startsWith('//', offset))
      return new TomlProblem(
        offset,
        `${JSON.stringify(char)} starts nothing in TOML`,
        'comments start with #',
      );
    if (char === '=') return new TomlProblem(offset, 'there is no key before the "="', undefined);
    return new TomlProblem(
      offset,
      `expected a key or a [header], found ${JSON.stringify(shorten(this.restOfLine(offset)))}`,
      'every line is KEY = VALUE, a [header], or a # comment',
    );
  }

  /** A character right behind a bare key that can neither be part of it nor follow it. */
  notInKey(offset: number, end: KeyEnd): TomlProblem | undefined {
    const before = this.#text.charAt(offset - 1);
    const char = this.#text.charAt(offset);
    if (!BARE_KEY.test(before) || char === '' || AFTER_BARE_KEY.includes(char)) return undefined;
    return new TomlProblem(
      offset,
      `${JSON.stringify(char)} is not allowed in a key`,
      end === ']' ? 'quote the name: ["…"]' : 'a key is letters, digits, - and _, or a quoted string',
    );
  }

  /** @param start of the assignment. */
  noEquals(offset: number, start: number): TomlProblem {
    return new TomlProblem(
      offset,
      'expected "=" after the key',
      this.#text.charAt(offset) === ':'
        ? 'this is TOML, not YAML or JSON: write KEY = VALUE'
        : `${JSON.stringify(shorten(this.restOfLine(start)))} has no value: write KEY = VALUE`,
    );
  }

  /** @param offset of what follows where only a comment may. */
  notTheEnd(offset: number): TomlProblem {
    const char = this.#text.charAt(offset);
    return new TomlProblem(
      offset,
      `${JSON.stringify(shorten(this.restOfLine(offset)))} after the end of the statement`,
      char === '"' || char === "'"
        ? `inside a "…" string a quote is written \\", or put the string in '…'`
        : 'one key = value to a line, comments start with #; a string must be quoted as a whole',
    );
  }

  openHeader(offset: number, names: readonly string[]): TomlProblem {
    const isList = this.#text.startsWith('[[', offset);
    const name = names.join('.');
    return new TomlProblem(
      offset,
      'the table header is not closed',
      `write it as ${isList ? `[[${name}]]` : `[${name}]`}`,
    );
  }

  openString(offset: number): TomlProblem {
    const quote = this.#text.charAt(offset);
    const triple = quote.repeat(3);
    const hint = this.#text.startsWith(triple, offset)
      ? `add the missing ${triple} at its end`
      : `add the missing ${quote} at its end; text of several lines goes between ${triple} and ${triple}`;
    return new TomlProblem(offset, 'the string is not closed', hint);
  }

  longKey(offset: number): TomlProblem | undefined {
    const quote = this.#text.charAt(offset);
    if ((quote !== '"' && quote !== "'") || !this.#text.startsWith(quote.repeat(3), offset)) return undefined;
    return new TomlProblem(
      offset,
      'a key cannot be a string of several lines',
      'quote it with one pair of quotes',
    );
  }

  /** @param offset of the backslash. */
  escape(offset: number): TomlProblem | undefined {
    const next = this.#text.charAt(offset + 1);
    const digits = next === 'u' ? 4 : next === 'U' ? 8 : 0;
    const code = this.#text.slice(offset + 2, offset + 2 + digits);
    const isKnown =
      digits === 0 ? /^[btnfr"\\]$/.test(next) : code.length === digits && /^[0-9A-Fa-f]+$/.test(code);
    if (!isKnown) {
      return new TomlProblem(
        offset,
        next === '' || next === '\n' ? 'the string is not closed' : `\\${next} means nothing in a "…" string`,
        `a backslash is written \\\\, or put the string in '…', where a backslash is a backslash`,
      );
    }
    if (digits === 0 || isCharacter(Number.parseInt(code, 16))) return undefined;
    return new TomlProblem(offset, `\\${next}${code} is not a character`, undefined);
  }

  /** @param offset of the backslash. */
  spaceEscape(offset: number): TomlProblem {
    return new TomlProblem(
      offset,
      'a "\\" before white space must be the last character of its line',
      'a backslash is written \\\\',
    );
  }

  openArray(start: number): TomlProblem {
    return new TomlProblem(start, 'the array is not closed', 'add the missing ]');
  }

  noComma(offset: number, what: 'array' | 'table'): TomlProblem {
    return new TomlProblem(
      offset,
      `expected "," or "${what === 'array' ? ']' : '}'}" in the ${what}`,
      `separate the ${what === 'array' ? 'elements' : 'keys'} by commas`,
    );
  }

  openInlineTable(start: number): TomlProblem {
    return new TomlProblem(
      start,
      'the inline table {…} is not closed on its line',
      'keep it on one line, or write its keys below a [header] of their own',
    );
  }

  commaAtEnd(offset: number): TomlProblem {
    return new TomlProblem(offset, 'a comma before the "}" of an inline table', 'remove the comma');
  }

  tooDeep(offset: number, most: number): TomlProblem {
    return new TomlProblem(offset, `nested deeper than ${most} levels`, undefined);
  }

  tooManyNames(offset: number, most: number): TomlProblem {
    return new TomlProblem(offset, `a key of more than ${most} names`, undefined);
  }

  reserved(offset: number, name: string): TomlProblem {
    return new TomlProblem(
      offset,
      `${JSON.stringify(name)} cannot be used as a name: JavaScript reserves it`,
      'choose another name',
    );
  }

  givenTwice(offset: number, name: string, first: number): TomlProblem {
    return new TomlProblem(
      offset,
      `${name} is given twice; first on line ${this.#lineOf(first)}`,
      'remove one of the two',
    );
  }

  hasValue(offset: number, name: string, first: number): TomlProblem {
    return new TomlProblem(
      offset,
      `${name} already has a value (line ${this.#lineOf(first)}), so nothing can be put below it`,
      'remove one of the two',
    );
  }

  headerTwice(offset: number, name: string, kind: 'table' | 'tables' | 'closed', first: number): TomlProblem {
    const what = kind === 'table' ? `the table [${name}] is defined twice` : `${name} is defined already`;
    return new TomlProblem(
      offset,
      `${what}; first on line ${this.#lineOf(first)}`,
      kind === 'tables'
        ? `write [[${name}]] to add one more`
        : 'put all its keys into one place, or give one of the two another name',
    );
  }

  noArrayOfTables(offset: number, name: string, first: number): TomlProblem {
    const line = this.#lineOf(first);
    return new TomlProblem(
      offset,
      `${name} is not an array of tables; it is defined on line ${line}`,
      undefined,
    );
  }

  /** @returns the text from there to the end of its line, without a comment. */
  restOfLine(from: number): string {
    return this.#text
      .slice(from, this.endOfLine(from))
      .replace(/(^|\s)#.*$/, '')
      .trim();
  }

  endOfLine(from: number): number {
    const end = this.#text.indexOf('\n', from);
    return end === -1 ? this.#text.length : end;
  }

  #lineOf(offset: number): number {
    return lineAndColumn(this.#text, offset).line;
  }
}

function controlCharacterIn(text: string): number {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if ((code < 0x20 && code !== 0x09 && code !== 0x0a) || code === 0x7f) return at;
  }
  return -1;
}

/** A Unicode scalar value: in range, and no half of a surrogate pair. */
function isCharacter(code: number): boolean {
  return code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
}

/** `[program:web]` of supervisord. */
function sectionHint([, kind = '', name = '']: readonly string[]): string {
  if (kind === 'group') return 'remove it; a name with * means several: taskshell restart "web*"';
  if (kind === 'rpcinterface') return 'remove it; the control socket is always there';
  if (kind === 'eventlistener') return 'write [engine.hooks]';
  return `write [processes.${/^[\w.-]+$/.test(name) ? (name.includes('.') ? JSON.stringify(name) : name) : 'NAME'}]`;
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
