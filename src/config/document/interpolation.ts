/**
 * Variables in string values: `${NAME}`, `${NAME:-default}` (also for an empty variable, as in a shell), `$$` for a
 * dollar sign. Any other `$` stands for itself. `${NAME + 1}` is arithmetic; `instance` in it is the number of the copy,
 * which is filled in when one is started (`instance-text.ts`).
 */

import { schemaAt } from '../schema/walk.ts';
import { evaluate } from '../text/expression.ts';
import { deferred, INSTANCE, isDeferred } from '../text/instance-text.ts';
import type { Problem } from '../text/problem.ts';
import { type KeyPath, type ProblemText, problemAtKey, type SourceFile } from '../text/source-file.ts';

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
  if (match === null || name === undefined) return calculate(reference, environment, depth);
  if (name === INSTANCE) return { ok: true, text: deferred(INSTANCE) };
  const value = variable(name, environment);
  const fallback = match[3];
  if (value !== undefined && (value !== '' || fallback === undefined)) return { ok: true, text: value };
  if (fallback !== undefined) return interpolate(fallback, environment, depth + 1);
  return {
    ok: false,
    message: `the variable ${name} is not set`,
    hint:
      name === 'MAINPID'
        ? 'the pid of the process is $MAINPID, in stop, pre_stop, post_start and reload'
        : `set ${name} in the engine's environment, or give a default: \${${name}:-…}`,
  };
}

function variable(name: string, environment: Environment): string | undefined {
  return Object.hasOwn(environment, name) ? environment[name] : undefined;
}

/** Of `${PORT-80}` a shell takes 80 for a default: without spaces only `instance` is calculated with. */
const FORM_OF_SHELLS = /^(?!instance\b)[A-Za-z_]\w*[-+=?:#%/*^,@]/;
const ARITHMETIC = /^[\w\s+*/%()-]+$/;

function calculate(reference: string, environment: Environment, depth: number): Interpolated {
  const inner = interpolate(reference, environment, depth + 1);
  if (!inner.ok) return inner;
  const expression = inner.text.replaceAll('\0', '').trim();
  const hasName = /[A-Za-z_]/.test(reference);
  if (!hasName || FORM_OF_SHELLS.test(reference) || !ARITHMETIC.test(expression)) {
    return {
      ok: false,
      message: `\${${reference.slice(0, 40)}} is not a variable`,
      hint: `write \${NAME}, \${NAME:-default} or \${NAME + 1}; ${LITERAL_HINT}`,
    };
  }
  let problem: Interpolated | undefined;
  const numbers = expression.replace(/[A-Za-z_]\w*/g, (name) => {
    if (name === INSTANCE) return name;
    const number = numberOf(name, environment);
    if (typeof number === 'string') return number;
    problem ??= number;
    return '0';
  });
  if (problem !== undefined) return problem;
  const result = evaluate(numbers.replaceAll(INSTANCE, '1'));
  if (new RegExp(`\\b${INSTANCE}\\b`).test(numbers)) {
    // Whether each copy has a result is known when the number of copies is.
    if (result.ok || result.message === 'division by 0') return { ok: true, text: deferred(numbers) };
  } else if (result.ok) return { ok: true, text: String(result.value) };
  const why = result.ok ? '' : result.message;
  return { ok: false, message: `cannot compute \${${expression.slice(0, 60)}}: ${why}`, hint: undefined };
}

/** @returns the variable's number as text, or what is wrong with it. */
function numberOf(name: string, environment: Environment): string | Interpolated {
  const value = variable(name, environment);
  if (value === undefined)
    return {
      ok: false,
      message: `the variable ${name} is not set`,
      hint: `set ${name} in the engine's environment, or write \${\${${name}:-0} + 1}`,
    };
  if (/^\s*-?\d{1,15}\s*$/.test(value)) return `(${value.trim()})`;
  const found = JSON.stringify(value.slice(0, 40));
  return { ok: false, message: `the variable ${name} is no whole number: ${found}`, hint: undefined };
}

export interface InterpolatedDocument {
  readonly problems: readonly Problem[];
  /** Paths (as JSON) of the strings that held variables: text where the schema may want a number. */
  readonly changed: Set<string>;
  /** Paths of the strings with problems. */
  readonly broken: KeyPath[];
  /** Paths of the strings that differ from copy to copy. */
  readonly perInstance: readonly KeyPath[];
}

/** Fills in the variables of all string values of a document, in place. */
export function interpolateDocument(
  source: SourceFile,
  document: Record<string, unknown>,
  environment: Environment,
): InterpolatedDocument {
  const problems: Problem[] = [];
  const broken: KeyPath[] = [];
  const perInstance: KeyPath[] = [];
  const changed = new Set<string>();
  let length = 0;
  const report = (path: KeyPath, said: ProblemText): void => {
    problems.push(problemAtKey(source, path, 'value', said));
    broken.push(path);
  };
  const fill = (text: string, path: KeyPath): string => {
    if (length > MAX_RESULT_LENGTH) return text;
    if (text.includes('\0')) {
      report(path, { message: 'contains a NUL character' });
      return text;
    }
    const filled = interpolate(text, environment);
    if (!filled.ok) {
      report(path, filled);
      return text;
    }
    length += filled.text.length;
    if (length > MAX_RESULT_LENGTH) report(path, { message: 'makes the configuration larger than 4 MiB' });
    else if (isDeferred(filled.text) && !isPerInstance(path)) report(path, NOT_HERE);
    else if (filled.text !== text) changed.add(JSON.stringify(path));
    if (isDeferred(filled.text)) perInstance.push(path);
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
  return { problems, changed, broken, perInstance };
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

const NOT_HERE: ProblemText = {
  message: `\${${INSTANCE}} cannot be used here`,
  expected: 'a value that is the same for all instances',
  hint: `\${${INSTANCE}} is the number of the instance, for cmd, args, env, workingdir, stdout, stderr, landlock and healthcheck`,
};

/** An element of an array goes by the key of the array. */
function isPerInstance(path: KeyPath): boolean {
  const key = typeof path.at(-1) === 'number' ? path.slice(0, -1) : path;
  return schemaAt(key)?.perInstance === true;
}
