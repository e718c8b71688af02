/** Names of the journal's files: they sort by time, and tell the first id. */

import { listDirectoryNow } from '../files/safe-files.ts';

/** `20261125T100205.123Z-000000001234.jsonl` */
const NAME = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)\.(\d{3})Z-(\d{12,16})\.jsonl$/;

export interface SegmentName {
  readonly name: string;
  /** Epoch milliseconds; never before that of the file before it, whatever the clock does. */
  readonly time: number;
  readonly firstId: number;
}

export function segmentName(time: number, firstId: number): SegmentName {
  const stamp = new Date(time).toISOString().replaceAll(/[-:]/g, '');
  return { name: `${stamp}-${String(firstId).padStart(12, '0')}.jsonl`, time, firstId };
}

/** @returns undefined for a file that is none of the journal's. */
export function readSegmentName(name: string): SegmentName | undefined {
  const [, year, month, day, hour, minute, second, milli, id] = NAME.exec(name) ?? [];
  if (id === undefined) return undefined;
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${milli}Z`);
  return Number.isNaN(time) ? undefined : { name, time, firstId: Number(id) };
}

/** Oldest first. */
export function segmentsAmong(names: readonly string[]): readonly SegmentName[] {
  return names
    .map(readSegmentName)
    .filter((segment) => segment !== undefined)
    .sort((one, other) => one.firstId - other.firstId);
}

/** Throws what readdir does. */
export function segmentsIn(directory: string): readonly SegmentName[] {
  return segmentsAmong(listDirectoryNow(directory).map(({ name }) => name));
}

export function indexNameOf(segment: string): string {
  return segment.replace(/\.jsonl$/, '.index');
}
