/** Below the table, or over the whole screen: what happened in the engine, the newest at the bottom. Pure. */

import { plainLine } from '../../cli/plain-text.ts';
import { fit, widthOf, wrapWords } from '../../terminal/characters.ts';
import type { SeenEvent } from '../model/event-log.ts';
import { timeText } from '../model/figures.ts';
import type { Model } from '../model/model.ts';
import { BOLD, FAINT, type Grid, PLAIN, RED, type Style, YELLOW } from '../screen/cells.ts';
import { type Layout, PANE_MARGIN } from '../screen/layout.ts';
import { QUIET, STATE_STYLES, TITLE } from '../screen/tones.ts';

/** Below these widths a sentence has more use for the room. */
const COLUMNS_FOR_KIND = 120;
const COLUMNS_FOR_YEAR = 100;
const COLUMNS_FOR_DAY = 60;
const KIND_WIDTH = 18;

const MARKS: Readonly<Partial<Record<SeenEvent['level'], Style>>> = {
  warn: YELLOW,
  error: RED | BOLD,
  fatal: RED | BOLD,
};

export function drawEvents(grid: Grid, model: Model, layout: Layout): void {
  drawTitle(grid, model, layout.paneTop);
  const { shown, back } = model.events;
  const top = layout.paneTop + 1;
  if (shown.length === 0) {
    grid.put(top, PANE_MARGIN, nothingText(model), QUIET);
    return;
  }
  const rows = layout.paneRows;
  const stampWidth = stampOf(0, grid.columns).length + 2;
  const from = PANE_MARGIN + stampWidth + (grid.columns < COLUMNS_FOR_KIND ? 0 : KIND_WIDTH);
  const width = grid.columns - from - 1;
  const lines: { readonly event: SeenEvent; readonly text: string; readonly isFirst: boolean }[] = [];
  // The first page is a whole one, however far back the last line is.
  const last = Math.max(shown.length - 1 - back, Math.min(rows, shown.length) - 1);
  for (let at = last; at >= 0 && lines.length < rows; at--) {
    const event = shown[at];
    if (event === undefined) continue;
    // In so little room a name alone would be left of it.
    const isWrapped = model.followed.isWrapped || grid.columns < COLUMNS_FOR_DAY;
    const pieces = isWrapped ? wrapWords(event.text, width) : [fit(event.text, width)];
    for (let piece = pieces.length - 1; piece >= 0; piece--) {
      lines.push({ event, text: pieces[piece] ?? '', isFirst: piece === 0 });
    }
  }
  for (const [index, { event, text, isFirst }] of lines.slice(0, rows).reverse().entries()) {
    const row = top + index;
    if (isFirst) drawBeginning(grid, row, event);
    grid.put(row, from, text, PLAIN, grid.columns - 1);
    markState(grid, row, from, text, event.state);
  }
}

function drawTitle(grid: Grid, { events }: Model, row: number): void {
  grid.put(row, 0, '─'.repeat(grid.columns), FAINT);
  const { all, shown, filter, back } = events;
  const count = filter === '' ? `${all.length}` : `"${plainLine(filter)}": ${shown.length} of ${all.length}`;
  const right = ` ${count}  ${back === 0 ? 'following' : `${back} below`} `;
  const end = grid.put(row, PANE_MARGIN, ' events ', TITLE);
  const from = grid.columns - widthOf(right) - PANE_MARGIN;
  if (from > end) grid.put(row, from, right, QUIET);
}

function nothingText({ events }: Model): string {
  if (!events.isAsked) return '';
  return events.filter === '' ? 'nothing has happened yet' : 'nothing like that has happened; Esc shows all';
}

function drawBeginning(grid: Grid, row: number, { time, level, kind }: SeenEvent): void {
  const mark = MARKS[level];
  if (mark !== undefined) grid.put(row, 0, '!', mark);
  const stamp = stampOf(time, grid.columns);
  grid.put(row, PANE_MARGIN, stamp, QUIET);
  const from = PANE_MARGIN + stamp.length + 2;
  if (grid.columns >= COLUMNS_FOR_KIND) grid.put(row, from, fit(kind, KIND_WIDTH - 2), QUIET);
}

/** Universal time, as in the engine's log; as much of it as there is room for. */
function stampOf(time: number, columns: number): string {
  const whole = timeText(time);
  if (columns >= COLUMNS_FOR_YEAR) return whole;
  return columns >= COLUMNS_FOR_DAY ? whole.slice('2026-'.length, -1) : whole.slice('2026-01-01 '.length, -1);
}

/** The state that was reached has the colour that it has in the table. */
function markState(grid: Grid, row: number, from: number, text: string, state: string | undefined): void {
  if (state === undefined || !Object.hasOwn(STATE_STYLES, state)) return;
  const at = text.indexOf(`→ ${state}`);
  if (at === -1) return;
  const column = from + widthOf(text.slice(0, at)) + 2;
  grid.mark(row, STATE_STYLES[state as keyof typeof STATE_STYLES], column, column + state.length);
}
