/**
 * Texts that differ from copy to copy: what `${instance}` stands for is filled in when a copy is started. Until then
 * the expression is between two NUL characters, which no value of a configuration can contain.
 */

import type { Place } from '../document/place.ts';
import type { ProcessConfig } from '../resolved-config.ts';
import { evaluate } from './expression.ts';

/** The name that stands for the number of the copy, in every expression. */
export const INSTANCE = 'instance';

const DEFERRED = /\0([^\0]*)\0/g;

/** @param expression of numbers, operators and `instance` */
export function deferred(expression: string): string {
  return `\0${expression}\0`;
}

export function isDeferred(text: string): boolean {
  return text.includes('\0');
}

/** @returns the text of copy `ordinal`; throws where the expression has no value, which loading has ruled out. */
export function textOfInstance(text: string, ordinal: number): string {
  if (!isDeferred(text)) return text;
  return text.replace(DEFERRED, (_, expression: string) => {
    const result = evaluate(numbered(expression, ordinal));
    if (!result.ok) throw new Error(`cannot compute ${expression}: ${result.message}`);
    return String(result.value);
  });
}

/** @returns what is to be run for copy `ordinal`: the configuration with all its texts filled in. */
export function ofInstance(process: ProcessConfig, ordinal: number): ProcessConfig {
  return mapTexts(process, (text) => textOfInstance(text, ordinal));
}

/** @returns the value with expressions as the file has them, for people to read. */
export function withReadableTexts<Value>(value: Value): Value {
  return mapTexts(value, readable);
}

export function readable(text: string): string {
  return text.replace(DEFERRED, (_, expression: string) => `\${${expression}}`);
}

/** Reports the expressions of a process's table that have no value for one of its copies. */
export function checkInstanceTexts(place: Place, value: unknown, instances: number): void {
  if (typeof value === 'string' && isDeferred(value)) checkText(place, value, instances);
  else if (Array.isArray(value)) {
    for (const [index, element] of value.entries()) checkInstanceTexts(place.at(index), element, instances);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, child] of Object.entries(value)) checkInstanceTexts(place.at(key), child, instances);
  }
}

function checkText(place: Place, text: string, instances: number): void {
  for (let ordinal = 1; ordinal <= instances; ordinal++) {
    for (const [, expression = ''] of text.matchAll(DEFERRED)) {
      const result = evaluate(numbered(expression, ordinal));
      if (result.ok) continue;
      const where = instances === 1 ? '' : ` for instance ${ordinal}`;
      place.problem({ message: `cannot compute \${${expression}}${where}: ${result.message}` });
      return;
    }
  }
}

/** @returns the different texts of all copies; of one with an error, none. */
export function textsOfInstances(text: string, instances: number): readonly string[] {
  if (!isDeferred(text)) return [text];
  const texts = new Set<string>();
  for (let ordinal = 1; ordinal <= instances; ordinal++) {
    try {
      texts.add(textOfInstance(text, ordinal));
    } catch {
      // `checkInstanceTexts` reports it.
    }
  }
  return [...texts];
}

function numbered(expression: string, ordinal: number): string {
  return expression.replaceAll(INSTANCE, String(ordinal));
}

/** Plain data with its texts changed; the same object if none has changed. */
function mapTexts<Value>(value: Value, change: (text: string) => string): Value {
  if (typeof value === 'string') return change(value) as Value;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const changed = entries.map(([key, child]) => [key, mapTexts(child, change)] as const);
  if (changed.every(([, child], index) => child === entries[index]?.[1])) return value;
  return (Array.isArray(value) ? changed.map(([, child]) => child) : Object.fromEntries(changed)) as Value;
}
