import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { LogFile } from '../../src/output/files/log-file.ts';
import { BlockPool } from '../../src/output/memory/block-pool.ts';
import { openForAppend } from '../../src/output/sinks/open-file.ts';
import { SystemClock } from '../../src/system/clock.ts';
import { eventually } from '../support/eventually.ts';
import { type SmallDisk, smallDisk } from '../support/small-disk.ts';

const MEBIBYTE = 1_048_576;

interface Rig {
  readonly disk: SmallDisk;
  readonly path: string;
  readonly file: LogFile;
  readonly told: { failed: string[]; restored: number; dropped: number };
}

function rig(context: TestContext): Rig {
  const disk = smallDisk(context, '64k');
  const path = join(disk.folder, 'log');
  const told: Rig['told'] = { failed: [], restored: 0, dropped: 0 };
  const reports = {
    onFailed: (message: string) => void told.failed.push(message),
    onRestored: () => {
      told.restored += 1;
    },
    onDropped: (bytes: number) => {
      told.dropped += bytes;
    },
  };
  const rules = { maxSizeBytes: undefined, maxFiles: 1, compress: false };
  const ports = { clock: new SystemClock(), pool: new BlockPool(), reports };
  const file = new LogFile(path, openForAppend(path), rules, ports);
  // Closed whatever becomes of the test: its retries would keep the runner waiting.
  context.after(() => file.close());
  return { disk, path, file, told };
}

const line = (index: number): Buffer => Buffer.from(`${String(index).padStart(98, '.')}\n`);

test('on a full disk what waits is held, told once, and written when there is room again', async (context) => {
  const { disk, path, file, told } = rig(context);
  let sent = '';
  for (let index = 0; index < 5_000; index++) {
    sent += line(index);
    file.write(line(index));
  }
  await eventually(() => assert.equal(told.failed.length, 1));
  assert.deepEqual(told.failed, ['No space left on device']);
  disk.resize('8m');
  await eventually(() => assert.equal(told.restored, 1));
  await file.idle();
  assert.equal(readFileSync(path, 'utf8'), sent);
  assert.deepEqual(told, { failed: ['No space left on device'], restored: 1, dropped: 0 });
  await file.close();
});

test('a process goes on printing while its disk is full: the oldest is dropped, to the byte as told', async (context) => {
  const { disk, path, file, told } = rig(context);
  file.write(Buffer.alloc(100_000, 'x'));
  await eventually(() => assert.equal(told.failed.length, 1));
  let sent = 100_000;
  for (let index = 0; sent < 5 * MEBIBYTE; index++) {
    sent += line(index).length;
    assert.ok(file.write(line(index)), 'nobody is asked to pause for a disk that may be full for ever');
  }
  disk.resize('16m');
  await eventually(() => assert.equal(told.restored, 1));
  await file.idle();
  const kept = statSync(path).size;
  assert.equal(kept + told.dropped, sent);
  assert.ok(kept >= MEBIBYTE && kept < MEBIBYTE + 200_000, `${kept} bytes were held`);
  assert.equal(told.failed.length, 1);
  await file.close();
});

test('a reader that had to pause goes on when the disk turns out to be full', async (context) => {
  const { file, told } = rig(context);
  assert.ok(!file.write(Buffer.alloc(2 * MEBIBYTE)), 'asked to pause');
  await new Promise<void>((resume) => file.onDrain(resume));
  await eventually(() => assert.equal(told.failed.length, 1));
  await file.close();
});

test('closing, and waiting for all to be written, do not wait for a disk that stays full', async (context) => {
  const { file, path, told } = rig(context);
  file.write(Buffer.alloc(300_000));
  await eventually(() => assert.equal(told.failed.length, 1));
  await file.idle();
  await file.close();
  assert.equal(statSync(path).size + told.dropped, 300_000);
  assert.equal(told.restored, 0);
});

test('rotation switched on while the disk is full makes room, and what waited is written', async (context) => {
  const { file, path, told } = rig(context);
  let sent = '';
  for (let index = 0; index < 1_000; index++) {
    sent += line(index);
    file.write(line(index));
  }
  await eventually(() => assert.equal(told.failed.length, 1));
  const inFullFile = statSync(path).size;
  file.useRules({ maxSizeBytes: 50_000, maxFiles: 0, compress: false });
  await eventually(() => assert.equal(told.restored, 1));
  await file.idle();
  assert.equal(readFileSync(path, 'utf8'), sent.slice(inFullFile));
  assert.equal(told.dropped, 0);
});
