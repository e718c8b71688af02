/** Values of a configuration in messages: as they stand in the file, cut where they are long. */

import { readable } from './instance-text.ts';

const MAX_SHOWN = 60;

/** @returns `"text"`, `12`, `true`, `an array`, `a table`. */
export function showValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(cut(readable(value)));
  if (typeof value === 'number')
    return Number.isNaN(value) ? 'nan' : String(value).replace('Infinity', 'inf');
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  return kindOf(value);
}

/** @returns `a string`, `a number`, `a whole number`, `true or false`, `an array`, `a table`. */
export function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  if (value instanceof Date) return 'a date';
  if (typeof value === 'object') return 'a table';
  return typeof value === 'boolean' ? 'true or false' : `a ${typeof value}`;
}

/** @returns the path as in the file: `processes.web.stop[0].signal`, odd names quoted. */
export function showKey(path: readonly (string | number)[]): string {
  let shown = '';
  for (const part of path) {
    if (typeof part === 'number') shown += `[${part}]`;
    else if (/^[A-Za-z0-9_-]+$/.test(part)) shown += shown === '' ? part : `.${part}`;
    else shown += `${shown === '' ? '' : '.'}${JSON.stringify(cut(part))}`;
  }
  return shown;
}

function cut(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN - 1)}…` : text;
}
