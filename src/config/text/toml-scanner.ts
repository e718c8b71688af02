/**
 * Reads the structure of a TOML document (https://toml.io/en/v1.0.0) ahead of the parser: where each key stands, and
 * what the parser must never see. It accepts no more than TOML does and stops at the first thing it does not
 * understand, so nothing behind that place reaches the parser unseen.
 */

import { type PositionNode, positionNode } from './positions.ts';
import { bareValueProblem } from './toml-bare-value.ts';
import { TomlCursor, TomlProblem } from './toml-cursor.ts';

/** Nesting of arrays and inline tables, and names in one dotted key: deeper than any real file. */
const MAX_DEPTH = 32;

/** Enough to mend a file by; a broken one should not fill the screen. */
const MAX_PROBLEMS = 50;

export interface ScannedDocument {
  readonly root: PositionNode;
  /** In the order of the text; empty for a document that may be given to the parser. */
  readonly problems: readonly TomlProblem[];
}

interface Key {
  readonly name: string;
  readonly offset: number;
}

/** @returns the structure of the document and what is wrong with it; throws nothing. */
export function scanToml(text: string): ScannedDocument {
  const scanner = new TomlScanner(text);
  try {
    scanner.document();
  } catch (error) {
    if (!(error instanceof TomlProblem)) throw error;
    scanner.problems.push(error);
  }
  return { root: scanner.root, problems: scanner.problems };
}

class TomlScanner {
  readonly root = positionNode('table', 0);
  readonly problems: TomlProblem[] = [];
  readonly #cursor: TomlCursor;
  #table: PositionNode = this.root;

  constructor(text: string) {
    this.#cursor = new TomlCursor(text);
  }

  document(): void {
    const cursor = this.#cursor;
    cursor.refuseControlCharacters();
    for (;;) {
      cursor.skipBlankLines();
      if (cursor.atEnd()) return;
      if (cursor.peek() === '[') this.#header();
      else this.#assignment(this.#table, cursor.offset);
      cursor.endOfStatement();
    }
  }

  #header(): void {
    const cursor = this.#cursor;
    const start = cursor.offset;
    const brackets = cursor.startsWith('[[') ? 2 : 1;
    const section = /^\[\s*([\w-]+):\s*([^\]\n]*?)\s*\]/.exec(cursor.restOfLine(start));
    if (section !== null)
      throw cursor.problem(
        start,
        `${section[0]} is a section of an INI file, and this is TOML`,
        sectionHint(section),
      );
    cursor.offset += brackets;
    const path = this.#dottedKey(']');
    if (!cursor.startsWith(brackets === 2 ? ']]' : ']')) {
      throw cursor.problem(
        start,
        `the table header is not closed`,
        `write it as ${'['.repeat(brackets)}${path.map((key) => key.name).join('.')}${']'.repeat(brackets)}`,
      );
    }
    cursor.offset += brackets;
    const last = path.pop();
    if (last === undefined) return;
    const parent = this.#descend(this.root, path);
    this.#table = brackets === 2 ? this.#openArrayTable(parent, last) : this.#openTable(parent, path, last);
  }

  #openTable(parent: PositionNode, path: readonly Key[], key: Key): PositionNode {
    const existing = parent.children.get(key.name);
    if (existing === undefined) {
      const table = positionNode('table', key.offset);
      table.declared = true;
      parent.children.set(key.name, table);
      return table;
    }
    if (existing.kind !== 'table' || existing.declared) {
      const name = [...path, key].map((part) => part.name).join('.');
      const what =
        existing.kind === 'table' ? `the table [${name}] is defined twice` : `${name} is defined already`;
      throw this.#cursor.problem(
        key.offset,
        `${what}; first on line ${this.#cursor.lineOf(existing.keyOffset)}`,
        existing.kind === 'tables'
          ? `write [[${name}]] to add one more`
          : 'put all its keys into one place, or give one of the two another name',
      );
    }
    existing.declared = true;
    existing.keyOffset = key.offset;
    existing.valueOffset = key.offset;
    return existing;
  }

  #openArrayTable(parent: PositionNode, key: Key): PositionNode {
    let list = parent.children.get(key.name);
    if (list === undefined) {
      list = positionNode('tables', key.offset);
      parent.children.set(key.name, list);
    } else if (list.kind !== 'tables') {
      throw this.#cursor.problem(
        key.offset,
        `${key.name} is no array of tables; it is defined on line ${this.#cursor.lineOf(list.keyOffset)}`,
        undefined,
      );
    }
    const table = positionNode('table', key.offset);
    table.declared = true;
    list.children.set(String(list.children.size), table);
    return table;
  }

  /** Goes down a path of tables, making those that are not there yet. */
  #descend(from: PositionNode, path: readonly Key[]): PositionNode {
    let node = from;
    for (const key of path) {
      let child = node.children.get(key.name);
      if (child === undefined) {
        child = positionNode('table', key.offset);
        node.children.set(key.name, child);
      } else if (child.kind === 'tables') {
        child = child.children.get(String(child.children.size - 1));
      }
      if (child === undefined || child.kind !== 'table') {
        const first = this.#cursor.lineOf(child?.keyOffset ?? key.offset);
        throw this.#cursor.problem(
          key.offset,
          `${key.name} already has a value (line ${first}), so nothing can be put below it`,
          'remove one of the two',
        );
      }
      node = child;
    }
    return node;
  }

  /** `a.b = value` in a table; the offset is where the statement begins. */
  #assignment(table: PositionNode, start: number, depth = 0): void {
    const cursor = this.#cursor;
    const path = this.#dottedKey('=');
    if (cursor.peek() !== '=') throw cursor.missingEquals(start);
    cursor.offset++;
    cursor.skipSpace();
    const last = path.pop();
    if (last === undefined) return;
    const parent = this.#descend(table, path);
    if (path.length > 0) parent.declared = true;
    const existing = parent.children.get(last.name);
    if (existing !== undefined) {
      const first = this.#cursor.lineOf(existing.keyOffset);
      throw cursor.problem(
        last.offset,
        `${last.name} is given twice; first on line ${first}`,
        'remove one of the two',
      );
    }
    const node = positionNode('closed', last.offset, cursor.offset);
    parent.children.set(last.name, node);
    this.#value(node, last.name, depth);
  }

  #value(node: PositionNode, keyName: string | undefined, depth: number): void {
    const cursor = this.#cursor;
    if (depth > MAX_DEPTH)
      throw cursor.problem(cursor.offset, `nested deeper than ${MAX_DEPTH} levels`, undefined);
    const first = cursor.peek();
    if (first === '"' || first === "'") cursor.skipString();
    else if (first === '[') this.#array(node, depth);
    else if (first === '{') this.#inlineTable(node, depth);
    else this.#bareValue(keyName);
  }

  #array(node: PositionNode, depth: number): void {
    const cursor = this.#cursor;
    const start = cursor.offset++;
    for (;;) {
      cursor.skipBlankLines();
      if (cursor.atEnd()) throw cursor.problem(start, 'the array is not closed', 'add the missing ]');
      if (cursor.peek() === ']') break;
      const element = positionNode('closed', cursor.offset);
      node.children.set(String(node.children.size), element);
      this.#value(element, undefined, depth + 1);
      cursor.skipBlankLines();
      if (cursor.peek() === ',') cursor.offset++;
      else if (cursor.peek() !== ']') {
        throw cursor.atEnd()
          ? cursor.problem(start, 'the array is not closed', 'add the missing ]')
          : cursor.problem(
              cursor.offset,
              'expected "," or "]" in the array',
              'separate the elements by commas',
            );
      }
    }
    cursor.offset++;
  }

  #inlineTable(node: PositionNode, depth: number): void {
    const cursor = this.#cursor;
    const start = cursor.offset++;
    const content = positionNode('table', start);
    cursor.skipSpace();
    for (let first = true; cursor.peek() !== '}'; first = false) {
      cursor.mustStayOnLine(start);
      if (!first) {
        if (cursor.peek() !== ',') {
          throw cursor.problem(
            cursor.offset,
            'expected "," or "}" in the table',
            'separate the keys by commas',
          );
        }
        cursor.offset++;
        cursor.skipSpace();
        cursor.mustStayOnLine(start);
        if (cursor.peek() === '}') {
          throw cursor.problem(
            cursor.offset,
            'a comma before the "}" of an inline table',
            'remove the comma',
          );
        }
      }
      this.#assignment(content, cursor.offset, depth + 1);
      cursor.skipSpace();
    }
    cursor.offset++;
    for (const [name, child] of content.children) node.children.set(name, child);
  }

  /** Numbers, booleans, and everything somebody forgot to quote; after the latter it goes on with the next line. */
  #bareValue(keyName: string | undefined): void {
    const cursor = this.#cursor;
    const start = cursor.offset;
    const word = cursor.takeBareWord();
    const inBrackets = keyName === undefined || cursor.inBrackets(start);
    const meant = inBrackets && word !== '' ? word : cursor.restOfLine(start);
    const found = bareValueProblem(word, meant, keyName);
    if (found === undefined) return;
    const problem = cursor.problem(start, found.message, found.hint);
    if (inBrackets || this.problems.length >= MAX_PROBLEMS) throw problem;
    this.problems.push(problem);
    cursor.skipLine();
  }

  /** Names joined by dots, up to the character that must follow. */
  #dottedKey(until: ']' | '='): Key[] {
    const cursor = this.#cursor;
    const path: Key[] = [];
    for (;;) {
      cursor.skipSpace();
      const offset = cursor.offset;
      const name = cursor.takeKey(until);
      path.push({ name, offset });
      if (path.length > MAX_DEPTH)
        throw cursor.problem(offset, `a key of more than ${MAX_DEPTH} names`, undefined);
      cursor.skipSpace();
      if (cursor.peek() !== '.') return path;
      cursor.offset++;
    }
  }
}

/** `[program:web]` of supervisord. */
function sectionHint([, kind = '', name = '']: readonly string[]): string {
  if (kind === 'group') return 'remove it; a name with * means several: taskshell restart "web*"';
  if (kind === 'rpcinterface') return 'remove it; the control socket is always there';
  if (kind === 'eventlistener') return 'write [engine.hooks]';
  return `write [processes.${/^[\w.-]+$/.test(name) ? (name.includes('.') ? JSON.stringify(name) : name) : 'NAME'}]`;
}
