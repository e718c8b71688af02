/** JSON of a large result, piece by piece: written at once, a megabyte of it would hold up the event loop. */

/** Elements of an array that make one piece. */
const ELEMENTS = 16;
/** Arrays stand in the result itself, or in one member of it. */
const DEPTH = 2;

/** Yields after each piece that was work. @returns the same text as `JSON.stringify`, cut. */
export function* jsonPieces(value: unknown, depth = DEPTH): Generator<undefined, string[]> {
  if (Array.isArray(value) && value.length > ELEMENTS) return yield* arrayPieces(value);
  if (depth === 0 || !isPlain(value)) return [JSON.stringify(value) ?? 'null'];
  const pieces: string[] = [];
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue;
    pieces.push(
      `${pieces.length === 0 ? '{' : ','}${JSON.stringify(key)}:`,
      ...(yield* jsonPieces(member, depth - 1)),
    );
  }
  return pieces.length === 0 ? ['{}'] : [...pieces, '}'];
}

function* arrayPieces(elements: readonly unknown[]): Generator<undefined, string[]> {
  const pieces: string[] = [];
  for (let from = 0; from < elements.length; from += ELEMENTS) {
    const text = JSON.stringify(elements.slice(from, from + ELEMENTS));
    pieces.push(`${from === 0 ? '[' : ','}${text.slice(1, -1)}`);
    yield;
  }
  return [...pieces, ']'];
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !('toJSON' in value);
}
