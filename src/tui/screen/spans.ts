/** A line as pieces of text, each in its style. */

import { widthOf } from '../../terminal/characters.ts';
import { type Grid, PLAIN, type Style } from './cells.ts';

export interface Span {
  readonly text: string;
  readonly style: Style;
}

export type SpanLine = readonly Span[];

export const span = (text: string, style: Style = PLAIN): Span => ({ text, style });

export function widthOfSpans(spans: SpanLine): number {
  return spans.reduce((sum, { text }) => sum + widthOf(text), 0);
}

/** @returns the column after the last */
export function putSpans(grid: Grid, row: number, column: number, spans: SpanLine, until?: number): number {
  return spans.reduce((at, { text, style }) => grid.put(row, at, text, style, until), column);
}
