/** Memory for bytes on their way to files, for all queues of an engine: used again, counted, and bounded. */

/** A line now and then should not cost a whole block. */
export const SMALL_BLOCK_BYTES = 4_096;
/** `medium` to gather what was read elsewhere, `large` to read into. */
const BLOCK_BYTES = { small: SMALL_BLOCK_BYTES, medium: 65_536, large: 262_144 } as const;
export type BlockKind = keyof typeof BLOCK_BYTES;

/** Spare blocks kept of each kind; small ones are left to the allocator. */
const MOST_SPARE: Readonly<Record<BlockKind, number>> = { small: 0, medium: 16, large: 8 };
/** With more than this in use, each queue has to make do with less: a thousand full ones would be a gigabyte. */
const CROWDED_BYTES = 32 * 1_048_576;

/** A file that finds it crowded may still take in one block to write and one that was just read. */
const MOST_WHEN_CROWDED_BYTES = BLOCK_BYTES.medium * 2 + BLOCK_BYTES.large;

export class BlockPool {
  readonly #spare: Readonly<Record<BlockKind, Buffer[]>> = { small: [], medium: [], large: [] };
  #bytesInUse = 0;

  /** Bytes of all blocks that somebody holds. */
  get bytesInUse(): number {
    return this.#bytesInUse;
  }

  /** True while all queues together hold a lot. */
  get isCrowded(): boolean {
    return this.#bytesInUse > CROWDED_BYTES;
  }

  /** What so many files can make it hold: up to where it is crowded, and beyond that what each may still add. */
  mostBytes(files: number): number {
    return files === 0 ? 0 : CROWDED_BYTES + files * MOST_WHEN_CROWDED_BYTES;
  }

  take(kind: BlockKind): Buffer {
    this.#bytesInUse += BLOCK_BYTES[kind];
    return this.#spare[kind].pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES[kind]);
  }

  give(block: Buffer): void {
    this.#bytesInUse -= block.length;
    const kind = kindOf(block);
    if (this.#spare[kind].length < MOST_SPARE[kind]) this.#spare[kind].push(block);
  }
}

function kindOf({ length }: Buffer): BlockKind {
  if (length === BLOCK_BYTES.large) return 'large';
  return length === BLOCK_BYTES.medium ? 'medium' : 'small';
}
