/** The table of instances. Pure. */

import { plainLine } from '../../cli/plain-text.ts';
import { fit, widthOf } from '../../terminal/characters.ts';
import type { Model } from '../model/model.ts';
import { isTroubled, type Row } from '../model/rows.ts';
import { BOLD, type Grid, INVERSE, RED } from '../screen/cells.ts';
import type { Layout } from '../screen/layout.ts';
import { QUIET, TITLE } from '../screen/tones.ts';
import { type Column, columnsFor, GAP } from './columns.ts';

/** Before the names: `!` for what is in trouble. */
const MARGIN = 2;

export function columnsOf(model: Model): readonly Column[] {
  return columnsFor(model.size.columns - MARGIN - 1, model.instances.keys());
}

export function drawTable(grid: Grid, model: Model, layout: Layout): void {
  const columns = columnsOf(model);
  drawTitles(grid, model, layout, columns);
  if (model.rows.length === 0) {
    grid.put(layout.tableTop + 1, MARGIN, nothingText(model), QUIET);
    return;
  }
  for (let index = 0; index < layout.tableRows; index++) {
    const row = model.rows[model.firstRow + index];
    if (row === undefined) break;
    const at = layout.tableTop + 1 + index;
    drawRow(grid, at, row, model, columns);
    if (model.firstRow + index === model.selectedAt) grid.mark(at, INVERSE);
  }
}

function drawTitles(
  grid: Grid,
  model: Model,
  { tableTop, tableRows }: Layout,
  columns: readonly Column[],
): void {
  let at = MARGIN;
  let end = at;
  for (const { title, width, isRight, sort } of columns) {
    const text = sort !== undefined && sort === model.sort ? `${title}▾` : title;
    const from = isRight ? at + width - widthOf(text) : at;
    end = Math.max(end, grid.put(tableTop, from, text, TITLE));
    at += width + GAP;
  }
  if (model.rows.length <= tableRows) return;
  const place = `${model.selectedAt + 1}/${model.rows.length}`;
  const from = grid.columns - place.length - 1;
  if (from > end + 1) grid.put(tableTop, from, place, QUIET);
}

function drawRow(grid: Grid, at: number, row: Row, model: Model, columns: readonly Column[]): void {
  if (row.members.some(isTroubled)) grid.put(at, 0, '!', RED | BOLD);
  let column = MARGIN;
  for (const { width, isRight, cell } of columns) {
    const { text, style } = cell(row, model.now);
    const shown = fit(text, width);
    grid.put(at, isRight ? column + width - widthOf(shown) : column, shown, style, column + width);
    column += width + GAP;
  }
}

function nothingText(model: Model): string {
  if (model.engine === undefined) return '';
  if (model.instances.size === 0) return 'the configuration has no processes';
  if (model.isTroubleOnly && model.filter === '') return 'nothing is in trouble';
  return `nothing matches "${plainLine(model.filter)}"; Esc shows all`;
}
