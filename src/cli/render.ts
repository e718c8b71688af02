/** What instances look like as text. Pure: snapshot in, lines out. */

import { exitInShort } from '../exit-status.ts';
import type { WireExitStatus, WireInstance } from '../rpc/contract/contract.ts';
import { durationInWords, shortDuration } from '../units.ts';
import { STATES, type StateTone } from '../wire/states.ts';
import { plainLine } from './plain-text.ts';

export interface Look {
  readonly colour: boolean;
  /** Columns of the terminal; undefined: lines of any length. */
  readonly width: number | undefined;
}

/** SGR parameters (ECMA-48): green, yellow, red, faint. */
const SGR: Readonly<Record<StateTone, string>> = { good: '32', busy: '33', bad: '31', quiet: '2' };

/** `nginx: healthcheck since 2 seconds`, with the reason where something is not as it should be. */
export function sentence(instance: WireInstance, look: Look): string {
  const { name, state, state_age_ms: ageMs } = instance;
  const reason = STATES[state].tellsWhy ? reasonOf({ ...instance, dropped_output: [] }) : '';
  const told = `${plainLine(name)}: ${painted(state, STATES[state].tone, look)} since ${durationInWords(ageMs)}`;
  const says = reason === '' && instance.status_text ? ` (says: ${plainLine(instance.status_text)})` : '';
  const whole = reason === '' ? `${told}${says}` : `${told} (${reason})`;
  const lost = droppedBytes(instance);
  return lost === 0 ? whole : `${whole}; dropped ${lost} bytes of its output`;
}

function droppedBytes({ dropped_output: dropped = [] }: WireInstance): number {
  return dropped.reduce((sum, { bytes }) => sum + bytes, 0);
}

const COLUMNS = ['NAME', 'STATE', 'HEALTH', 'PID', 'UPTIME', 'RESTARTS', 'LAST EXIT', 'REASON'] as const;

/** All instances as an aligned table, names first; the reason comes last and is cut where the line ends. */
export function table(instances: readonly WireInstance[], look: Look): readonly string[] {
  const rows = instances.map(cellsOf);
  const widths = COLUMNS.map((title, column) =>
    rows.reduce((width, row) => Math.max(width, (row[column] ?? '').length), title.length),
  );
  const line = (cells: readonly string[], tone: StateTone | undefined): string => {
    const padded = cells.map((cell, column) =>
      column === COLUMNS.length - 1 ? cell : cell.padEnd(widths[column] ?? 0),
    );
    const cut = fit(padded.join('  ').trimEnd(), look.width);
    if (tone === undefined || !look.colour) return cut;
    const from = (widths[0] ?? 0) + 2;
    const to = from + (cells[1] ?? '').length;
    return cut.slice(0, from) + painted(cut.slice(from, to), tone, look) + cut.slice(to);
  };
  return [
    line(COLUMNS, undefined),
    ...instances.map((instance, index) => line(rows[index] ?? [], STATES[instance.state].tone)),
  ];
}

function cellsOf(instance: WireInstance): readonly string[] {
  return [
    plainLine(instance.name),
    instance.state,
    instance.health === 'none' ? '-' : instance.health,
    instance.pid === null ? '-' : String(instance.pid),
    instance.uptime_ms === null ? '-' : shortDuration(instance.uptime_ms),
    String(instance.restarts),
    instance.last_exit === null ? '-' : exitText(instance.last_exit.status),
    reasonOf(instance),
  ];
}

function reasonOf(instance: WireInstance): string {
  // The time of the last run stands beside its result.
  const isAwaited = instance.state === 'scheduled' && instance.schedule !== undefined;
  const parts = instance.reason === null || isAwaited ? [] : [plainLine(instance.reason)];
  if (instance.state === 'waiting' && parts.length === 0) {
    parts.push(`waits for ${instance.waiting_for.map(plainLine).join(', ')}`);
  }
  const lost = droppedBytes(instance);
  if (instance.status_text !== undefined) parts.push(`says: ${plainLine(instance.status_text)}`);
  if (lost > 0) parts.push(`dropped ${lost} bytes of its output`);
  parts.push(...scheduleParts(instance));
  if (instance.retry_in_ms !== null) parts.push(`next try in ${shortDuration(instance.retry_in_ms)}`);
  return parts.join('; ');
}

/** When its next run comes, and what came of the last one. */
export function scheduleParts({ schedule }: WireInstance): readonly string[] {
  if (schedule === undefined) return [];
  const { next_run_in_ms: nextInMs, last_run: last } = schedule;
  const parts = nextInMs === null ? [] : [`next run in ${shortDuration(nextInMs)}`];
  if (last === null) return parts;
  const how = `${last.failed ? ' failed' : ''}: ${plainLine(last.outcome)} after ${shortDuration(last.duration_ms)}`;
  return [...parts, `last run ${runTime(last.started_at)}${how}`];
}

/** Universal time, to the second: `2026-03-01T02:30:00Z`. */
function runTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** As `exitInShort`, or `not started`. */
export function exitText(status: WireExitStatus | { readonly how: 'not-started' }, ahead = ''): string {
  return status.how === 'not-started' ? 'not started' : plainLine(exitInShort(status, ahead));
}

function painted(text: string, tone: StateTone, look: Look): string {
  return look.colour ? `\u001b[${SGR[tone]}m${text}\u001b[0m` : text;
}

function fit(line: string, width: number | undefined): string {
  if (width === undefined || width <= 0 || line.length <= width) return line;
  return width < 2 ? line.slice(0, width) : `${line.slice(0, width - 1)}…`;
}
