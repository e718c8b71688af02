/**
 * Long work that others must not wait for: it is done in pieces, and of all that is under way one piece is done in each
 * turn of the event loop, however much there is.
 *
 * @param soon calls back in the next turn of the event loop
 * @returns resolves when the next piece may be done
 */
export function oneATurn(soon: (callback: () => void) => unknown): () => Promise<void> {
  let last: Promise<unknown> = Promise.resolve();
  return () => {
    const mine = last.then(() => new Promise<void>((resolve) => void soon(resolve)));
    last = mine;
    return mine;
  };
}
