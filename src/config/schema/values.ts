/**
 * The kinds of value that many keys share, as JSON Schema. `expected` is our own word: how a message tells a person
 * what would have been right; it needs no "expected" in front.
 */

/**
 * What a reload does with a change of a key: `restart`: a running program cannot take it over; `live`: it applies at
 * once, and the process keeps its pid; `copies`: copies come and go; `keys`: it gives other keys, and goes by those;
 * `presence`: the process itself comes or goes.
 */
export type ReloadTreatment =
  | 'restart'
  | 'live'
  | 'next start'
  | 'copies'
  | 'keys'
  | 'presence'
  | 'new engine';

/** What each key says beside its shape; one that does not, does not compile. */
export type SchemaRows = Readonly<Record<string, SchemaRow>>;

interface SchemaRow {
  readonly reload: ReloadTreatment;
  readonly description: string;
  readonly [keyword: string]: unknown;
}

/** Seconds, or text with units. Whether the text is in bounds is for `durations.ts`. */
const DURATION_PATTERN = '^\\s*\\d+(\\.\\d+)?\\s*$|^\\s*(\\d+(\\.\\d+)?(ms|s|m|h|d))+\\s*$';

/** @returns the schema of a duration; the caller adds description and default beside it. */
export const duration = {
  type: ['number', 'string'],
  minimum: 0,
  pattern: DURATION_PATTERN,
  expected: 'a duration: seconds as a number, or text such as "500ms", "10s", "1m30s"',
} as const;

export const size = {
  type: ['integer', 'string'],
  minimum: 1,
  pattern: '^\\s*\\d+(\\.\\d+)?\\s*([KMGT]i?B|B)?\\s*$',
  expected: 'a size: bytes as a number, or text such as "10MB", "64KiB"',
} as const;

export const signal = {
  type: ['string', 'integer'],
  pattern: '.',
  expected: 'a signal, such as "TERM", "SIGINT", "RTMIN+3" or 15',
} as const;

export const text = { type: 'string', expected: 'a string' } as const;

export const nonEmptyText = {
  type: 'string',
  pattern: '\\S',
  expected: 'a string that is not empty',
} as const;

export const flag = { type: 'boolean', expected: 'true or false' } as const;

/** Octal, as chmod(1) and umask(1) take it. A parsed TOML integer has lost its base: `octal.ts` looks at its text. */
export const octalMode = {
  type: ['string', 'integer'],
  pattern: '^(0o)?0?[0-7]{1,3}$',
  expected: 'octal digits in quotes from "0000" to "0777", such as "0660", or an octal number such as 0o660',
} as const;

/** Name or number of a user or group. */
export const account = {
  type: ['string', 'integer'],
  pattern: '^[^\\s:]',
  minimum: 0,
  maximum: 4294967294,
  expected: 'a name or a number',
} as const;

export const command = {
  type: ['string', 'array'],
  pattern: '\\S',
  items: text,
  minItems: 1,
  expected: 'a command: a string, or an array of strings',
} as const;

export const argumentList = {
  type: 'array',
  items: text,
  expected: 'an array of strings',
} as const;
