/**
 * Cron expressions, by croner, which is loaded when the first one is read. A time that a change of daylight saving skips
 * comes right after the gap; one that comes twice is taken the first time. Expressions with `*` or a step in seconds,
 * minutes or hours go by what passes: they skip the gap, and run through a repeated hour twice. Vixie cron does the same.
 */

import { createRequire } from 'node:module';
import type { Cron } from 'croner';

/** The first time of a schedule after a moment, both in epoch milliseconds; undefined: there is none. */
export type NextTime = (after: number) => number | undefined;

/** @param timezone of the IANA database; undefined: the engine's own. Throws for what `expressionProblem` reports. */
export function cronTimes(expression: string, timezone: string | undefined): NextTime {
  const cron = parse(expression, timezone);
  return (after) => cron.nextRun(new Date(after))?.getTime();
}

/** @returns what is wrong with the expression, without a full stop. */
export function expressionProblem(expression: string): string | undefined {
  const shape = shapeProblem(expression.trim());
  if (shape !== undefined) return shape;
  try {
    const next = parse(expression, 'UTC').nextRun(new Date(REFERENCE));
    return next === null ? 'it never runs: no date matches it' : undefined;
  } catch (error) {
    return plain(error instanceof Error ? error.message : String(error));
  }
}

export function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}

export function timezones(): readonly string[] {
  return Intl.supportedValuesOf('timeZone');
}

/** Every date that a calendar of four centuries has comes after it: whether an expression ever matches is no matter of today. */
const REFERENCE = Date.UTC(2000, 0, 1);

const NICKNAMES: readonly string[] = [
  '@yearly',
  '@annually',
  '@monthly',
  '@weekly',
  '@daily',
  '@midnight',
  '@hourly',
];

function shapeProblem(expression: string): string | undefined {
  const fields = expression.split(/\s+/);
  const [first = ''] = fields;
  if (first === '@reboot')
    return '@reboot is not a time; to run it once at each start, use run_on_start or type = "oneshot"';
  if (first === '@every') return `for a period, write every = "${fields[1] ?? '5m'}" in place of schedule`;
  if (first.startsWith('@'))
    return fields.length === 1 && NICKNAMES.includes(first.toLowerCase())
      ? undefined
      : `"${expression}" is not one of ${NICKNAMES.join(', ')}`;
  if (fields.length === 5 || fields.length === 6) return undefined;
  const count = expression === '' ? 0 : fields.length;
  return `it has ${count} field${count === 1 ? '' : 's'}; a schedule has five (minute, hour, day of month, month, day of week), or six with seconds first`;
}

function parse(expression: string, timezone: string | undefined): Cron {
  const { Cron: Parsed } = croner();
  const zone = timezone ?? ownTimezone();
  return new Parsed(expression.trim(), {
    paused: true,
    mode: '5-or-6-parts',
    fixedTimeRule: 'no-wildcard',
    ...(zone !== undefined && { timezone: zone }),
  });
}

/** By TZ, or /etc/localtime. An empty TZ is UTC (tzset(3)), for which Intl has no name. @returns undefined: one without a name */
function ownTimezone(): string | undefined {
  const name: string | undefined = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return name === undefined || isTimezone(name) ? name : 'UTC';
}

/** At once: a configuration is checked without a pause. In a bundle it is a bundle of its own (`build/bundle.ts`). */
function croner(): typeof import('croner') {
  return typeof require === 'function' ? require('croner') : createRequire(import.meta.url)('croner');
}

/** As croner says it, without its own names: `CronPattern: Invalid value for minute: 70`. */
function plain(message: string): string {
  const words = message
    .replace(/^Cron\w+: /, '')
    .replace(/^Syntax error, /, '')
    .replace('dayOfWeek', 'day of week');
  return words.charAt(0).toLowerCase() + words.slice(1);
}
