/** The model as a screen. Pure: a screen is a golden file in the tests. */

import type { Model } from '../model/model.ts';
import { FAINT, Grid } from '../screen/cells.ts';
import { layoutOf } from '../screen/layout.ts';
import { drawDialog, drawPalette } from './view-dialog.ts';
import { drawFooter } from './view-footer.ts';
import { drawHeader } from './view-header.ts';
import { drawPane } from './view-pane.ts';
import { drawTable } from './view-table.ts';

const LEAST_COLUMNS = 24;
const LEAST_ROWS = 5;

export function view(model: Model): Grid {
  const { size } = model;
  const grid = new Grid(size);
  if (size.columns < LEAST_COLUMNS || size.rows < LEAST_ROWS) {
    grid.put(0, 0, `needs ${LEAST_COLUMNS} × ${LEAST_ROWS}`);
    return grid;
  }
  const layout = layoutOf(size, model.instances.size, model.isFull);
  const known = asLastKnown(model);
  if (!model.isFull) drawTable(grid, known, layout);
  drawPane(grid, known, layout);
  if (model.connection.kind === 'lost') {
    for (let row = 1; row < layout.footer; row++) grid.mark(row, FAINT);
  }
  drawHeader(grid, model);
  drawFooter(grid, model, layout.footer);
  if (model.prompt?.kind === 'palette') drawPalette(grid, model.prompt);
  if (model.dialog !== undefined) drawDialog(grid, model.dialog);
  return grid;
}

/** What was known last is still worth a look, but it is not how things are: it is faint, and grows no older. */
function asLastKnown(model: Model): Model {
  return model.connection.kind === 'lost' ? { ...model, now: model.connection.at } : model;
}
