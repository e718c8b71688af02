/** A parsed document against the schema: every violation as a problem that a person can act on. */

import { type ValidationError, validateConfig } from '../../generated/validate-config.js';
import type { ConfigSource } from '../schema/schema.ts';
import { expectedAt, knownKeys, schemaAt, typesOf } from '../schema/walk.ts';
import { inheritedNode } from '../text/positions.ts';
import type { Problem } from '../text/problem.ts';
import { kindOf, showValue } from '../text/show-value.ts';
import { type KeyPath, problemAtKey, type SourceFile } from '../text/source-file.ts';
import { missingKeyHint, unknownKeyHint, wrongValueHint } from './hints.ts';

export interface ValidatedDocument {
  /** Only what `isBroken` denies may be trusted to have this type. */
  readonly value: ConfigSource;
  readonly problems: readonly Problem[];
  /** Whether a problem was found at or below the path. */
  isBroken(path: KeyPath): boolean;
}

/** A document wrong from end to end needs no list of all it has wrong. */
const MAX_ERRORS = 200;

/**
 * Checks the document and fills in the schema's defaults, in place.
 * @param interpolated what variables did to it: a text `"4"` that came from one is also the number 4
 */
export function validateDocument(
  source: SourceFile,
  document: Record<string, unknown>,
  interpolated: { readonly changed: ReadonlySet<string>; readonly broken: readonly KeyPath[] },
): ValidatedDocument {
  let errors = check(document);
  const { changed, broken } = interpolated;
  if (changed.size > 0 && readAllAsWanted(document, errors, changed)) {
    errors = check(document);
  }
  const paths: KeyPath[] = [...broken];
  const problems: Problem[] = [];
  const suggested = new Set<string>();
  for (const error of unknownKeysFirst(errors).slice(0, MAX_ERRORS)) {
    const path = pathOf(document, error.instancePath);
    // What a variable left unfilled is no value yet.
    if (broken.some((unfilled) => startsWith(unfilled, path) && unfilled.length === path.length)) continue;
    // A name that is not known harms nothing beside it.
    if (error.keyword === 'propertyNames') paths.push([...path, String(error.params.propertyName)]);
    else if (error.keyword !== 'additionalProperties' && error.propertyName === undefined) paths.push(path);
    if (isAboutInherited(source, path, error)) continue;
    const problem = toProblem(source, document, path, error);
    if (problem === undefined) continue;
    // A misspelt key is said once, not also as a missing one.
    const missing = error.keyword === 'required' ? String(error.params.missingProperty) : undefined;
    if (missing !== undefined && suggested.has(JSON.stringify([...path, missing]))) continue;
    const meant =
      error.keyword === 'additionalProperties' ? /"?(\w+)"?( =|\?)/.exec(problem.hint ?? '')?.[1] : undefined;
    if (meant !== undefined) suggested.add(JSON.stringify([...path, meant]));
    problems.push(problem);
  }
  return {
    value: document as unknown as ConfigSource,
    problems,
    isBroken: (path) => paths.some((wrong) => startsWith(wrong, path) || startsWith(path, wrong)),
  };
}

/** What is inherited is reported where it is written. */
function isAboutInherited(source: SourceFile, path: KeyPath, error: ValidationError): boolean {
  const { additionalProperty, propertyName } = error.params;
  const name = additionalProperty ?? propertyName;
  const full = typeof name === 'string' ? [...path, name] : path;
  return inheritedNode(source.root, full) !== undefined;
}

function unknownKeysFirst(errors: readonly ValidationError[]): ValidationError[] {
  const isUnknownKey = (error: ValidationError): boolean => error.keyword === 'additionalProperties';
  return [...errors.filter(isUnknownKey), ...errors.filter((error) => !isUnknownKey(error))];
}

function check(document: unknown): readonly ValidationError[] {
  return validateConfig(document) ? [] : (validateConfig.errors ?? []);
}

function startsWith(path: KeyPath, start: KeyPath): boolean {
  // The document's own table is above everything, but an unknown key in it breaks no process.
  return start.length > 0 && start.every((part, index) => path[index] === part);
}

/** JSON pointer (RFC 6901) to path; indexes of arrays become numbers. */
function pathOf(document: unknown, pointer: string): KeyPath {
  const path: (string | number)[] = [];
  let value = document;
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    path.push(Array.isArray(value) ? Number(name) : name);
    value = childOf(value, name);
  }
  return path;
}

function childOf(value: unknown, name: string | number): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

function valueAt(document: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>((value, part) => childOf(value, part), document);
}

/** True where at least one text was read as what the schema wants. */
function readAllAsWanted(
  document: unknown,
  errors: readonly ValidationError[],
  changed: ReadonlySet<string>,
): boolean {
  return errors.filter((error) => readAsWanted(document, error, changed)).length > 0;
}

/** A variable is always text: where the schema wants a number or a boolean, reads it as one. True where it did. */
function readAsWanted(document: unknown, error: ValidationError, interpolated: ReadonlySet<string>): boolean {
  const path = pathOf(document, error.instancePath);
  if (!interpolated.has(JSON.stringify(path))) return false;
  const text = valueAt(document, path);
  const last = path.at(-1);
  const parent = valueAt(document, path.slice(0, -1));
  if (typeof text !== 'string' || last === undefined || typeof parent !== 'object' || parent === null)
    return false;
  const types = typesOf(schemaAt(path));
  const isNumber = /^[+-]?\d+(\.\d+)?$/.test(text) && (types.includes('number') || types.includes('integer'));
  const isBoolean = (text === 'true' || text === 'false') && types.includes('boolean');
  if (!isNumber && !isBoolean) return false;
  (parent as Record<string | number, unknown>)[last] = isNumber ? Number(text) : text === 'true';
  return true;
}

function toProblem(
  source: SourceFile,
  document: unknown,
  path: KeyPath,
  error: ValidationError,
): Problem | undefined {
  // Said by the error with keyword propertyNames.
  if (error.propertyName !== undefined) return undefined;
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(error.params.additionalProperty);
      return problemAtKey(source, [...path, key], 'key', {
        message: `unknown key ${JSON.stringify(key)}`,
        hint: unknownKeyHint(path, key, valueAt(document, [...path, key]), knownKeys(path)),
      });
    }
    case 'required': {
      const key = String(error.params.missingProperty);
      return problemAtKey(source, path, 'key', {
        message: `the key "${key}" is missing`,
        expected: expectedAt([...path, key]),
        hint: missingKeyHint(path, key, valueAt(document, path)),
      });
    }
    case 'propertyNames':
      return badName(source, path, String(error.params.propertyName));
    default:
      return badValue(source, path, valueAt(document, path), error);
  }
}

function badName(source: SourceFile, path: KeyPath, name: string): Problem {
  const isProcess = path[0] === 'processes' && path.length === 1;
  return problemAtKey(source, [...path, name], 'key', {
    message: `${JSON.stringify(name.slice(0, 80))} cannot be ${isProcess ? 'the name of a process' : 'used as a name'}`,
    expected: isProcess
      ? 'at most 64 letters, digits, ".", "_" and "-", the first one a letter or digit'
      : 'a name without "="',
  });
}

function badValue(source: SourceFile, path: KeyPath, value: unknown, error: ValidationError): Problem {
  const isLength = error.keyword === 'minItems' || error.keyword === 'maxItems';
  const found = isLength
    ? `${kindOf(value)} of ${Array.isArray(value) ? value.length : 0} elements`
    : showValue(value);
  return problemAtKey(source, path, 'value', {
    message: `found ${found}`,
    expected: expectedAt(path),
    hint: wrongValueHint(path, value, expectedAt(path)),
  });
}
