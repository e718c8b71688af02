/** Ctrl-R at the prompt: the keys of the search, and what it shows in the place of the line. */

import type { Output } from '../io.ts';
import type { EditedLine } from './edited-line.ts';
import {
  erased,
  type HistorySearch,
  lineOf,
  NO_SEARCH,
  newer,
  older,
  searchText,
  typed,
} from './history-search.ts';

const OLDER = '\u0012';
const NEWER = '\u0013';
/** Ctrl-G and Ctrl-C: as if there had been no search. */
const LEAVING: ReadonlySet<string> = new Set(['\u0007', '\u0003']);
/** Backspace, and what some terminals send for it. */
const ERASING: ReadonlySet<string> = new Set(['\u007f', '\b']);
const ESCAPE = '\u001b';

export interface SearchUse {
  readonly newestFirst: () => readonly string[];
  readonly onBegin: () => void;
  readonly onEnd: () => void;
}

export class SearchedLine {
  readonly #line: EditedLine;
  readonly #output: Output;
  readonly #use: SearchUse;
  #lines: readonly string[] = [];
  #search: HistorySearch | undefined;

  constructor(line: EditedLine, output: Output, use: SearchUse) {
    this.#line = line;
    this.#output = output;
    this.#use = use;
  }

  /** @returns those keys that are for the line: all of them while there is no search. */
  take(keys: string): string {
    if (this.#search === undefined) {
      if (keys !== OLDER) return keys;
      this.#begin();
      return '';
    }
    // An arrow and the like edit the line that was found; Escape alone just takes it.
    if (keys.startsWith(ESCAPE)) return this.#accept(keys === ESCAPE ? '' : keys);
    const characters = [...keys];
    for (const [index, key] of characters.entries()) {
      if (LEAVING.has(key)) {
        this.#end(this.#line.text);
        return characters.slice(index + 1).join('');
      }
      if (!this.#step(this.#search, key)) return this.#accept(characters.slice(index).join(''));
    }
    this.#draw(this.#search);
    return '';
  }

  /** @returns false for a key that ends the search and has a meaning of its own, such as Enter. */
  #step(search: HistorySearch, key: string): boolean {
    if (key === OLDER) this.#search = older(search, this.#lines);
    else if (key === NEWER) this.#search = newer(search, this.#lines);
    else if (ERASING.has(key)) this.#search = erased(search, this.#lines);
    else if (key >= ' ') this.#search = typed(search, key, this.#lines);
    else return false;
    return true;
  }

  #begin(): void {
    this.#use.onBegin();
    this.#lines = this.#use.newestFirst();
    this.#search = NO_SEARCH;
    this.#line.hide();
    this.#draw(this.#search);
  }

  #accept(rest: string): string {
    const line = this.#search && lineOf(this.#search, this.#lines);
    this.#end(line ?? this.#line.text);
    return rest;
  }

  #end(text: string): void {
    this.#search = undefined;
    this.#output.write('\r\u001b[J');
    this.#line.replace(text);
    this.#use.onEnd();
  }

  #draw(search: HistorySearch): void {
    const text = searchText(search, this.#lines, this.#output.columns ?? 80);
    this.#output.write(`\r\u001b[J${text}`);
  }
}
