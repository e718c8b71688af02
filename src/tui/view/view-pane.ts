/** Below the table, or over the whole screen: the output or the details of the selected instance. Pure. */

import { plainLine } from '../../cli/plain-text.ts';
import { fit, widthOf, wrap } from '../../terminal/characters.ts';
import { detailLines } from '../model/details.ts';
import { age } from '../model/figures.ts';
import { reasonOf } from '../model/instance-text.ts';
import { type Model, selectedInstance } from '../model/model.ts';
import { allLines, type Line } from '../model/output-lines.ts';
import { firstPage, outputWidth } from '../model/scrolling.ts';
import { ageOf } from '../model/tracked.ts';
import { FAINT, type Grid, INVERSE, PLAIN, RED, YELLOW } from '../screen/cells.ts';
import { type Layout, PANE_MARGIN } from '../screen/layout.ts';
import { putSpans, type SpanLine, span, widthOfSpans } from '../screen/spans.ts';
import { QUIET, STATE_STYLES, TITLE } from '../screen/tones.ts';
import { drawEvents } from './view-events.ts';

/** Less of a sentence says nothing. */
const LEAST_REASON = 16;

export function drawPane(grid: Grid, model: Model, layout: Layout): void {
  if (layout.paneRows <= 0) return;
  if (model.pane === 'events') {
    drawEvents(grid, model, layout);
    return;
  }
  const room = { top: layout.paneTop + 1, rows: layout.paneRows };
  if (model.pane === 'details') {
    const lines = detailLines(model, grid.columns - 2 * PANE_MARGIN);
    const from = Math.min(model.explained.from, Math.max(0, lines.length - room.rows));
    const more = lines.length - from - room.rows;
    drawTitle(grid, model, layout, more > 0 ? `${more} more` : '');
    for (const [index, line] of lines.slice(from, from + room.rows).entries()) {
      putSpans(grid, room.top + index, PANE_MARGIN, line, grid.columns - 1);
    }
    return;
  }
  drawTitle(grid, model, layout, outputPlace(model));
  drawOutput(grid, model, room);
}

function drawTitle(grid: Grid, model: Model, { paneTop }: Layout, right: string): void {
  grid.put(paneTop, 0, '─'.repeat(grid.columns), FAINT);
  const tracked = selectedInstance(model);
  if (tracked === undefined) return;
  const { name, state } = tracked.instance;
  const place = right === '' ? '' : ` ${right} `;
  const from = grid.columns - widthOf(place) - PANE_MARGIN;
  const what: SpanLine = [span(' '), span(plainLine(name), TITLE), span(` ${model.pane}  `)];
  // In full screen the table does not tell it.
  const how: SpanLine = [
    span(state, STATE_STYLES[state]),
    span(` ${age(ageOf(tracked, model.now))}  `, QUIET),
  ];
  const isFitting = PANE_MARGIN + widthOfSpans([...what, ...how]) < from;
  const spans = model.isFull && isFitting ? [...what, ...how] : what;
  const end = putSpans(grid, paneTop, PANE_MARGIN, spans, from - 1);
  if (from > end) grid.put(paneTop, from, place, QUIET);
  // The table has seldom room for all of it.
  const room = from - end - 2;
  const reason = room < LEAST_REASON ? '' : fit(reasonOf(tracked, model.now), room);
  if (model.pane === 'output' && reason !== '') grid.put(paneTop, end - 1, ` ${reason} `, PLAIN, from);
  else grid.put(paneTop, end - 1, '─', FAINT);
}

function outputPlace({ followed, isFull }: Model): string {
  const search = isFull && followed.search !== '' ? `"${plainLine(followed.search)}" n N  ` : '';
  if (followed.back === 0) return `${search}following`;
  return `${search}${followed.back} ${followed.back === 1 ? 'line' : 'lines'} below`;
}

function drawOutput(grid: Grid, model: Model, { top, rows }: { top: number; rows: number }): void {
  const { followed } = model;
  const lines = allLines(followed.output);
  if (lines.length === 0) {
    if (followed.name !== undefined) grid.put(top, PANE_MARGIN, 'nothing printed yet', QUIET);
    return;
  }
  const width = outputWidth(grid.columns);
  const shown: { line: Line; text: string }[] = [];
  // The first page is a whole one, however far back the last line is.
  const lastLine = Math.max(lines.length - 1 - followed.back, firstPage(lines, model, rows) - 1);
  // From there upwards, until the screen is full.
  for (let at = lastLine; at >= 0 && shown.length < rows; at--) {
    const line = lines[at];
    if (line === undefined) continue;
    const pieces = followed.isWrapped ? wrap(line.text, width) : [fit(line.text, width)];
    for (const piece of [...pieces].reverse()) shown.push({ line, text: piece });
  }
  for (const [index, { line, text }] of shown.slice(0, rows).reverse().entries()) {
    drawLine(grid, top + index, line, text, model.isFull ? followed.search : '');
  }
}

function drawLine(grid: Grid, row: number, { source }: Line, text: string, search: string): void {
  if (source === 'stderr') grid.put(row, 0, '!', YELLOW);
  if (source === 'note') {
    grid.put(row, PANE_MARGIN, `── ${text}`, FAINT);
    return;
  }
  grid.put(row, PANE_MARGIN, text, PLAIN, grid.columns - 1);
  if (search === '') return;
  const lower = text.toLowerCase();
  const wanted = search.toLowerCase();
  for (let at = lower.indexOf(wanted); at !== -1; at = lower.indexOf(wanted, at + wanted.length)) {
    const from = PANE_MARGIN + widthOf(text.slice(0, at));
    const until = Math.min(from + widthOf(text.slice(at, at + wanted.length)), grid.columns);
    grid.mark(row, INVERSE | RED, from, until);
  }
}
