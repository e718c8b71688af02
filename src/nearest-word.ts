/** "Did you mean …?": the known word a person most likely wanted. */

/** Words longer than this are no typing mistakes; it also bounds the work for hostile input. */
const MAX_WORD_LENGTH = 64;

/** Letters held against letters, of all known words together: a thousand long names are looked at in part. */
const MOST_STEPS = 500_000;

/** So many letters of a word are taken for its beginning. */
const SHORTEST_BEGINNING = 3;

/**
 * Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours cost 1 each
 * (Damerau 1964). Letter case is for the caller to level.
 */
export function editDistance(left: string, right: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1];
      let best = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped =
        row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (swapped) best = Math.min(best, (beforePrevious[column - 2] ?? 0) + 1);
      current.push(best);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[right.length] ?? 0;
}

/** @returns the only word that begins so, else the nearest of the known words, or undefined where none is near: at most a third of its letters differ. */
export function nearestWord(word: string, known: Iterable<string>): string | undefined {
  if (word.length === 0 || word.length > MAX_WORD_LENGTH) return undefined;
  const wanted = level(word);
  const words = [...known];
  if (wanted.length >= SHORTEST_BEGINNING) {
    const begun = words.filter((candidate) => level(candidate).startsWith(wanted));
    if (begun.length === 1) return begun[0];
  }
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  let steps = 0;
  for (const candidate of words) {
    if (steps > MOST_STEPS) break;
    const levelled = level(candidate);
    const limit = Math.max(1, Math.floor(Math.max(wanted.length, levelled.length) / 3));
    if (Math.abs(levelled.length - wanted.length) > limit) continue;
    steps += wanted.length * levelled.length;
    const distance = editDistance(wanted, levelled);
    if (distance <= limit && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Case, `-` and `_` are what people mix up without calling it a mistake. */
function level(word: string): string {
  return word.toLowerCase().replace(/[-_]/g, '');
}
