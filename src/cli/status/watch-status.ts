/** `status --watch`: the table drawn again in its place on a terminal, else a line for each change. */

import type { Invocation } from '../command.ts';
import { untilInterrupted } from '../interrupt.ts';
import { canMoveCursor, jsonText, say, wantsColour } from '../io.ts';
import { type Look, sentence, table } from '../render.ts';
import { FollowedStatus, type StatusChange } from './followed-status.ts';

/** Ages grow while nothing happens. */
const REDRAW_MS = 1_000;

export async function watchStatus({ operands, flags, io, signal, connect }: Invocation): Promise<number> {
  const client = await connect();
  const isJson = flags.has('--json');
  const isDrawn = io.stdout.isTTY === true && !isJson && canMoveCursor(io);
  const drawing = new Drawing();
  const lookNow = (): Look => ({ colour: wantsColour(io), width: isDrawn ? io.stdout.columns : undefined });
  const draw = (): void => {
    const lines = table(followed.instances, lookNow());
    // What a terminal has not taken yet is out of date by the time it does.
    if (!io.stdout.writableNeedDrain)
      io.stdout.write(drawing.next(lines, io.stdout.rows ?? 24, io.stdout.columns ?? 80));
  };
  const tell = ({ draining, instances, removed }: StatusChange): void => {
    if (isJson) say(io, jsonText({ draining, instances, removed }));
    else if (isDrawn) draw();
    else {
      for (const instance of instances) say(io, sentence(instance, lookNow()));
      for (const name of removed) say(io, `${name}: removed`);
    }
  };
  const followed = await FollowedStatus.open(client, operands, tell);
  tell({ draining: false, instances: [...followed.instances], removed: [] });
  const timer = isDrawn ? setInterval(draw, REDRAW_MS) : undefined;
  if (isDrawn) io.stdout.on('resize', draw);
  try {
    return await untilInterrupted(client, io, signal);
  } finally {
    clearInterval(timer);
    io.stdout.off('resize', draw);
    if (client.isOpen) await followed.close();
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: ESC begins it
const COLOURS = /\u001b\[[0-9;]*m/g;
/** So that nothing flickers: shown only when it is whole (DEC private mode 2026); unknown modes are passed over. */
const FRAME_BEGINS = '\u001b[?2026h';
const FRAME_ENDS = '\u001b[?2026l';

/** Lines that take the place of those before (ECMA-48: CUU, ED). */
class Drawing {
  /** Columns of those that are shown. */
  #widths: readonly number[] = [];

  /**
   * @param height rows of the terminal: what does not fit is counted, or it would scroll away
   * @param width its columns: one that became narrower has folded what is shown
   */
  next(lines: readonly string[], height: number, width: number): string {
    const room = Math.max(2, height - 1);
    const shown =
      lines.length <= room ? lines : [...lines.slice(0, room - 1), `… and ${lines.length - room + 1} more`];
    const rows = this.#widths.reduce((sum, columns) => sum + Math.max(1, Math.ceil(columns / width)), 0);
    // Higher than the screen: its upper rows are gone for good.
    const up = Math.min(rows, height - 1);
    const back = up === 0 ? '\r' : `\r\u001b[${up}A`;
    this.#widths = shown.map((line) => line.replace(COLOURS, '').length);
    return `${FRAME_BEGINS}${back}\u001b[J${shown.map((line) => `${line}\n`).join('')}${FRAME_ENDS}`;
  }
}
