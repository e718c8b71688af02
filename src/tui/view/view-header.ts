/** The first row: the engine, how its instances are, what they use. Pure. */

import { plainLine } from '../../cli/plain-text.ts';
import { fit } from '../../terminal/characters.ts';
import { age, percent, shortBytes } from '../model/figures.ts';
import type { EngineFacts, Model } from '../model/model.ts';
import type { State } from '../model/rows.ts';
import { memoryOf } from '../model/tracked.ts';
import { BOLD, type Grid, INVERSE, PLAIN, RED, type Style, YELLOW } from '../screen/cells.ts';
import { putSpans, type SpanLine, span, widthOfSpans } from '../screen/spans.ts';
import { QUIET, STATE_STYLES, TITLE } from '../screen/tones.ts';

/** Worst first: what is cut at the end matters least. */
const ORDER = Object.keys({
  failed: 0,
  blocked: 0,
  backoff: 0,
  unhealthy: 0,
  waiting: 0,
  preparing: 0,
  starting: 0,
  healthcheck: 0,
  running: 0,
  poststart: 0,
  stopping: 0,
  cleaning: 0,
  listening: 0,
  scheduled: 0,
  healthy: 0,
  completed: 0,
  stopped: 0,
  idle: 0,
} satisfies Record<State, 0>) as readonly State[];

const RESTING: ReadonlySet<State> = new Set(['completed', 'stopped', 'idle']);

/** Of this width or more the engine stands before the counts, which else, where there are any, begin the row: they never move. */
const COLUMNS_FOR_ENGINE = 140;

/** Shares of the memory limit. */
const RATHER_FULL = 0.8;
const ALMOST_FULL = 0.95;

interface Count {
  readonly state: State;
  readonly text: string;
}

export function drawHeader(grid: Grid, model: Model): void {
  const { connection } = model;
  if (connection.kind === 'lost') {
    const since = age(model.now - connection.at);
    const text = ` no engine for ${since}, trying again: ${plainLine(connection.reason)}`;
    grid.put(0, 0, fit(text, grid.columns).padEnd(grid.columns), RED | BOLD | INVERSE);
    return;
  }
  if (model.engine === undefined) {
    grid.put(0, 1, 'taskmaster', TITLE);
    grid.put(0, 13, 'connecting…', QUIET);
    return;
  }
  const isWide = grid.columns >= COLUMNS_FOR_ENGINE || model.instances.size === 0;
  const left = [...(isWide ? engineSpans(model.engine, model.now) : []), ...drainingSpans(model.engine)];
  const room = grid.columns - 2 - widthOfSpans(left);
  const right = usageFor(model, room, isWide);
  const counts = fitting(countsOf(model), room, widthOfSpans(right) + 2);
  const at = putSpans(grid, 0, 1, [...left, ...counts]);
  const from = grid.columns - widthOfSpans(right) - 1;
  if (from > at + 1) putSpans(grid, 0, from, right);
}

function engineSpans(engine: EngineFacts, now: number): SpanLine {
  return [
    span('taskmaster ', TITLE),
    span(`${plainLine(engine.version)}  `),
    span(`${uptimeText(engine, now)}   `, QUIET),
  ];
}

function uptimeText({ uptimeMs, receivedAt }: EngineFacts, now: number): string {
  return `up ${age(uptimeMs + now - receivedAt)}`;
}

function drainingSpans({ isDraining }: EngineFacts): SpanLine {
  return isDraining ? [span(' SHUTTING DOWN ', YELLOW | INVERSE), span('  ')] : [];
}

/** What is at rest makes room for what is used; half a count would be another count. */
function fitting(counts: readonly Count[], room: number, usageWidth: number): SpanLine {
  const kept = [...counts];
  while (widthOfCounts(kept) > room - usageWidth && RESTING.has(kept.at(-1)?.state ?? 'healthy')) kept.pop();
  while (kept.length > 1 && widthOfCounts(kept) > room) kept.pop();
  return kept.map(({ text, state }) => span(text, STATE_STYLES[state]));
}

function widthOfCounts(counts: readonly Count[]): number {
  return counts.reduce((sum, { text }) => sum + text.length, 0);
}

function countsOf({ instances }: Model): readonly Count[] {
  const counts = new Map<State, number>();
  for (const { instance } of instances.values()) {
    counts.set(instance.state, (counts.get(instance.state) ?? 0) + 1);
  }
  return ORDER.filter((state) => counts.has(state)).map((state, index) => ({
    state,
    text: `${index === 0 ? '' : '  '}${counts.get(state)} ${state}`,
  }));
}

/** What is used, as much of it as leaves room for the counts: most first. What comes and goes is at its left. */
function usageFor(model: Model, room: number, isWide: boolean): SpanLine {
  const [most = [], ...less] = usages(model);
  const uptime = model.engine === undefined || isWide ? '' : `${uptimeText(model.engine, model.now)}  `;
  const choices = [[span(uptime, QUIET), ...most], most, ...less];
  const counted = widthOfCounts(countsOf(model).filter(({ state }) => !RESTING.has(state)));
  return choices.find((spans) => counted + widthOfSpans(spans) + 2 <= room) ?? choices.at(-1) ?? [];
}

function usages({ instances, engine }: Model): readonly SpanLine[] {
  let cpu = 0;
  let own = 0;
  for (const tracked of instances.values()) {
    cpu += tracked.cpuPercent ?? 0;
    own += memoryOf(tracked) ?? 0;
  }
  const { container } = engine ?? {};
  const cpuSpans = [span('cpu ', QUIET), span(percent(cpu).padStart(4))];
  const limit = container?.memory_limit_bytes ?? undefined;
  const memory = limit === undefined ? own : (container?.memory_bytes ?? own);
  // Of a steady width, or all to the left of it would move.
  const memorySpans = [
    span('  mem ', QUIET),
    span(shortBytes(memory).padStart(4), limit === undefined ? PLAIN : nearness(memory / limit)),
  ];
  const limitSpans = limit === undefined ? [] : [span(` of ${shortBytes(limit)}`, QUIET)];
  const loadSpans = container === undefined ? [] : loadOf(container);
  return [
    [...loadSpans, ...cpuSpans, ...memorySpans, ...limitSpans],
    [...cpuSpans, ...memorySpans, ...limitSpans],
    [...cpuSpans, ...memorySpans],
  ];
}

/** Of the machine, beside what the container may keep busy: more than that waits. */
function loadOf({ load, processors }: NonNullable<EngineFacts['container']>): SpanLine {
  const style = load > processors ? YELLOW : PLAIN;
  return [
    span('load ', QUIET),
    span(load.toFixed(2).padStart(5), style),
    span(` of ${Number(processors.toFixed(1))}  `, QUIET),
  ];
}

/** How near to a limit, at which the kernel kills. */
function nearness(share: number): Style {
  if (share >= ALMOST_FULL) return RED | BOLD;
  return share >= RATHER_FULL ? YELLOW : PLAIN;
}
