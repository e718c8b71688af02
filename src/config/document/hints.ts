/** What a person most likely meant: near words, keys of other tools, keys of another table. */

import { nearestWord } from '../../nearest-word.ts';
import { PROCESS_NAME_PATTERN } from '../schema/schema.ts';
import { knownKeys, schemaAt, typesOf } from '../schema/walk.ts';
import type { KeyPath } from '../text/source-file.ts';
import { PROCESS_WORDS } from './process-words.ts';
import {
  ENGINE_WORDS,
  HEALTHCHECK_WORDS,
  levelled,
  OUTPUT_WORDS,
  SECRET_WORDS,
  TOP_LEVEL_WORDS,
  VALUES_ELSEWHERE,
  type WordsElsewhere,
} from './words-elsewhere.ts';

/** @returns what to write instead of an unknown key below `path` that holds `value`. */
export function unknownKeyHint(
  path: KeyPath,
  key: string,
  value: unknown,
  known: readonly string[],
): string | undefined {
  if (path.length === 0 && isCommandTable(value))
    return `a process is written ${processTable(key.replace(/^.*:/, ''))}`;
  if (path.length === 1 && path[0] === 'defaults' && knownKeys(['processes', 'NAME']).includes(key))
    return 'it differs from process to process: write it in [processes.NAME]';
  const level = levelled(key);
  const elsewhere = wordsFor(path);
  if (elsewhere !== undefined && Object.hasOwn(elsewhere, level))
    return advice(elsewhere[level] ?? '', value, path.length === 0 ? key : undefined);
  const same = known.find((name) => levelled(name) === level);
  if (same !== undefined) return `did you mean ${JSON.stringify(same)}?`;
  const near = nearestWord(key, known);
  if (near !== undefined) return `did you mean ${JSON.stringify(near)}?`;
  const nearElsewhere = nearestWord(level, Object.keys(elsewhere ?? {}));
  if (nearElsewhere !== undefined) return advice(elsewhere?.[nearElsewhere] ?? '', value, undefined);
  return belongsElsewhere(path, key) ?? listKnown(known);
}

/** @param header of a table of the top level. */
function advice(text: string, value: unknown, header: string | undefined): string {
  if (text.startsWith('env = {NAME')) return `write ${environmentTable(value) ?? text}`;
  if (text === '[processes.NAME]' && header !== undefined) return `write ${processHeader(header, value)}`;
  return /^([a-z_]+ = |\[)/.test(text) ? `write ${text}` : text;
}

/** `[services.web]` is meant to be `[processes.web]`; of several names the first. */
function processHeader(header: string, table: unknown): string {
  const first: unknown = Array.isArray(table) ? table[0] : table;
  if (typeof first !== 'object' || first === null) return '[processes.NAME]';
  const own = Object.entries(first).find(
    ([, child]) => typeof child === 'object' && !Array.isArray(child),
  )?.[0];
  const named = 'name' in first && typeof first.name === 'string' ? first.name : own;
  return processTable(named ?? header.replace(/^.*:/, ''));
}

function processTable(name: string): string {
  return new RegExp(PROCESS_NAME_PATTERN).test(name) ? `[processes.${name}]` : '[processes.NAME]';
}

/** `A=1,B="2"` of supervisord, `["A=1"]` of Compose, `"A=1" "B=2"` of systemd. */
function environmentTable(value: unknown): string | undefined {
  const text = Array.isArray(value) ? value.map(quotedPair).join(',') : value;
  if (typeof text !== 'string' || text.length > 300) return undefined;
  const pair = /\s*"?([A-Za-z_]\w*)=(?:"([^"]*)"|'([^']*)'|([^,\s"']*))"?\s*(?:,|$|(?=\s))/y;
  const pairs: string[] = [];
  while (pair.lastIndex < text.length) {
    const match = pair.exec(text);
    if (match === null) return undefined;
    pairs.push(`${match[1]} = ${JSON.stringify(match[2] ?? match[3] ?? match[4] ?? '')}`);
  }
  return pairs.length === 0 ? undefined : `env = {${pairs.join(', ')}}`;
}

function quotedPair(element: unknown): string {
  const [, name = '', value = ''] = /^([^=]*)=([^"]*)$/.exec(String(element)) ?? [];
  return `${name}="${value}"`;
}

/** A table of the top level that holds a command is a process without its prefix. */
function isCommandTable(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.keys(value).some((key) => /^(cmd|command)$/.test(key))
  );
}

function wordsFor(path: KeyPath): WordsElsewhere | undefined {
  if (path.length === 0) return TOP_LEVEL_WORDS;
  if (path[0] === 'defaults') return wordsFor(['processes', 'NAME', ...path.slice(1)]);
  if (path[0] === 'templates' && path.length > 1) return wordsFor(['processes', ...path.slice(1)]);
  if (path[0] === 'engine') return path.length === 1 ? ENGINE_WORDS : undefined;
  if (path[0] !== 'processes') return undefined;
  if (path.length === 2) return PROCESS_WORDS;
  if (path.length === 4 && path[2] === 'env') return SECRET_WORDS;
  if (path.length !== 3) return undefined;
  if (path[2] === 'stdout' || path[2] === 'stderr') return OUTPUT_WORDS;
  return path[2] === 'healthcheck' ? HEALTHCHECK_WORDS : undefined;
}

/** The right key in the wrong table. */
function belongsElsewhere(path: KeyPath, key: string): string | undefined {
  const name = path[0] === 'processes' && path.length > 1 ? String(path[1]) : 'NAME';
  const places: readonly (readonly [string, KeyPath])[] = [
    ['[engine]', ['engine']],
    [`[processes.${name}]`, ['processes', name]],
    [`[processes.${name}.healthcheck]`, ['processes', name, 'healthcheck']],
    [`[processes.${name}.backoff]`, ['processes', name, 'backoff']],
    ['[engine.hooks]', ['engine', 'hooks']],
  ];
  const place = places.find(([, keys]) => knownKeys(keys).includes(key));
  if (place !== undefined) return `it belongs in ${place[0]}`;
  return path.length === 0 ? `a process is written ${processTable(key.replace(/^.*:/, ''))}` : undefined;
}

function listKnown(known: readonly string[]): string | undefined {
  return known.length > 0 && known.length <= 8 ? `known here: ${known.join(', ')}` : undefined;
}

/** @returns what to do about a key that is missing. */
export function missingKeyHint(path: KeyPath, key: string, table: unknown): string | undefined {
  if (key !== 'cmd' || typeof table !== 'object' || table === null) return undefined;
  const other = Object.keys(table).find((given) =>
    /^(command|exec|execstart|entrypoint|program)$/i.test(given),
  );
  if (other !== undefined) return `rename ${other} to cmd`;
  return path[0] === 'processes' && path.length === 2
    ? 'every process needs a command: cmd = "/path/to/program"'
    : undefined;
}

/** @returns the word that was meant, or the quotes that are missing or too many. */
export function wrongValueHint(
  path: KeyPath,
  value: unknown,
  expected: string | undefined,
): string | undefined {
  const last = path.at(-1);
  const elsewhere = valueElsewhere(path, value);
  if (elsewhere !== undefined) return `write ${elsewhere}`;
  if (typeof value === 'string') {
    const words = [...(expected ?? '').matchAll(/"([A-Za-z-]+)(?::N)?"/g)].map((match) => match[1] ?? '');
    const near = nearestWord(value, words);
    if (near !== undefined && near !== value) return `did you mean ${JSON.stringify(near)}?`;
    if (isWantedWithoutQuotes(path, value)) return `without quotes: ${String(last)} = ${value}`;
    if (
      /number|seconds|duration/.test(expected ?? '') &&
      /^\d+\s*(sec|min|hour|second|minute)s?$/i.test(value)
    ) {
      return 'units are ms, s, m, h and d';
    }
    if (last === 'stop' && value.trim() !== '')
      return `write stop = [{signal = ${JSON.stringify(value.slice(0, 40))}}]`;
    const schema = schemaAt(path);
    const takesText = typesOf(schema?.items).includes('string');
    if (value.trim() !== '' && takesText && !typesOf(schema).includes('string')) {
      return `put it in brackets: ${String(last)} = [${JSON.stringify(value.slice(0, 40))}]`;
    }
    return last === 'stdout' || last === 'stderr'
      ? 'a path needs a slash: "./file" or "/var/log/file"'
      : undefined;
  }
  if (typeof value === 'boolean' && last === 'autorestart') {
    return value ? 'write autorestart = "always"' : 'write autorestart = "no"';
  }
  if (typeof value === 'number' && /a string/.test(expected ?? '')) return `quote it: "${value}"`;
  return undefined;
}

/** What other tools call the value of a key; and their lists of variables. */
function valueElsewhere(path: KeyPath, value: unknown): string | undefined {
  const key = path.at(-1);
  if (key === 'env' && path.length <= 3) return environmentTable(value);
  // `depends_on = {db = "service_healthy"}` is short for its condition.
  const isDependency = path.at(-2) === 'depends_on';
  const words = isDependency ? VALUES_ELSEWHERE.condition : VALUES_ELSEWHERE[String(key)];
  const level = typeof value === 'string' ? levelled(value) : '';
  if (words === undefined || !Object.hasOwn(words, level)) return undefined;
  return isDependency ? words[level]?.replace('condition', String(key)) : words[level];
}

/** A number or boolean in quotes, if a number or boolean is wanted; octal digits without quotes are another number. */
function isWantedWithoutQuotes(path: KeyPath, value: string): boolean {
  const schema = schemaAt(path);
  const types = typesOf(schema);
  if (value === 'true' || value === 'false') return types.includes('boolean');
  if (/octal/.test(schema?.expected ?? '') || !/^[+-]?\d+(\.\d+)?$/.test(value)) return false;
  const isInBounds =
    Number(value) >= (schema?.minimum ?? -Infinity) && Number(value) <= (schema?.maximum ?? Infinity);
  return (
    isInBounds && (types.includes('number') || (types.includes('integer') && Number.isInteger(Number(value))))
  );
}
