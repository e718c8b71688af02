import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { closeSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LogFile } from '../../src/output/files/log-file.ts';
import { BlockPool } from '../../src/output/memory/block-pool.ts';
import { Floods } from '../../src/output/pipes/floods.ts';
import { type PipeReader, PipeReaders } from '../../src/output/pipes/pipe-reader.ts';
import { openForAppend } from '../../src/output/sinks/open-file.ts';
import { SystemClock } from '../../src/system/clock.ts';
import { native } from '../../src/system/native.ts';
import { eventually } from '../support/eventually.ts';
import { hangingDisk } from '../support/hanging-disk.ts';
import { openPipe } from '../support/pipe.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

interface Rig {
  readonly floods: Floods;
  readonly pool: BlockPool;
  readonly folder: string;
  readonly file: LogFile;
  readonly sizes: number[];
  open(): { readonly reader: PipeReader; readonly writeFd: number; readonly isEnded: () => boolean };
}

interface Wishes {
  /** Milliseconds that a pause really takes. */
  readonly delay?: (ms: number) => number;
  /** The largest pipe the kernel agrees to. */
  readonly largestPipe?: number;
  readonly maxSizeBytes?: number;
  /** Of its log; a temporary one unless given. */
  readonly folder?: string;
}

function rig(
  context: TestContext,
  {
    delay = (ms) => ms,
    largestPipe = Infinity,
    maxSizeBytes,
    folder = temporaryFolder(context),
  }: Wishes = {},
): Rig {
  const path = join(folder, 'log');
  const real = new SystemClock();
  const clock = {
    now: () => real.now(),
    after: (ms: number, callback: () => void) => real.after(delay(ms), callback),
  };
  const pool = new BlockPool();
  const sizes: number[] = [];
  const resizePipe = (fd: number, bytes: number): number => {
    const size = native().resizePipe(fd, Math.min(bytes, largestPipe));
    sizes.push(size);
    return size;
  };
  const floods = new Floods({ clock, pool, resizePipe });
  const unwanted = (what: unknown): never => assert.fail(`told: ${what}`);
  const reports = { onFailed: unwanted, onRestored: () => unwanted('restored'), onDropped: unwanted };
  const file = new LogFile(
    path,
    openForAppend(path),
    { maxSizeBytes, maxFiles: 1_000, compress: false },
    { clock: real, pool, reports },
  );
  const readers = new PipeReaders();
  const openOne: Rig['open'] = () => {
    const { readFd, writeFd } = openPipe();
    let isEnded = false;
    const reader = readers.open(
      readFd,
      {
        onData: (bytes, keep) => {
          const mayGoOn = file.write(bytes, keep);
          if (!mayGoOn) file.onDrain(() => reader.resume());
          return mayGoOn;
        },
        onEnd: () => {
          isEnded = true;
        },
      },
      floods,
    );
    context.after(() => reader.close());
    return { reader, writeFd, isEnded: () => isEnded };
  };
  return { floods, pool, folder, file, sizes, open: openOne };
}

/** As a process would: as fast as the pipe takes it. */
async function pour(fd: number, bytes: Buffer, pieceBytes: number): Promise<void> {
  for (let from = 0; from < bytes.length; ) {
    try {
      from += writeSync(fd, bytes, from, Math.min(pieceBytes, bytes.length - from));
      if (Math.floor(from / pieceBytes) % 16 === 0) await nextTurn();
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'EAGAIN');
      await nextTurn();
    }
  }
}

const lines = (count: number): Buffer =>
  Buffer.from(Array.from({ length: count }, (_, index) => `${index} ${'.'.repeat(index % 173)}\n`).join(''));
const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const numberOf = (name: string): number => Number(/\.(\d+)/.exec(name)?.[1] ?? 0);

function written(folder: string): Buffer {
  const names = readdirSync(folder).sort((one, other) => numberOf(other) - numberOf(one));
  return Buffer.concat(names.map((name) => readFileSync(join(folder, name))));
}

for (const pieceBytes of [100, 5_000, 65_536]) {
  for (const largestPipe of [8_192, 65_536, 1_048_576]) {
    test(`a flood in pieces of ${pieceBytes} through a pipe of ${largestPipe} is whole and in order`, async (context) => {
      const { open, file, folder, floods, pool } = rig(context, { largestPipe, maxSizeBytes: 700_000 });
      const { writeFd, isEnded } = open();
      native().resizePipe(writeFd, Math.min(largestPipe, 65_536));
      const sent = lines(60_000);
      await pour(writeFd, sent, pieceBytes);
      closeSync(writeFd);
      await eventually(isEnded);
      await file.close();
      assert.equal(digest(written(folder)), digest(sent));
      for (const name of readdirSync(folder))
        assert.equal(readFileSync(join(folder, name)).at(-1), 10, `${name} ends with a line`);
      floods.hurry();
      assert.equal(pool.bytesInUse, 0, 'all memory was given back');
    });
  }
}

test('a disk that does not answer holds the process up, not the engine, and nothing is lost', async (context) => {
  const disk = hangingDisk(context);
  const { open, file, folder, pool } = rig(context, { folder: disk.folder });
  const { writeFd, isEnded } = open();
  disk.hang();
  const sent = lines(60_000);
  const poured = pour(writeFd, sent, 65_536);
  await eventually(() => assert.ok(pool.bytesInUse >= 1_048_576));
  for (let turn = 0; turn < 1_000; turn++) await nextTurn();
  assert.ok(pool.bytesInUse < 3 * 1_048_576, `${pool.bytesInUse} bytes are held`);
  disk.answer();
  await poured;
  closeSync(writeFd);
  await eventually(isEnded);
  await file.close();
  assert.equal(digest(written(folder)), digest(sent));
});

test('a pipe that runs full is made larger, and small again once it was quiet', async (context) => {
  const { open, sizes } = rig(context, { delay: (ms) => (ms === 5_000 ? 20 : ms) });
  const { writeFd } = open();
  await pour(writeFd, lines(60_000), 65_536);
  await eventually(() => assert.deepEqual(sizes, [65_536, 1_048_576, 65_536]));
  await pour(writeFd, lines(60_000), 65_536);
  await eventually(() => assert.deepEqual(sizes.slice(3), [65_536 * 16, 65_536]));
  closeSync(writeFd);
});

test('no more than sixteen pipes are large at a time, and one that is closed makes room', async (context) => {
  const { open, sizes } = rig(context);
  const all = Array.from({ length: 17 }, open);
  for (const { writeFd } of all) await pour(writeFd, lines(20_000), 65_536);
  const large = (): number => sizes.filter((size) => size === 1_048_576).length;
  assert.equal(large(), 16);
  all[0]?.reader.close();
  await pour(all[16]?.writeFd ?? -1, lines(20_000), 65_536);
  assert.equal(large(), 17);
  for (const { writeFd } of all) closeSync(writeFd);
});

test('a flood in a pause is read at once when the engine is in a hurry, and there are no pauses any more', async (context) => {
  const { open, floods, file, folder } = rig(context, { delay: () => 1_000_000 });
  const { writeFd, isEnded } = open();
  const sent = lines(4_000);
  let from = 0;
  while (from < 300_000) {
    from += writeSync(writeFd, sent, from, 1_000);
    await nextTurn();
    if (from > 60_000 && from < 62_000) floods.hurry();
  }
  closeSync(writeFd);
  await eventually(isEnded);
  await file.close();
  assert.equal(digest(written(folder)), digest(sent.subarray(0, from)));
});

test('what a flood left in its pipe is handed on before another pipe is read', async (context) => {
  const { open, file, folder } = rig(context, { delay: () => 1_000_000 });
  const before = open();
  for (let index = 0; index < 60; index++) {
    writeSync(before.writeFd, `${'b'.repeat(99)}\n`);
    await nextTurn();
  }
  await file.idle();
  assert.ok(written(folder).length < 6_000, 'the flood is in a pause that has no end');
  before.reader.catchUp();
  const after = open();
  writeSync(after.writeFd, 'after\n');
  await eventually(() => assert.match(written(folder).toString(), /after/));
  assert.equal(written(folder).toString(), `${`${'b'.repeat(99)}\n`.repeat(60)}after\n`);
  closeSync(before.writeFd);
  closeSync(after.writeFd);
});

test('a reader that is ended in the pause of a flood hands on what the pipe holds', async (context) => {
  const { open, file, folder } = rig(context, { delay: () => 1_000_000 });
  const { reader, writeFd, isEnded } = open();
  for (let index = 0; index < 60; index++) {
    writeSync(writeFd, `${'b'.repeat(99)}\n`);
    await nextTurn();
  }
  reader.end();
  assert.ok(isEnded());
  await file.close();
  assert.equal(written(folder).length, 6_000);
  closeSync(writeFd);
});
