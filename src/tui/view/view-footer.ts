/** The last row: what is being typed, what came of the last action, or which keys there are. Pure. */

import { plainLine } from '../../cli/plain-text.ts';
import { fit, wrapWords } from '../../terminal/characters.ts';
import { reasonOf } from '../model/instance-text.ts';
import { type Model, type Pane, type Prompt, selectedInstance, selectedRow } from '../model/model.ts';
import { type Grid, INVERSE } from '../screen/cells.ts';
import { putSpans, type SpanLine, span, widthOfSpans } from '../screen/spans.ts';
import { QUIET, TITLE, TONE_STYLES } from '../screen/tones.ts';
import { columnsOf } from './view-table.ts';

type Hint = readonly [key: string, what: string];

const TABLE_HINTS: readonly Hint[] = [
  ['?', 'help'],
  ['/', 'filter'],
  ['d', 'details'],
  ['Enter', 'full screen'],
  ['s', 'start'],
  ['x', 'stop'],
  ['r', 'restart'],
  ['R', 'reload'],
  ['e', 'events'],
  ['!', 'trouble'],
  ['o', 'sort'],
  [':', 'all'],
  ['q', 'leave'],
];
const OUTPUT_HINTS: readonly Hint[] = [
  ['Esc', 'back'],
  ['/', 'search'],
  ['↑↓', 'scroll'],
  ['End', 'follow'],
  ['w', 'wrap'],
  ['Tab', 'details'],
  ['e', 'events'],
  ['?', 'help'],
];
const DETAILS_HINTS: readonly Hint[] = [
  ['Esc', 'back'],
  ['↑↓', 'scroll'],
  ['Tab', 'events'],
  ['r', 'restart'],
  ['?', 'help'],
];
const EVENTS_HINTS: readonly Hint[] = [
  ['Esc', 'back'],
  ['/', 'filter'],
  ['↑↓', 'scroll'],
  ['End', 'follow'],
  ['w', 'wrap'],
  ['Tab', 'output'],
  ['?', 'help'],
];
const PANE_HINTS: Readonly<Record<Pane, readonly Hint[]>> = {
  output: OUTPUT_HINTS,
  details: DETAILS_HINTS,
  events: EVENTS_HINTS,
};

const MOST_SAID_ROWS = 4;

export function drawFooter(grid: Grid, model: Model, row: number): void {
  if (model.prompt !== undefined) {
    drawPrompt(grid, row, model.prompt, model);
    return;
  }
  if (model.said !== undefined) {
    drawSaid(grid, row, model.said);
    return;
  }
  const reason = hiddenReason(model);
  if (reason !== '') {
    grid.put(row, 1, fit(reason, grid.columns - 2));
    return;
  }
  const from = putSpans(grid, row, 1, filterSpans(model));
  drawHints(grid, row, from, hintsOf(model));
}

/** A sentence that says what to do is worth the rows above, while it stands there. */
function drawSaid(grid: Grid, row: number, { text, tone }: NonNullable<Model['said']>): void {
  const width = grid.columns - 2;
  const lines = wrapWords(plainLine(text), width);
  const shown = lines.slice(0, MOST_SAID_ROWS - 1);
  const rest = lines.slice(MOST_SAID_ROWS - 1).join(' ');
  if (rest !== '') shown.push(fit(rest, width));
  const top = row - shown.length + 1;
  grid.clear(top, 0, shown.length, grid.columns);
  for (const [index, line] of shown.entries()) grid.put(top + index, 1, line, TONE_STYLES[tone]);
}

function hintsOf({ isFull, pane }: Model): readonly Hint[] {
  return isFull ? PANE_HINTS[pane] : TABLE_HINTS;
}

function drawHints(grid: Grid, row: number, from: number, hints: readonly Hint[]): void {
  let at = from;
  for (const [key, what] of hints) {
    const spans: SpanLine = [span(key, TITLE), span(` ${what}`, QUIET)];
    if (at + widthOfSpans(spans) > grid.columns - 1) return;
    at = putSpans(grid, row, at, spans) + 2;
  }
}

const QUESTIONS: Readonly<Record<Prompt['kind'], string>> = {
  filter: 'filter: ',
  'event-filter': 'filter events: ',
  search: 'search: ',
  palette: 'command: ',
  signal: 'signal to ',
};

function drawPrompt(grid: Grid, row: number, { kind, text }: Prompt, model: Model): void {
  const target = kind === 'signal' ? `${plainLine(selectedRow(model)?.target ?? '')}: ` : '';
  const at = grid.put(row, 1, `${QUESTIONS[kind]}${target}`, TITLE);
  const room = grid.columns - at - 2;
  // The end is where one types.
  const end = grid.put(row, at, plainLine(text.slice(-Math.max(1, room))));
  grid.mark(row, INVERSE, end, Math.min(end + 1, grid.columns));
  const count = countOf(kind, model);
  const from = grid.columns - count.length - 1;
  if (from > end + 2) grid.put(row, from, count, QUIET);
}

/** What a filter leaves, while it is typed. */
function countOf(kind: Prompt['kind'], { rows, instances, events }: Model): string {
  if (kind === 'filter') return `${rows.length} of ${instances.size}`;
  return kind === 'event-filter' ? `${events.shown.length} of ${events.all.length}` : '';
}

function filterSpans({ filter, isTroubleOnly, rows, instances }: Model): SpanLine {
  if (filter === '' && !isTroubleOnly) return [];
  const what = [isTroubleOnly ? 'in trouble' : '', filter === '' ? '' : `"${plainLine(filter)}"`];
  const told = `${what.filter(Boolean).join(', ')}: ${rows.length} of ${instances.size}`;
  return [span(told), span('  Esc', TITLE), span(' all   ', QUIET)];
}

/** Where the table has no room for it, the reason of the selected one stands here. */
function hiddenReason(model: Model): string {
  const tracked = selectedInstance(model);
  if (tracked === undefined || model.isFull) return '';
  if (columnsOf(model).some(({ title }) => title === 'REASON')) return '';
  return reasonOf(tracked, model.now);
}
