/** Reading back: output counts from its end, which grows; details from their beginning. Pure. */

import { wrap } from '../../terminal/characters.ts';
import { layoutOf, PANE_MARGIN } from '../screen/layout.ts';
import { detailLines } from './details.ts';
import { scrollEvents } from './event-log.ts';
import type { Model } from './model.ts';
import { allLines, type Line } from './output-lines.ts';

/** @param by lines; negative: towards the beginning */
export function scrollBy(model: Model, by: number): Model {
  if (model.pane === 'events') return { ...model, events: scrollEvents(model.events, by) };
  if (model.pane === 'details') {
    const { paneRows } = layoutOf(model.size, model.instances.size, model.isFull);
    const lines = detailLines(model, model.size.columns - 2 * PANE_MARGIN).length;
    const from = Math.min(Math.max(0, model.explained.from + by), Math.max(0, lines - paneRows));
    return { ...model, explained: { ...model.explained, from } };
  }
  const lines = allLines(model.followed.output);
  const { paneRows } = layoutOf(model.size, model.instances.size, model.isFull);
  const furthest = lines.length - firstPage(lines, model, paneRows);
  const back = Math.min(Math.max(0, Math.min(model.followed.back, furthest) - by), furthest);
  return { ...model, followed: { ...model.followed, back } };
}

/** How many lines the screen shows that begins with the first one: further back there is nothing. */
export function firstPage(lines: readonly Line[], { followed, size }: Model, rows: number): number {
  if (!followed.isWrapped) return Math.min(Math.max(1, rows), lines.length);
  const width = outputWidth(size.columns);
  let used = 0;
  const over = lines.slice(0, rows + 1).findIndex(({ text }) => {
    used += wrap(text, width).length;
    return used > rows;
  });
  return Math.max(Math.min(1, lines.length), over === -1 ? Math.min(lines.length, rows + 1) : over);
}

export function outputWidth(columns: number): number {
  return columns - PANE_MARGIN - 1;
}

/** Puts the next line that has the searched text at the bottom of the screen. */
export function findNext(model: Model, direction: 'older' | 'newer'): Model {
  const { followed } = model;
  const wanted = followed.search.toLowerCase();
  if (wanted === '') return model;
  const lines = allLines(followed.output);
  const step = direction === 'older' ? -1 : 1;
  let at = lines.length - 1 - followed.back + step;
  while (at >= 0 && at < lines.length && !lines[at]?.text.toLowerCase().includes(wanted)) at += step;
  if (at < 0 || at >= lines.length) {
    const text = `no ${direction} line with "${followed.search}"`;
    return { ...model, said: { tone: 'bad', text, at: model.now } };
  }
  return { ...model, followed: { ...followed, back: lines.length - 1 - at } };
}

/** From the newest line on, the one on the screen's last row included. */
export function findFirst(model: Model): Model {
  return findNext({ ...model, followed: { ...model.followed, back: -1 } }, 'older');
}
