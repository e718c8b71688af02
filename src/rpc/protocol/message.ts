/** One line read as JSON-RPC 2.0: a request, a notification, a batch of them, or what is wrong with it. */

import { isUtf8 } from 'node:buffer';
import { INVALID_REQUEST, PARSE_ERROR, type RpcError } from '../contract/error-codes.ts';

export type RequestId = string | number | null;

/** `id` is undefined for a notification, which is never answered. */
export interface Call {
  readonly kind: 'call';
  readonly id: RequestId | undefined;
  readonly method: string;
  readonly params: unknown;
}

/** Not a request; answered with the error under the id it had, or null. */
export interface Malformed {
  readonly kind: 'malformed';
  readonly id: RequestId;
  readonly error: RpcError;
}

export type Message =
  | { readonly kind: 'single'; readonly entry: Call | Malformed }
  | { readonly kind: 'batch'; readonly entries: readonly (Call | Malformed)[] };

/** More than anyone needs, and few enough that the replies of a batch stay small. */
export const MAX_BATCH = 32;

/** Reads a line; never throws. */
export function readMessage(line: Buffer): Message {
  const parsed = parse(line);
  if (parsed.kind === 'broken') return single(malformed(PARSE_ERROR, parsed.reason));
  if (!Array.isArray(parsed.value)) return single(readEntry(parsed.value));
  if (parsed.value.length === 0) return single(malformed(INVALID_REQUEST, 'a batch must not be empty'));
  if (parsed.value.length > MAX_BATCH) {
    return single(malformed(INVALID_REQUEST, `a batch holds at most ${MAX_BATCH} requests`));
  }
  return { kind: 'batch', entries: parsed.value.map(readEntry) };
}

/** A request has but a few levels. A hundred thousand take the parser longer than all of a usual line. */
const DEEPEST = 32;
/** Shorter lines cannot be deep enough to matter. */
const WORTH_A_LOOK_BYTES = 4_096;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Whether brackets stand in each other more than a request has them; those in strings do not count. */
function isTooDeep(line: Buffer): boolean {
  if (line.length < WORTH_A_LOOK_BYTES) return false;
  let depth = 0;
  for (let at = 0; at < line.length; at++) {
    const byte = line[at];
    if (byte === QUOTE) at = endOfString(line, at);
    else if (byte === 0x5b || byte === 0x7b) depth += 1;
    else if (byte === 0x5d || byte === 0x7d) depth -= 1;
    if (depth > DEEPEST) return true;
  }
  return false;
}

/** @returns the index of the quotation mark that ends the string. */
function endOfString(line: Buffer, start: number): number {
  for (let at = line.indexOf(QUOTE, start + 1); at !== -1; at = line.indexOf(QUOTE, at + 1)) {
    let backslashes = 0;
    while (line[at - 1 - backslashes] === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
  return line.length;
}

function parse(line: Buffer): { kind: 'value'; value: unknown } | { kind: 'broken'; reason: string } {
  if (!isUtf8(line)) return { kind: 'broken', reason: 'the line is not UTF-8' };
  if (isTooDeep(line))
    return { kind: 'broken', reason: `values stand more than ${DEEPEST} deep in each other` };
  try {
    return { kind: 'value', value: JSON.parse(line.toString('utf8')) };
  } catch {
    // The parser's own words quote the input, which is the client's and of any length.
    return { kind: 'broken', reason: 'the line is not JSON' };
  }
}

function readEntry(value: unknown): Call | Malformed {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return malformed(INVALID_REQUEST, 'a request is an object');
  }
  const { jsonrpc, id, method, params } = value as Record<string, unknown>;
  const known = isId(id) ? id : null;
  if (jsonrpc !== '2.0') return malformed(INVALID_REQUEST, '"jsonrpc" must be "2.0"', known);
  if (id !== undefined && !isId(id)) {
    return malformed(
      INVALID_REQUEST,
      `"id" must be a string of at most ${LONGEST_ID} characters, a number or null`,
    );
  }
  if (typeof method !== 'string') return malformed(INVALID_REQUEST, '"method" must be a string', known);
  if (params !== undefined && (typeof params !== 'object' || params === null)) {
    return malformed(INVALID_REQUEST, '"params" must be an object', known);
  }
  return { kind: 'call', id, method, params };
}

/** It is said again in the answer. */
const LONGEST_ID = 1_024;

function isId(id: unknown): id is RequestId {
  return (typeof id === 'string' && id.length <= LONGEST_ID) || typeof id === 'number' || id === null;
}

function single(entry: Call | Malformed): Message {
  return { kind: 'single', entry };
}

function malformed(code: number, reason: string, id: RequestId = null): Malformed {
  const message = code === PARSE_ERROR ? `Parse error: ${reason}` : `Invalid Request: ${reason}`;
  return { kind: 'malformed', id, error: { code, message, data: { code: 'protocol' } } };
}
