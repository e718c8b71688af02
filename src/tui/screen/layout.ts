/** How the screen is divided. Pure: the update needs it to know what a page is, the view to draw. */

import type { Size } from './cells.ts';

export interface Layout {
  readonly tableTop: number;
  /** Rows of instances, without the titles. */
  readonly tableRows: number;
  /** Row of the lower pane's title; its body begins below. */
  readonly paneTop: number;
  /** 0: there is no room for it. */
  readonly paneRows: number;
  readonly footer: number;
}

const HEADER_ROWS = 1;
const TITLE_ROWS = 1;
const FOOTER_ROWS = 1;
/** Below this height the table has the screen for itself. */
const LEAST_ROWS_FOR_PANE = 16;
const LEAST_PANE_ROWS = 5;

/** Blanks beside the text of the lower pane; before output, `!` marks standard error there. */
export const PANE_MARGIN = 2;

/**
 * @param rowCount instances to be shown: few leave more to the pane
 */
export function layoutOf({ rows }: Size, rowCount: number, isFull: boolean): Layout {
  const footer = rows - FOOTER_ROWS;
  const below = footer - HEADER_ROWS;
  if (isFull) {
    const top = HEADER_ROWS;
    return { tableTop: top, tableRows: 0, paneTop: top, paneRows: Math.max(0, below - TITLE_ROWS), footer };
  }
  const tableTop = HEADER_ROWS;
  const forTable = below - TITLE_ROWS;
  if (rows < LEAST_ROWS_FOR_PANE) {
    return { tableTop, tableRows: Math.max(0, forTable), paneTop: footer, paneRows: 0, footer };
  }
  const most = Math.max(3, Math.ceil(forTable * 0.55));
  // Not by every instance that comes: the pane would move. It moves in steps of four.
  const wanted = Math.max(4, Math.ceil(rowCount / 4) * 4);
  const tableRows = Math.min(most, wanted, forTable - TITLE_ROWS - LEAST_PANE_ROWS);
  const paneTop = tableTop + TITLE_ROWS + tableRows;
  return { tableTop, tableRows, paneTop, paneRows: footer - paneTop - TITLE_ROWS, footer };
}
