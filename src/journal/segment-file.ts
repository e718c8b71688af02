/** Reading one file of the journal: its index, made again where there is none, and the blocks that a query needs. */

import { join } from 'node:path';
import { OpenedFile } from '../files/open-descriptor.ts';
import { fileLater, openToRead, readLater, removeFile, renameFile } from '../files/safe-files.ts';
import type { JournalEntry } from '../supervisor/ports/journal.ts';
import type { Batch, Bounds } from './batch.ts';
import { IndexBuilder, idAndTime, indexText, readIndex, type SegmentIndex } from './segment-index.ts';
import { indexNameOf } from './segment-name.ts';

/** Read and parsed at once: takes a few milliseconds, then the event loop has its turn. */
const READ_BYTES = 128 * 1024;
/** No line of ours is nearly as long: what takes more is rubbish, and not read whole. */
const MOST_AT_ONCE_BYTES = 4 * 2 ** 20;
const FILE_MODE = 0o640;
const LARGEST_INDEX_BYTES = 16 * 2 ** 20;
const NEWLINE = 10;

/** Whole or not at all, whenever the engine ends. */
export async function writeIndex(directory: string, name: string, index: SegmentIndex): Promise<void> {
  const path = join(directory, indexNameOf(name));
  const unfinished = `${path}.new`;
  // What an engine left that was killed, or somebody else put there.
  await removeFile(unfinished).catch(() => undefined);
  const file = new OpenedFile(await fileLater({ work: 'create', path: unfinished, mode: FILE_MODE }));
  try {
    await file.writeAll(Buffer.from(indexText(index)));
  } finally {
    file.close();
  }
  await renameFile(unfinished, path);
}

/** Of a file that is no longer written to. One that an engine left without its index is gone through, once. */
export async function indexOf(directory: string, name: string, fileBytes: number): Promise<SegmentIndex> {
  const text = await readLater(join(directory, indexNameOf(name)), LARGEST_INDEX_BYTES).catch(() => '');
  const known = readIndex(text, fileBytes);
  if (known !== undefined) return known;
  const made = await makeIndex(join(directory, name));
  // Where it cannot be kept it is made again the next time.
  await writeIndex(directory, name, made).catch(() => undefined);
  return made;
}

async function makeIndex(path: string): Promise<SegmentIndex> {
  const file = new OpenedFile(await openToRead(path));
  try {
    const index = new IndexBuilder();
    let buffer = Buffer.alloc(READ_BYTES);
    for (;;) {
      const bytesRead = await file.read(buffer, index.bytes);
      const end = buffer.lastIndexOf(NEWLINE, bytesRead - 1) + 1;
      if (bytesRead === 0) return index;
      if (end > 0) addLines(index, buffer.subarray(0, end));
      // What follows is a torn line, unless the buffer is too small to tell.
      else if (bytesRead < buffer.length || buffer.length >= MOST_AT_ONCE_BYTES) return index;
      else buffer = Buffer.alloc(2 * buffer.length);
    }
  } finally {
    file.close();
  }
}

function addLines(index: IndexBuilder, lines: Buffer): void {
  for (let from = 0; from < lines.length; ) {
    const end = lines.indexOf(NEWLINE, from) + 1;
    const begun = idAndTime(lines.toString('latin1', from, Math.min(end, from + 64)));
    if (begun === undefined) index.skip(end - from);
    else index.add(begun, end - from);
    from = end;
  }
}

export interface Selection extends Bounds {
  /** Texts that each wanted line contains. */
  readonly needles: readonly string[];
  readonly fromTheEnd: boolean;
}

/** The blocks in which there may be something, in the direction of the selection, several at a time. */
export async function* readBlocks(
  path: string,
  index: SegmentIndex,
  selection: Selection,
): AsyncGenerator<Batch> {
  const stretches = stretchesOf(index, selection);
  if (stretches.length === 0) return;
  const file = new OpenedFile(await openToRead(path));
  const needles = selection.needles.map((needle) => Buffer.from(needle));
  // One for all: as many large ones as a query reads would keep the collector busy.
  const buffer = Buffer.allocUnsafe(Math.max(...stretches.map(({ from, to }) => to - from)));
  try {
    for (const stretch of selection.fromTheEnd ? stretches.toReversed() : stretches) {
      const { from, to, firstId, lastId } = stretch;
      const bytesRead = await file.read(buffer.subarray(0, to - from), from);
      const text = buffer.subarray(0, bytesRead);
      const isHopeless = needles.some((needle) => !text.includes(needle));
      const entries = isHopeless ? [] : parseLines(text.toString('utf8'), selection);
      yield { entries, firstId, lastId, bytes: to - from };
    }
  } finally {
    file.close();
  }
}

interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly firstId: number;
  readonly lastId: number;
}

/** Neighbouring blocks in the bounds, joined up to what is read at once. */
function stretchesOf({ blocks, bytes, lastId }: SegmentIndex, bounds: Bounds): Stretch[] {
  const stretches: Stretch[] = [];
  for (const [at, block] of blocks.entries()) {
    const next = blocks[at + 1];
    const end = next === undefined ? lastId : next.firstId - 1;
    if (block.maxTime < bounds.sinceMs || block.minTime > bounds.untilMs) continue;
    if (end <= bounds.afterId || block.firstId >= bounds.beforeId) continue;
    const to = Math.min(next?.offset ?? bytes, block.offset + MOST_AT_ONCE_BYTES);
    const stretch = { from: block.offset, to, firstId: block.firstId, lastId: end };
    const last = stretches.at(-1);
    const isOneRead = last?.to === stretch.from && stretch.to - last.from <= READ_BYTES;
    if (last !== undefined && isOneRead)
      stretches[stretches.length - 1] = { ...stretch, from: last.from, firstId: last.firstId };
    else stretches.push(stretch);
  }
  return stretches;
}

/** Those that may be wanted. What is no entry (torn by a crash, or of somebody else) is passed over. */
function parseLines(text: string, selection: Selection): readonly JournalEntry[] {
  const { afterId, beforeId, sinceMs, untilMs, needles } = selection;
  const entries: JournalEntry[] = [];
  for (const line of text.split('\n')) {
    const begun = idAndTime(line);
    if (begun === undefined || begun.id <= afterId || begun.id >= beforeId) continue;
    if (begun.time < sinceMs || begun.time > untilMs) continue;
    if (!needles.every((needle) => line.includes(needle))) continue;
    try {
      entries.push(JSON.parse(line) as JournalEntry);
    } catch {
      // A line that was torn and that something was written behind.
    }
  }
  return entries;
}
