/**
 * Lines that a process printed, kept as the bytes that were read: a flood of them costs a copy, and only lines that
 * somebody asks for, or that go to a file, become entries.
 */

import { isUtf8 } from 'node:buffer';
import { levelOf } from '../line-level.ts';
import type { JournalEntry, OutputEntry } from '../supervisor/ports/journal.ts';

const NEWLINE = 10;
const CARRIAGE_RETURN = 13;

export type OutputOrigin = Pick<OutputEntry, 'time' | 'process' | 'instance' | 'incarnation' | 'stream'>;

export interface OutputLines extends OutputOrigin {
  /** Whole lines with a newline between two of them; or one part of a longer line. Its own, nobody changes it. */
  readonly bytes: Buffer;
  readonly count: number;
  readonly isPart: boolean;
}

/** Its lines have the ids from `firstId` on. */
export interface OutputBlock extends OutputLines {
  readonly firstId: number;
}

/** What the journal takes in. */
export type JournalItem = JournalEntry | OutputBlock;

export function isBlock(item: JournalItem): item is OutputBlock {
  return 'bytes' in item && Buffer.isBuffer(item.bytes);
}

export function firstIdOf(item: JournalItem): number {
  return isBlock(item) ? item.firstId : item.id;
}

export function lastIdOf(item: JournalItem): number {
  return isBlock(item) ? item.firstId + item.count - 1 : item.id;
}

export function countOf(item: JournalItem): number {
  return isBlock(item) ? item.count : 1;
}

export function entriesOf(item: JournalItem): readonly JournalEntry[] {
  return isBlock(item) ? linesOf(item) : [item];
}

function linesOf({ firstId, bytes, count, isPart, ...origin }: OutputBlock): readonly OutputEntry[] {
  const { time, process, instance, incarnation, stream } = origin;
  const entries: OutputEntry[] = [];
  for (let from = 0; entries.length < count; ) {
    const newline = bytes.indexOf(NEWLINE, from);
    const end = newline === -1 ? bytes.length : newline;
    // Id and time first, as in every event: files are indexed by how their lines begin.
    const line = textOf(bytes.subarray(from, end), isPart);
    // One that tells none says how things are.
    const { level = 'info' } = levelOf(line.text);
    const begun = { id: firstId + entries.length, time, level, event: 'output' } as const;
    entries.push({ ...begun, process, instance, incarnation, stream, ...line });
    from = end + 1;
  }
  return entries;
}

function textOf(line: Buffer, isPart: boolean): Pick<OutputEntry, 'text' | 'is_part' | 'is_binary'> {
  const end = !isPart && line.at(-1) === CARRIAGE_RETURN ? line.length - 1 : line.length;
  const text = line.toString('utf8', 0, end);
  // Only where there is a replacement character is it worth asking whether the program wrote it itself.
  const isBinary = text.includes('\ufffd') && !isUtf8(line);
  return { text, ...(isPart && { is_part: true }), ...(isBinary && { is_binary: true }) };
}
