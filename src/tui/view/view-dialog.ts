/** What is laid over the screen: a question, a plan, help, the list of commands. Pure. */

import { commandsFor, keyLabel } from '../model/commands.ts';
import { dialogHint, dialogLines, dialogTitle } from '../model/dialog-lines.ts';
import type { Dialog, Prompt } from '../model/model.ts';
import { FAINT, type Grid, INVERSE } from '../screen/cells.ts';
import { putSpans, type SpanLine, span, widthOfSpans } from '../screen/spans.ts';
import { QUIET, TITLE } from '../screen/tones.ts';

const PALETTE_ROWS = 10;
const PALETTE_WIDTH = 58;
/** A frame, and a blank beside it, on both sides. */
const FRAME = 4;
/** Longer lines are hard to read. */
const MOST_COLUMNS = 80;

export function drawDialog(grid: Grid, dialog: Dialog): void {
  const lines = dialogLines(dialog, Math.min(grid.columns, MOST_COLUMNS) - FRAME);
  const hint = dialogHint(dialog);
  const widest = Math.max(hint.length, ...lines.map(widthOfSpans));
  const rows = Math.max(1, Math.min(lines.length, grid.rows - FRAME - 1));
  const from = dialog.kind === 'confirm' ? 0 : Math.min(dialog.from, Math.max(0, lines.length - rows));
  const box = boxOf(grid, widest + FRAME, rows + 2);
  drawBox(grid, box, dialogTitle(dialog), hint);
  for (const [index, line] of lines.slice(from, from + rows).entries()) {
    putSpans(grid, box.top + 1 + index, box.left + 2, line, box.left + box.columns - 2);
  }
}

export function drawPalette(grid: Grid, prompt: Prompt): void {
  const commands = commandsFor(prompt.text);
  const rows = Math.max(1, Math.min(PALETTE_ROWS, grid.rows - FRAME - 2));
  const box = boxOf(grid, PALETTE_WIDTH, rows + 2);
  drawBox(grid, box, 'commands', 'Enter: run   Esc: cancel');
  if (commands.length === 0) grid.put(box.top + 1, box.left + 2, 'nothing is called that', QUIET);
  const from = Math.max(0, prompt.chosen - rows + 1);
  for (const [index, { title, keys }] of commands.slice(from, from + rows).entries()) {
    const key = keyLabel(keys[0] ?? '');
    const line: SpanLine = [span(` ${key.padEnd(8)}`, TITLE), span(title)];
    const at = box.top + 1 + index;
    putSpans(grid, at, box.left + 1, line, box.left + box.columns - 1);
    if (from + index === prompt.chosen) grid.mark(at, INVERSE, box.left + 1, box.left + box.columns - 1);
  }
}

interface Box {
  readonly top: number;
  readonly left: number;
  readonly rows: number;
  readonly columns: number;
}

function boxOf(grid: Grid, columns: number, rows: number): Box {
  const width = Math.min(columns, grid.columns);
  const height = Math.min(rows, grid.rows - 1);
  return {
    top: Math.max(0, Math.floor((grid.rows - 1 - height) / 2)),
    left: Math.floor((grid.columns - width) / 2),
    rows: height,
    columns: width,
  };
}

function drawBox(grid: Grid, { top, left, rows, columns }: Box, title: string, hint: string): void {
  grid.clear(top, left, rows, columns);
  const right = left + columns - 1;
  const bottom = top + rows - 1;
  const line = '─'.repeat(Math.max(0, columns - 2));
  grid.put(top, left, `┌${line}┐`, FAINT);
  for (let row = top + 1; row < bottom; row++) {
    grid.put(row, left, '│', FAINT);
    grid.put(row, right, '│', FAINT);
  }
  grid.put(bottom, left, `└${line}┘`, FAINT);
  grid.put(top, left + 2, ` ${title} `, TITLE, right);
  grid.put(bottom, left + 2, ` ${hint} `, QUIET, right);
}
