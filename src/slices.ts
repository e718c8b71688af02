/** Long work that others must not wait for, done a little in each turn of the event loop. */

interface Turns {
  /** Milliseconds that only grow. */
  now(): number;
  /** Calls back in the next turn of the event loop. */
  soon(callback: () => void): unknown;
}

/** Of one turn of the event loop. */
const SLICE_MS = 10;

/** @returns to be called between two pieces of one work: what is to be awaited before the next, if anything. */
export function inSlices(turns: Turns): () => Promise<void> | undefined {
  let ends = turns.now() + SLICE_MS;
  return () => {
    if (turns.now() < ends) return undefined;
    return new Promise((resolve) => {
      turns.soon(() => {
        ends = turns.now() + SLICE_MS;
        resolve();
      });
    });
  };
}

/**
 * Of all works that take part one piece is done in each turn of the event loop, however many there are.
 * @returns resolves when the next piece may be done
 */
export function oneATurn(soon: Turns['soon']): () => Promise<void> {
  let last: Promise<unknown> = Promise.resolve();
  return () => {
    const mine = last.then(() => new Promise<void>((resolve) => void soon(resolve)));
    last = mine;
    return mine;
  };
}
