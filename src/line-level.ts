/** The level that a line of a program's output tells of itself, in the engine's own words. Pure. */

import { LEVELS, type Level } from './levels.ts';

/** What stands before the message of some lines, and is not part of it. */
export interface ToldLevel {
  readonly level: Level | undefined;
  /** So many characters of the line only tell the level. */
  readonly prefixLength: number;
}

/** Names of the severities of syslog(3), of log4j, Python, Go and Rust, as one ladder. */
const WORDS: Readonly<Record<string, Level>> = {
  trace: 'trace',
  verbose: 'trace',
  finest: 'trace',
  debug: 'debug',
  dbg: 'debug',
  fine: 'debug',
  info: 'info',
  information: 'info',
  informational: 'info',
  notice: 'info',
  warn: 'warn',
  warning: 'warn',
  err: 'error',
  error: 'error',
  severe: 'error',
  fatal: 'fatal',
  crit: 'fatal',
  critical: 'fatal',
  alert: 'fatal',
  emerg: 'fatal',
  emergency: 'fatal',
  panic: 'fatal',
  dpanic: 'fatal',
};

/** By the number of syslog(3): 0 is an emergency, 7 is debug. */
const SYSLOG: readonly Level[] = ['fatal', 'fatal', 'fatal', 'error', 'warn', 'info', 'info', 'debug'];
const HIGHEST_PRIORITY = 191;

/** A pair of logfmt further behind than this is not looked at. */
const LOOKED_AT = 1_024;
const KEYS = ['level', 'severity', 'lvl', 'loglevel', 'log.level'] as const;

const NONE: ToldLevel = { level: undefined, prefixLength: 0 };

/**
 * `<4>message` (sd-daemon(3)), the `<134>` of a syslog line (RFC 5424), JSON with a `level` or `severity` as a word
 * or a number (pino, bunyan; below 8 that of syslog), and logfmt.
 */
export function levelOf(line: string): ToldLevel {
  const first = line.charCodeAt(0);
  if (first === 0x3c) return syslogLevel(line);
  if (first === 0x7b) return { level: jsonLevel(line), prefixLength: 0 };
  return isNameStart(first) ? { level: logfmtLevel(line), prefixLength: 0 } : NONE;
}

function syslogLevel(line: string): ToldLevel {
  const match = /^<(\d{1,3})>/.exec(line);
  const priority = Number(match?.[1] ?? Number.NaN);
  if (!(priority <= HIGHEST_PRIORITY)) return NONE;
  // The header of a whole syslog line says more than the level, so it stays.
  const prefixLength = priority < 8 ? (match?.[0].length ?? 0) : 0;
  return { level: SYSLOG[priority & 7], prefixLength };
}

function jsonLevel(line: string): Level | undefined {
  // Most lines without a level are told apart before the costly look.
  if (!/"(?:level|severity|lvl|loglevel|log\.level)"\s*:/.test(line)) return undefined;
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof record !== 'object' || record === null) return undefined;
  const key = KEYS.find((name) => Object.hasOwn(record, name));
  return key === undefined ? undefined : levelInWords((record as Record<string, unknown>)[key]);
}

function levelInWords(value: unknown): Level | undefined {
  if (typeof value === 'string') return byWord(value);
  if (typeof value !== 'number') return undefined;
  if (Number.isInteger(value) && value >= 0 && value < 8) return SYSLOG[value];
  if (value < 10) return undefined;
  // pino's are ten apart, from 10.
  return LEVELS[Math.min(LEVELS.length, Math.floor(value / 10)) - 1];
}

function byWord(word: string): Level | undefined {
  const known = word.toLowerCase();
  return Object.hasOwn(WORDS, known) ? WORDS[known] : undefined;
}

/** A line is logfmt where it begins with `name=`; a level in the midst of a sentence is none. */
function logfmtLevel(line: string): Level | undefined {
  const pair = /([\w.@-]+)=("(?:[^"\\]|\\.)*"|[^\s"]*)(?:\s+|$)/y;
  const start = line.length > LOOKED_AT ? line.slice(0, LOOKED_AT) : line;
  for (let match = pair.exec(start); match !== null; match = pair.exec(start)) {
    const [, name = '', value = ''] = match;
    if ((KEYS as readonly string[]).includes(name)) return byWord(value.replace(/^"(.*)"$/, '$1'));
  }
  return undefined;
}

function isNameStart(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x40;
}
