/** Ctrl-R at the prompt: the keys of the search, and what it shows in the place of prompt and line. */

import {
  erased,
  type HistorySearch,
  lineOf,
  NO_SEARCH,
  newer,
  older,
  searchPrompt,
  typed,
} from './history-search.ts';

/** As if there had been no search. */
const LEAVING: ReadonlySet<string> = new Set(['ctrl-g', 'ctrl-c']);

/** What a key does to a search: it goes on, or is over with the line that was found or without. */
export type Searching =
  | { readonly kind: 'searching' }
  | { readonly kind: 'given-up' }
  /** `isTaken`: the key has no other meaning. */
  | { readonly kind: 'found'; readonly line: string | undefined; readonly isTaken: boolean };

export class SearchedLine {
  readonly #lines: readonly string[];
  #search: HistorySearch = NO_SEARCH;

  constructor(newestFirst: readonly string[]) {
    this.#lines = newestFirst;
  }

  get prompt(): string {
    return searchPrompt(this.#search);
  }

  get found(): string {
    return lineOf(this.#search, this.#lines) ?? '';
  }

  /** @param text what the key types, if anything */
  press(key: string, text: string | undefined): Searching {
    if (LEAVING.has(key)) return { kind: 'given-up' };
    if (key === 'ctrl-r') this.#search = older(this.#search, this.#lines);
    else if (key === 'ctrl-s') this.#search = newer(this.#search, this.#lines);
    else if (key === 'backspace') this.#search = erased(this.#search, this.#lines);
    else if (text !== undefined) this.#search = typed(this.#search, text, this.#lines);
    // An arrow and the like edit the line that was found; Escape alone just takes it.
    else return { kind: 'found', line: lineOf(this.#search, this.#lines), isTaken: key === 'escape' };
    return { kind: 'searching' };
  }
}
