/** The mouse: the wheel scrolls what is below it, a click selects. It never acts. Pure. */

import type { Pointed } from '../../terminal/keys.ts';
import { layoutOf } from '../screen/layout.ts';
import { moved } from './commands.ts';
import { keyPressed } from './key-bindings.ts';
import type { Model, Step } from './model.ts';
import { scrollBy } from './scrolling.ts';

/** Of text; in the table the selection moves, row by row. */
const LINES_A_NOTCH = 3;

export function pointed(model: Model, { action, row }: Pointed): Step {
  // What was on its way when the mouse was switched off.
  if (!model.hasMouse) return only(model);
  if (model.prompt !== undefined || model.dialog !== undefined) {
    return action === 'click' ? only(model) : keyPressed(model, action === 'wheel-up' ? 'up' : 'down');
  }
  if (action === 'click') return only(clicked(model, row));
  const by = action === 'wheel-up' ? -1 : 1;
  const { paneTop } = layoutOf(model.size, model.instances.size, model.isFull);
  return only(row >= paneTop ? scrollBy(model, by * LINES_A_NOTCH) : moved(model, by));
}

function clicked(model: Model, row: number): Model {
  if (model.isFull) return model;
  const { tableTop, tableRows } = layoutOf(model.size, model.instances.size, false);
  const below = row - tableTop - 1;
  const selectedAt = model.firstRow + below;
  if (below < 0 || below >= tableRows || selectedAt >= model.rows.length) return model;
  return { ...model, selectedAt, selected: model.rows[selectedAt]?.id };
}

function only(model: Model): Step {
  return { model, requests: [] };
}
