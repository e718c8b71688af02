/** What an instance prints, as lines for the screen: bounded, and harmless whatever is in them. */

import { plainLine } from '../../cli/plain-text.ts';

export type Source = 'stdout' | 'stderr' | 'note';

export interface Line {
  readonly source: Source;
  readonly text: string;
}

export interface OutputLines {
  readonly lines: readonly Line[];
  /** By stream, the beginning of a line that has not ended, as it came. */
  readonly open: Readonly<Record<'stdout' | 'stderr', string>>;
  /** Lines that were there before, and are no more. */
  readonly dropped: number;
}

export const NO_OUTPUT: OutputLines = { lines: [], open: { stdout: '', stderr: '' }, dropped: 0 };
export const MAX_LINES = 5_000;
/** A longer line is cut: nobody reads it here. */
const MAX_LINE_LENGTH = 2_000;
// biome-ignore lint/suspicious/noControlCharactersInRegex: ESC begins it
const COLOURS = /\u001b\[[0-9;:]{0,64}m/g;

/** @param text decoded by somebody who puts characters split between chunks together */
export function append(output: OutputLines, stream: 'stdout' | 'stderr', text: string): OutputLines {
  const pieces = (output.open[stream] + text).split('\n');
  const open = bounded(pieces.pop() ?? '');
  const lines = pieces.map((piece) => ({ source: stream, text: shown(piece) }));
  return withLines({ ...output, open: { ...output.open, [stream]: open } }, lines);
}

/** What happened to the instance stands between its lines. */
export function note(output: OutputLines, text: string): OutputLines {
  const unfinished = openLines(output);
  return withLines({ ...output, open: NO_OUTPUT.open }, [...unfinished, { source: 'note', text }]);
}

/** All lines, those that have not ended yet included: a prompt has no newline. */
export function allLines(output: OutputLines): readonly Line[] {
  const open = openLines(output);
  return open.length === 0 ? output.lines : [...output.lines, ...open];
}

function openLines({ open }: OutputLines): readonly Line[] {
  return (['stdout', 'stderr'] as const)
    .filter((stream) => open[stream] !== '')
    .map((stream) => ({ source: stream, text: shown(open[stream]) }));
}

function withLines(output: OutputLines, added: readonly Line[]): OutputLines {
  const lines = [...output.lines, ...added];
  const surplus = Math.max(0, lines.length - MAX_LINES);
  return {
    ...output,
    lines: surplus === 0 ? lines : lines.slice(surplus),
    dropped: output.dropped + surplus,
  };
}

/**
 * What is kept of a line that has not ended: what was written over (a progress bar) is gone, or it would fill the room
 * of what is written next.
 */
function bounded(piece: string): string {
  if (piece.length <= MAX_LINE_LENGTH) return piece;
  // A carriage return at the end has not been written over yet.
  const over = piece.lastIndexOf('\r', piece.length - 2);
  const last = piece.slice(over + 1);
  return over !== -1 && last.length <= MAX_LINE_LENGTH ? last : last.slice(0, MAX_LINE_LENGTH);
}

/** Colours go, tabs are blanks, and a line that was written over shows what was written last. */
function shown(piece: string): string {
  const whole = piece.replace(/\r+$/, '');
  const from = whole.lastIndexOf('\r') + 1;
  const last = whole.slice(from, from + 4 * MAX_LINE_LENGTH);
  const plain = last.replace(COLOURS, '').replaceAll('\t', '    ');
  return plainLine(plain.slice(0, MAX_LINE_LENGTH));
}
