/** One event, or one line of output, as a line for people. Pure. */

import type { WireEvent } from '../../rpc/contract/contract.ts';
import { plainLine } from '../plain-text.ts';

const COMMON: ReadonlySet<string> = new Set([
  'id',
  'time',
  'level',
  'event',
  'process',
  'instance',
  'incarnation',
  'caused_by',
]);

/** `2026-01-02T03:04:05.678Z info  state_changed web from=starting to=healthy` */
export function eventText(event: WireEvent): string {
  const subject = event.instance ?? event.process;
  const fields = Object.entries(event)
    .filter(([key, value]) => !COMMON.has(key) && value !== undefined)
    .map(([key, value]) => `${plainLine(key)}=${valueText(value)}`);
  const time = new Date(event.time).toISOString();
  const parts = [time, event.level.padEnd(5), plainLine(event.event)];
  if (subject !== undefined) parts.push(plainLine(subject));
  return [...parts, ...fields].join(' ');
}

/** `2026-01-02T03:04:05.678Z web stdout | listening on :80` */
export function outputText(line: {
  readonly time: number;
  readonly instance: string;
  readonly stream: string;
  readonly text: string;
}): string {
  const time = new Date(line.time).toISOString();
  return `${time} ${plainLine(line.instance)} ${plainLine(line.stream)} | ${plainLine(line.text)}`;
}

function valueText(value: unknown): string {
  if (typeof value === 'string' && /^[\w./:@%+-]+$/.test(value)) return value;
  return plainLine(JSON.stringify(value));
}
