/**
 * Takes a range that nothing reads out of an executable's file, elf(5): the segment that it lies in becomes two, and what
 * comes after it in the file moves up. Addresses stay what they are; those of the range are not mapped any more.
 */

interface Segment {
  readonly type: number;
  readonly flags: number;
  readonly offset: bigint;
  readonly address: bigint;
  readonly physical: bigint;
  readonly fileBytes: bigint;
  readonly memoryBytes: bigint;
  readonly alignment: bigint;
}

const LOAD = 1;
const NOTE = 4;
const MAGIC = 0x7f454c46;
const IS_64_BIT = 2;
const IS_LITTLE_ENDIAN = 1;
const SEGMENT_BYTES = 56;

/**
 * @returns the file without the bytes from `from` to `to`, or a little less: whole pages. Without its section headers
 *   too, which only tools for building and debugging read.
 */
export function withoutRange(elf: Buffer, from: number, to: number): Buffer {
  if (elf.readUInt32BE(0) !== MAGIC || elf[4] !== IS_64_BIT || elf[5] !== IS_LITTLE_ENDIAN) {
    throw new Error('not a 64-bit little-endian ELF file');
  }
  const segments = readSegments(elf);
  const around = segments.findIndex(
    ({ type, offset, fileBytes }) => type === LOAD && offset <= from && to <= offset + fileBytes,
  );
  const segment = segments[around];
  if (segment === undefined) throw new Error('the range lies in no segment');
  // A page on this machine may be a smaller one than on the next; the segment's alignment holds for all.
  const page = segment.alignment;
  const hole = { from: roundUp(BigInt(from), page), to: (BigInt(to) / page) * page };
  if (hole.to <= hole.from) return elf;
  // The table has no room for one more: a note, which nobody needs to run it, gives its place.
  const note = segments.findIndex(({ type }) => type === NOTE);
  if (note === -1) throw new Error('no program header that could be spared');
  const split = segments.flatMap((one, index) => {
    if (index === around) return halves(one, hole);
    return index === note ? [] : [movedUp(one, hole)];
  });
  const file = Buffer.concat([
    elf.subarray(0, Number(hole.from)),
    elf.subarray(Number(hole.to), endOfSegments(segments)),
  ]);
  writeSegments(file, split);
  dropSectionHeaders(file);
  return file;
}

interface Hole {
  readonly from: bigint;
  readonly to: bigint;
}

function halves(segment: Segment, hole: Hole): readonly [Segment, Segment] {
  const before = hole.from - segment.offset;
  const gone = hole.to - segment.offset;
  return [
    { ...segment, fileBytes: before, memoryBytes: before },
    {
      ...segment,
      offset: hole.from,
      address: segment.address + gone,
      physical: segment.physical + gone,
      fileBytes: segment.fileBytes - gone,
      memoryBytes: segment.memoryBytes - gone,
    },
  ];
}

function movedUp(segment: Segment, hole: Hole): Segment {
  return segment.offset < hole.to ? segment : { ...segment, offset: segment.offset - (hole.to - hole.from) };
}

function roundUp(value: bigint, unit: bigint): bigint {
  return ((value + unit - 1n) / unit) * unit;
}

/** Section headers, and what is only theirs, come last. */
function endOfSegments(segments: readonly Segment[]): number {
  return Math.max(...segments.map(({ offset, fileBytes }) => Number(offset + fileBytes)));
}

function readSegments(elf: Buffer): readonly Segment[] {
  const table = Number(elf.readBigUInt64LE(32));
  return Array.from({ length: elf.readUInt16LE(56) }, (_, index) => {
    const at = table + index * SEGMENT_BYTES;
    return {
      type: elf.readUInt32LE(at),
      flags: elf.readUInt32LE(at + 4),
      offset: elf.readBigUInt64LE(at + 8),
      address: elf.readBigUInt64LE(at + 16),
      physical: elf.readBigUInt64LE(at + 24),
      fileBytes: elf.readBigUInt64LE(at + 32),
      memoryBytes: elf.readBigUInt64LE(at + 40),
      alignment: elf.readBigUInt64LE(at + 48),
    };
  });
}

function writeSegments(elf: Buffer, segments: readonly Segment[]): void {
  const table = Number(elf.readBigUInt64LE(32));
  for (const [index, segment] of segments.entries()) {
    const at = table + index * SEGMENT_BYTES;
    elf.writeUInt32LE(segment.type, at);
    elf.writeUInt32LE(segment.flags, at + 4);
    elf.writeBigUInt64LE(segment.offset, at + 8);
    elf.writeBigUInt64LE(segment.address, at + 16);
    elf.writeBigUInt64LE(segment.physical, at + 24);
    elf.writeBigUInt64LE(segment.fileBytes, at + 32);
    elf.writeBigUInt64LE(segment.memoryBytes, at + 40);
    elf.writeBigUInt64LE(segment.alignment, at + 48);
  }
}

/** e_shoff, e_shnum and e_shstrndx. */
function dropSectionHeaders(elf: Buffer): void {
  elf.writeBigUInt64LE(0n, 40);
  elf.writeUInt16LE(0, 60);
  elf.writeUInt16LE(0, 62);
}
