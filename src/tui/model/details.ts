/** Everything about one instance, as lines. Pure. */

import { chainText } from '../../cli/event-words.ts';
import { plainLine, plainText } from '../../cli/plain-text.ts';
import { exitText } from '../../cli/render.ts';
import type { WireWhy } from '../../rpc/contract/contract.ts';
import { wrapWords } from '../../terminal/characters.ts';
import { durationInWords, shortDuration } from '../../units.ts';
import { BOLD, GREEN, RED } from '../screen/cells.ts';
import { type SpanLine, span } from '../screen/spans.ts';
import { QUIET, STATE_STYLES } from '../screen/tones.ts';
import { age, percent, shortBytes, sparkline, timeText } from './figures.ts';
import { causeOf, retryIn, scheduleTexts } from './instance-text.ts';
import { type Model, selectedInstance } from './model.ts';
import type { ProcessFact } from './process-facts.ts';
import { ageOf, memoryOf, TRAIL_LENGTH, type Tracked } from './tracked.ts';

const LABEL_WIDTH = 11;
/** Nobody reads on here; a command line can be a hundred kilobytes. */
const MAX_VALUE = 2_000;

/** @param width of the text, margins left out */
export function detailLines(model: Model, width: number): readonly SpanLine[] {
  const tracked = selectedInstance(model);
  if (tracked === undefined) return [];
  const { report, facts = [] } = model.explained;
  const known = report?.instance.name === tracked.instance.name ? report : undefined;
  return [
    ...stateLines(tracked, model.now, width),
    ...labelled('says', tracked.instance.status_text ?? '', width),
    ...labelled('activated', activationOf(tracked), width),
    ...labelled(
      'because',
      known === undefined || known.chain.length < 2 ? '' : chainText(known.chain),
      width,
    ),
    ...labelled('next', nextOf(tracked, known, model.now), width),
    ...labelled('about', tracked.instance.description ?? '', width),
    ...labelled('schedule', scheduleLine(tracked, model.now), width),
    ...lifeLines(tracked, model.now, width),
    ...usageLines(tracked),
    ...droppedLines(tracked, width),
    ...(known === undefined
      ? []
      : [...runLines(known, width), ...historyLines(known, width), ...probeLines(known, width)]),
    ...factLines(facts, width),
  ];
}

function activationOf({ instance: { activated_by: socket } }: Tracked): string {
  return socket === undefined ? '' : `by socket ${socket}`;
}

function label(text: string): SpanLine[number] {
  return span(text.padEnd(LABEL_WIDTH), QUIET);
}

/** Long values go on below themselves; nothing is shown where there is none. */
function labelled(name: string, value: string, width: number): readonly SpanLine[] {
  if (value === '') return [];
  return wrapWords(plainLine(value.slice(0, MAX_VALUE)), Math.max(8, width - LABEL_WIDTH)).map(
    (piece, index) => [label(index === 0 ? name : ''), span(piece)],
  );
}

function stateLines(tracked: Tracked, now: number, width: number): readonly SpanLine[] {
  const { state, desired } = tracked.instance;
  const wanted = desired === 'up' ? '' : `, wanted ${desired}`;
  const line = [
    label('state'),
    span(state, STATE_STYLES[state]),
    span(` for ${age(ageOf(tracked, now))}${wanted}`),
  ];
  return [line, ...labelled('why', causeOf(tracked), width)];
}

/** What the engine said of a retry was true when it said it: the seconds go on. */
function nextOf(tracked: Tracked, report: WireWhy | undefined, now: number): string {
  const retryMs = retryIn(tracked, now);
  return retryMs === undefined ? (report?.next ?? '') : `starts again in ${age(retryMs)}`;
}

function scheduleLine(tracked: Tracked, now: number): string {
  const { schedule } = tracked.instance;
  if (schedule === undefined) return '';
  const { expression, every_ms: everyMs, timezone } = schedule;
  const times = expression === undefined ? `every ${shortDuration(everyMs ?? 0)}` : expression;
  const zone = timezone === undefined ? '' : ` ${timezone}`;
  return [`${times}${zone}`, ...scheduleTexts(tracked, now)].join('; ');
}

function lifeLines({ instance, receivedAt }: Tracked, now: number, width: number): readonly SpanLine[] {
  const up = instance.uptime_ms === null ? '' : `, up ${age(instance.uptime_ms + now - receivedAt)}`;
  const pid = instance.pid === null ? '' : `${instance.pid}, incarnation ${instance.incarnation}${up}`;
  const { restarts, consecutive_restarts: inARow, last_exit: last } = instance;
  const counted = `${restarts}${inARow > 0 ? `, ${inARow} in a row` : ''}`;
  return [
    ...labelled('pid', pid, width),
    ...labelled('restarts', counted, width),
    ...labelled('last exit', last === null ? '' : lastExit(last), width),
  ];
}

type LastExit = NonNullable<Tracked['instance']['last_exit']>;

function lastExit(last: LastExit): string {
  const { status } = last;
  const how = exitText(status, 'exit code ');
  const message = status.how === 'not-started' ? `: ${status.message}` : '';
  const asked = last.requested ? ', as requested' : becauseOf(last);
  return `${timeText(last.at)}  ${how}${message} after ${durationInWords(last.uptime_ms)}${asked}`;
}

function becauseOf({ unhealthy, watchdog, start_timeout: startTimeout }: LastExit): string {
  if (unhealthy === true) return ', because it was unhealthy';
  if (watchdog === true) return ', because its watchdog expired';
  return startTimeout === true ? ', because its start took too long' : '';
}

function usageLines(tracked: Tracked): readonly SpanLine[] {
  const memory = memoryOf(tracked);
  if (memory === undefined) return [];
  const processes = tracked.instance.usage?.processes ?? 1;
  const cpu = tracked.cpuPercent === undefined ? '-' : percent(tracked.cpuPercent);
  return [
    [label('cpu'), span(cpu.padEnd(6)), span(sparkline(tracked.cpuTrail, TRAIL_LENGTH, 100), QUIET)],
    [
      label('memory'),
      span(shortBytes(memory).padEnd(6)),
      span(sparkline(tracked.memoryTrail, TRAIL_LENGTH, 0), QUIET),
      span(`  in ${processes} ${processes === 1 ? 'process' : 'processes'}`, QUIET),
    ],
  ];
}

function droppedLines({ instance }: Tracked, width: number): readonly SpanLine[] {
  return (instance.dropped_output ?? []).flatMap(({ stream, bytes, reason }) =>
    labelled('dropped', `${shortBytes(bytes)} of ${stream}: ${reason}`, width),
  );
}

function factLines(facts: readonly ProcessFact[], width: number): readonly SpanLine[] {
  if (facts.length === 0) return [];
  return [
    [],
    [span('configured', BOLD)],
    ...facts.flatMap(({ label: name, value }) => labelled(name, value, width)),
  ];
}

/** Newest first: that is what one looks for. */
function historyLines({ history }: WireWhy, width: number): readonly SpanLine[] {
  if (history.length === 0) return [];
  const lines = [...history].reverse().flatMap(({ time, from, to, reason }) => {
    const told = `${plainLine(from)} → ${plainLine(to)}${reason === null ? '' : `: ${plainLine(reason)}`}`;
    return dated(time, [span('')], told, width);
  });
  return [[], [span('history', BOLD)], ...lines];
}

function runLines({ runs = [] }: WireWhy, width: number): readonly SpanLine[] {
  if (runs.length === 0) return [];
  const lines = [...runs]
    .reverse()
    .flatMap(({ started_at: startedAt, duration_ms: durationMs, failed, outcome }) => {
      const verdict = span(failed ? 'failed' : 'succeeded', failed ? RED | BOLD : GREEN);
      return dated(startedAt, [verdict], ` after ${shortDuration(durationMs)}: ${plainLine(outcome)}`, width);
    });
  return [[], [span('runs', BOLD)], ...lines];
}

function probeLines({ probes }: WireWhy, width: number): readonly SpanLine[] {
  if (probes.length === 0) return [];
  const lines = [...probes]
    .reverse()
    .flatMap(({ started_at: startedAt, duration_ms: durationMs, passed, outcome, output }) => {
      const verdict = span(passed ? 'passed' : 'failed', passed ? GREEN : RED | BOLD);
      const told = ` after ${shortDuration(durationMs)}: ${plainLine(outcome)}`;
      const printed = plainText(output).trimEnd();
      const below = printed === '' ? [] : printed.split('\n');
      return [
        ...dated(startedAt, [verdict], told, width),
        ...below.map((line) => [span('    | ', QUIET), span(line.replaceAll('\t', ' '))]),
      ];
    });
  return [[], [span('health checks', BOLD)], ...lines];
}

function dated(time: number, begin: SpanLine, text: string, width: number): readonly SpanLine[] {
  const stamp = `  ${timeText(time)}  `;
  const room = Math.max(8, width - stamp.length - (begin[0]?.text.length ?? 0));
  return wrapWords(text.slice(0, MAX_VALUE), room).map((piece, index) =>
    index === 0 ? [span(stamp, QUIET), ...begin, span(piece)] : [span(' '.repeat(stamp.length)), span(piece)],
  );
}
