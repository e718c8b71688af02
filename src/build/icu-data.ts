/**
 * The data of ICU inside Node: a third of its file, nearly all of it for other languages and old encodings. taskmaster
 * speaks English and UTF-8. What stays is what Node's own build keeps for `--with-intl=small-icu`: the root, English,
 * time zones, segmentation, normalisation; every other language falls back to these, as ICU does by itself.
 *
 * The layout is that of ICU's common data (icu4c/source/common/ucmndata.h): a header, then a table of contents with the
 * offsets of names and items from the end of the header, in the order of the names.
 */

interface Item {
  readonly name: string;
  readonly offset: number;
  readonly length: number;
}

export interface IcuData {
  /** In the file: where the table of contents begins, and where the last item does. */
  readonly start: number;
  readonly end: number;
  readonly items: readonly Item[];
}

const FORMAT = Buffer.from('CmnD');
const MAGIC = 0x27da;
/** From the header's start to its field `dataFormat`. */
const FORMAT_AT = 12;
const ENTRY_BYTES = 8;
const ITEM_ALIGNMENT = 16;
/** A file of one locale. `res_index` lists them all. */
const LOCALE = /^(?!res_index)[a-z]{2,3}(_.+)?$/;
const ENGLISH = /^en(_US|_001)?$/;

export function findIcuData(file: Buffer): IcuData {
  for (let at = file.indexOf(FORMAT); at !== -1; at = file.indexOf(FORMAT, at + 1)) {
    const header = at - FORMAT_AT;
    if (header >= 0 && file.readUInt16LE(header + 2) === MAGIC) {
      return readContents(file, header + file.readUInt16LE(header));
    }
  }
  throw new Error('no data of ICU in this Node: is it built without, or with that of the system?');
}

function readContents(file: Buffer, start: number): IcuData {
  const count = file.readUInt32LE(start);
  const entries = Array.from({ length: count }, (_, index) => {
    const entry = start + 4 + index * ENTRY_BYTES;
    const nameAt = start + file.readUInt32LE(entry);
    return {
      name: file.toString('latin1', nameAt, file.indexOf(0, nameAt)),
      offset: file.readUInt32LE(entry + 4),
    };
  });
  // Nothing says how long the last one is. It is of Zulu, and goes.
  const items = entries.map((entry, index) => ({
    ...entry,
    length: (entries[index + 1]?.offset ?? entry.offset) - entry.offset,
  }));
  return { start, end: start + (entries.at(-1)?.offset ?? 0), items };
}

/** @param name such as `icudt78l/curr/de_AT.res` */
export function isKept(name: string): boolean {
  const [, ...path] = name.split('/');
  const file = path.at(-1) ?? '';
  if (/\.(cnv|dict)$/.test(file) || path[0] === 'translit' || path[0] === 'rbnf') return false;
  if (!file.endsWith('.res')) return true;
  const stem = file.slice(0, -'.res'.length);
  return !LOCALE.test(stem) || ENGLISH.test(stem);
}

/** Writes the data again, in its place, with the kept items alone. @returns where in the file it ends now */
export function compactIcuData(file: Buffer, { start, end, items }: IcuData): number {
  const last = items.at(-1);
  const kept = items.filter(({ name }) => isKept(name));
  if (last === undefined || kept.includes(last)) throw new Error(`the last item of ICU is ${last?.name}`);
  const names = Buffer.from(kept.map(({ name }) => `${name}\0`).join(''), 'latin1');
  const namesAt = 4 + kept.length * ENTRY_BYTES;
  const contents = Buffer.alloc(namesAt);
  const parts: Buffer[] = [];
  let nameAt = namesAt;
  let offset = aligned(namesAt + names.length);
  const gap = Buffer.alloc(offset - namesAt - names.length);
  contents.writeUInt32LE(kept.length, 0);
  for (const [index, item] of kept.entries()) {
    contents.writeUInt32LE(nameAt, 4 + index * ENTRY_BYTES);
    contents.writeUInt32LE(offset, 8 + index * ENTRY_BYTES);
    nameAt += item.name.length + 1;
    const bytes = Buffer.alloc(aligned(item.length));
    file.copy(bytes, 0, start + item.offset, start + item.offset + item.length);
    parts.push(bytes);
    offset += bytes.length;
  }
  if (start + offset > end) throw new Error('the data of ICU has grown by being cut');
  Buffer.concat([contents, names, gap, ...parts]).copy(file, start);
  return start + offset;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ITEM_ALIGNMENT) * ITEM_ALIGNMENT;
}
