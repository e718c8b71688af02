/** Ctrl-R: looks back through the lines typed before for one that contains what is typed now. Pure. */

export interface HistorySearch {
  readonly query: string;
  /** Of the line found in `newestFirst`; undefined: none contains it. */
  readonly at: number | undefined;
}

export const NO_SEARCH: HistorySearch = { query: '', at: undefined };

/** With so many letters more; the line found stays while it still fits. */
export function typed(search: HistorySearch, text: string, newestFirst: readonly string[]): HistorySearch {
  return found(search.query + text, search.at ?? 0, newestFirst);
}

/** Without the last letter: begins again at the newest. */
export function erased({ query }: HistorySearch, newestFirst: readonly string[]): HistorySearch {
  const shorter = [...query].slice(0, -1).join('');
  return shorter === '' ? NO_SEARCH : found(shorter, 0, newestFirst);
}

/** Ctrl-R again: the one before; where there is none, it stays. */
export function older(search: HistorySearch, newestFirst: readonly string[]): HistorySearch {
  const next = found(search.query, (search.at ?? -1) + 1, newestFirst);
  return next.at === undefined ? search : next;
}

/** Ctrl-S: back to the one after. */
export function newer(search: HistorySearch, newestFirst: readonly string[]): HistorySearch {
  const before = newestFirst.slice(0, search.at ?? 0);
  const at = before.findLastIndex((line) => line.includes(search.query));
  return at === -1 ? search : { ...search, at };
}

export function lineOf({ at }: HistorySearch, newestFirst: readonly string[]): string | undefined {
  return at === undefined ? undefined : newestFirst[at];
}

/** What is shown in the place of the prompt meanwhile; the line that was found follows it. */
export function searchPrompt(search: HistorySearch): string {
  const isMissing = search.query !== '' && search.at === undefined;
  return `(${isMissing ? 'not found' : 'search'}) ${search.query}: `;
}

function found(query: string, from: number, newestFirst: readonly string[]): HistorySearch {
  if (query === '') return NO_SEARCH;
  const at = newestFirst.findIndex((line, index) => index >= from && line.includes(query));
  return { query, at: at === -1 ? undefined : at };
}
