/** Where in a file of the journal what is: for each block of lines its offset, first id and range of times. */

/** A block ends with the line that makes it as long as this. */
const BLOCK_BYTES = 64 * 1024;
const PREFIX = /^\{"id":(\d{1,16}),"time":(\d{1,16}(?:\.\d+)?)[,}]/;

export interface Block {
  readonly offset: number;
  readonly firstId: number;
  readonly minTime: number;
  readonly maxTime: number;
}

export interface SegmentIndex {
  /** Up to the end of the last whole line. */
  readonly bytes: number;
  readonly lastId: number;
  /** Never empty where there are bytes. */
  readonly blocks: readonly Block[];
}

interface GrowingBlock {
  readonly offset: number;
  readonly firstId: number;
  minTime: number;
  maxTime: number;
}

export class IndexBuilder implements SegmentIndex {
  readonly blocks: GrowingBlock[] = [];
  bytes = 0;
  lastId = 0;

  /** The next whole line of the file. */
  add({ id, time }: { readonly id: number; readonly time: number }, bytes: number): void {
    const last = this.blocks.at(-1);
    if (last === undefined || this.bytes - last.offset >= BLOCK_BYTES) {
      this.blocks.push({ offset: this.bytes, firstId: id, minTime: time, maxTime: time });
    } else {
      last.minTime = Math.min(last.minTime, time);
      last.maxTime = Math.max(last.maxTime, time);
    }
    this.bytes += bytes;
    this.lastId = id;
  }

  /** A line that is none: it belongs to the block, and nobody will find anything in it. */
  skip(bytes: number): void {
    this.bytes += bytes;
  }
}

/** @returns what each line begins with, without parsing the rest of it; undefined for a torn or foreign one. */
export function idAndTime(line: string): { readonly id: number; readonly time: number } | undefined {
  const match = PREFIX.exec(line);
  return match === null ? undefined : { id: Number(match[1]), time: Number(match[2]) };
}

export function indexText({ bytes, lastId, blocks }: SegmentIndex): string {
  const rows = blocks.map(({ offset, firstId, minTime, maxTime }) => [offset, firstId, minTime, maxTime]);
  return `${JSON.stringify({ bytes, last_id: lastId, blocks: rows })}\n`;
}

/** @returns undefined where the text is none, or belongs to a longer file than there is. */
export function readIndex(text: string, fileBytes: number): SegmentIndex | undefined {
  try {
    const { bytes, last_id: lastId, blocks } = JSON.parse(text);
    if (!isCount(bytes) || !isCount(lastId) || bytes > fileBytes || !Array.isArray(blocks)) return undefined;
    if (!blocks.every((row) => Array.isArray(row) && row.length === 4 && row.every(Number.isFinite)))
      return undefined;
    const isInOrder = blocks.every(
      ([offset], at) => isCount(offset) && offset < (blocks[at + 1]?.[0] ?? bytes),
    );
    if (!isInOrder) return undefined;
    const rows = blocks.map(([offset, firstId, minTime, maxTime]) => ({ offset, firstId, minTime, maxTime }));
    return { bytes, lastId, blocks: rows };
  } catch {
    return undefined;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
