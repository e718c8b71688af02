/** What Tab does with the words that fit. Pure. */

/** So many columns are between two of them. */
const GAP = 2;

export interface Offered {
  /** Typed for the user: what all of them have in common, and a blank behind the only one. */
  readonly added: string;
  /** Rows to choose from, where nothing could be added. */
  readonly list: readonly string[];
}

export function offered(words: readonly string[], current: string, columns: number): Offered {
  const [first] = words;
  if (first === undefined) return { added: '', list: [] };
  if (words.length === 1) return { added: `${first.slice(current.length)} `, list: [] };
  let common = first;
  for (const word of words) while (!word.startsWith(common)) common = common.slice(0, -1);
  const added = common.slice(current.length);
  return { added, list: added === '' ? inColumns(words, columns) : [] };
}

function inColumns(words: readonly string[], columns: number): string[] {
  const width = Math.max(...words.map((word) => word.length)) + GAP;
  const inRow = Math.max(1, Math.floor(columns / width));
  return Array.from({ length: Math.ceil(words.length / inRow) }, (_, row) =>
    words
      .slice(row * inRow, (row + 1) * inRow)
      .map((word) => word.padEnd(width))
      .join('')
      .trimEnd(),
  );
}
