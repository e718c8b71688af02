/** JSON of a large result, piece by piece: written at once, a megabyte of it would hold up the event loop. */

/** Elements of an array, or members of an object, that make one piece. */
const ELEMENTS = 16;
/** Arrays are in the result itself, or in one member of it. */
const DEPTH = 2;

/** Yields after each piece that was work. @returns the same text as `JSON.stringify`, cut. */
export function* jsonPieces(value: unknown): Generator<undefined, string[]> {
  const pieces: string[] = [];
  yield* addPieces(pieces, value, DEPTH);
  return pieces;
}

/** Into one list: that of each member is never passed on as arguments, of which there may not be as many. */
function* addPieces(pieces: string[], value: unknown, depth: number): Generator<undefined, void> {
  if (Array.isArray(value) && value.length > ELEMENTS) yield* addArray(pieces, value);
  else if (depth === 0 || !isPlain(value)) pieces.push(JSON.stringify(value) ?? 'null');
  else yield* addObject(pieces, value, depth);
}

function* addObject(
  pieces: string[],
  value: Readonly<Record<string, unknown>>,
  depth: number,
): Generator<undefined, void> {
  let count = 0;
  for (const key of Object.keys(value)) {
    const member = value[key];
    if (member === undefined) continue;
    pieces.push(`${count === 0 ? '{' : ','}${JSON.stringify(key)}:`);
    yield* addPieces(pieces, member, depth - 1);
    count += 1;
    if (count % ELEMENTS === 0) yield;
  }
  pieces.push(count === 0 ? '{}' : '}');
}

function* addArray(pieces: string[], elements: readonly unknown[]): Generator<undefined, void> {
  for (let from = 0; from < elements.length; from += ELEMENTS) {
    const text = JSON.stringify(elements.slice(from, from + ELEMENTS));
    pieces.push(`${from === 0 ? '[' : ','}${text.slice(1, -1)}`);
    yield;
  }
  pieces.push(']');
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !('toJSON' in value);
}
