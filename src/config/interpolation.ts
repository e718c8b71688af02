/**
 * Variables in string values: `${NAME}`, `${NAME:-default}` (also for an empty variable, as in a shell), `$$` for a
 * dollar sign. Any other `$` stands for itself.
 */

import type { Problem } from './problem.ts';
import { type KeyPath, type ProblemText, problemAtKey, type SourceFile } from './source-file.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export type Interpolated =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly message: string; readonly hint: string | undefined };

/** Variables may be long and used often; their sum is bounded for a whole file. */
const MAX_RESULT_LENGTH = 4 * 1024 * 1024;
const MAX_NESTING = 8;
const LITERAL_HINT = 'for a literal $ write $$';

/** @returns the text with its variables filled in, or what is wrong with it. */
export function interpolate(text: string, environment: Environment, depth = 0): Interpolated {
  if (!text.includes('$')) return { ok: true, text };
  if (depth > MAX_NESTING) return { ok: false, message: 'defaults are nested too deep', hint: undefined };
  let result = '';
  let at = 0;
  for (;;) {
    const dollar = text.indexOf('$', at);
    if (dollar === -1) return { ok: true, text: result + text.slice(at) };
    result += text.slice(at, dollar);
    const next = text.charAt(dollar + 1);
    if (next !== '{') {
      result += '$';
      at = dollar + (next === '$' ? 2 : 1);
      continue;
    }
    const end = closingBrace(text, dollar + 2);
    if (end === -1) return { ok: false, message: '"${" is not closed', hint: LITERAL_HINT };
    const filled = fillIn(text.slice(dollar + 2, end), environment, depth);
    if (!filled.ok) return filled;
    result += filled.text;
    if (result.length > MAX_RESULT_LENGTH) return { ok: false, message: 'becomes too long', hint: undefined };
    at = end + 1;
  }
}

/** @returns the offset of the `}` that ends a reference, past nested ones; -1 where there is none. */
function closingBrace(text: string, from: number): number {
  let open = 1;
  for (let at = from; at < text.length; at++) {
    if (text.startsWith('${', at)) open++;
    else if (text.charAt(at) === '}' && --open === 0) return at;
  }
  return -1;
}

function fillIn(reference: string, environment: Environment, depth: number): Interpolated {
  const match = /^([A-Za-z_][A-Za-z0-9_]*)(:-([\s\S]*))?$/.exec(reference);
  const name = match?.[1];
  if (match === null || name === undefined) {
    return {
      ok: false,
      message: `\${${reference.slice(0, 40)}} is no variable`,
      hint: `write \${NAME} or \${NAME:-default}; ${LITERAL_HINT}`,
    };
  }
  const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
  const fallback = match[3];
  if (value !== undefined && (value !== '' || fallback === undefined)) return { ok: true, text: value };
  if (fallback !== undefined) return interpolate(fallback, environment, depth + 1);
  return {
    ok: false,
    message: `the variable ${name} is not set`,
    hint: `set ${name} in the engine's environment, or give a default: \${${name}:-…}`,
  };
}

export interface InterpolatedDocument {
  readonly problems: readonly Problem[];
  /** Paths (as JSON) of the strings that held variables: text where the schema may want a number. */
  readonly changed: ReadonlySet<string>;
  /** Paths of the strings with problems. */
  readonly broken: readonly KeyPath[];
}

/** Fills in the variables of all string values of a document, in place. */
export function interpolateDocument(
  source: SourceFile,
  document: Record<string, unknown>,
  environment: Environment,
): InterpolatedDocument {
  const problems: Problem[] = [];
  const broken: KeyPath[] = [];
  const changed = new Set<string>();
  let length = 0;
  const report = (path: KeyPath, said: ProblemText): void => {
    problems.push(problemAtKey(source, path, 'value', said));
    broken.push(path);
  };
  const fill = (text: string, path: KeyPath): string => {
    if (length > MAX_RESULT_LENGTH) return text;
    const filled = interpolate(text, environment);
    if (!filled.ok) {
      report(path, filled);
      return text;
    }
    length += filled.text.length;
    if (length > MAX_RESULT_LENGTH) report(path, { message: 'makes the configuration larger than 4 MiB' });
    else if (filled.text.includes('\0')) report(path, { message: 'contains a NUL character' });
    else if (filled.text !== text) changed.add(JSON.stringify(path));
    return filled.text;
  };
  const visit = (value: unknown, path: KeyPath): unknown => {
    if (typeof value === 'string') return fill(value, path);
    if (Array.isArray(value)) {
      for (const [index, element] of value.entries()) value[index] = visit(element, [...path, index]);
    } else if (isTable(value)) {
      for (const [key, child] of Object.entries(value)) value[key] = visit(child, [...path, key]);
    }
    return value;
  };
  visit(document, []);
  return { problems, changed, broken };
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
