import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { LogFile } from '../../src/output/files/log-file.ts';
import { BlockPool } from '../../src/output/memory/block-pool.ts';
import { openForAppend } from '../../src/output/sinks/open-file.ts';
import type { RotationRules } from '../../src/output/sinks/output-file.ts';
import { SystemClock } from '../../src/system/clock.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

interface Rig {
  readonly folder: string;
  readonly path: string;
  readonly file: LogFile;
  readonly told: string[];
}

function rig(context: TestContext, rules: Partial<RotationRules> = {}, path?: string): Rig {
  const folder = path === undefined ? temporaryFolder(context) : '';
  const where = path ?? join(folder, 'log');
  const told: string[] = [];
  const reports = {
    onFailed: (message: string) => void told.push(`failed: ${message}`),
    onRestored: () => void told.push('restored'),
    onDropped: (bytes: number) => void told.push(`dropped ${bytes}`),
  };
  const all = { maxSizeBytes: undefined, maxFiles: 3, compress: false, ...rules };
  const ports = { clock: new SystemClock(), pool: new BlockPool(), reports };
  return { folder, path: where, file: new LogFile(where, openForAppend(where), all, ports), told };
}

/** Writes like a pipe reader does: pauses when it is asked to. */
async function writeAll(file: LogFile, pieces: Iterable<string | Buffer>): Promise<void> {
  for (const piece of pieces) {
    if (!file.write(Buffer.from(piece))) await new Promise<void>((resume) => file.onDrain(resume));
  }
  await file.idle();
}

const text = (path: string): string => readFileSync(path, 'utf8');
const numbered = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `line ${String(index).padStart(5, '0')}\n`);

test('what is written is appended to what is there, in order', async (context) => {
  const folder = temporaryFolder(context);
  const path = join(folder, 'log');
  writeFileSync(path, 'before\n');
  const { file } = rig(context, {}, path);
  await writeAll(file, numbered(10_000));
  assert.equal(text(path), `before\n${numbered(10_000).join('')}`);
  await file.close();
});

test('50 MB in odd pieces through many rotations lose no byte, change no order and cut no line', async (context) => {
  const { file, folder, told } = rig(context, { maxSizeBytes: 3_000_000, maxFiles: 99 });
  const sent = createHash('sha256');
  function* pieces(): Generator<Buffer> {
    let left = Buffer.alloc(0);
    for (let index = 0, total = 0; total < 50_000_000; index++) {
      const line = Buffer.from(`${index} ${'.'.repeat((index * 7_919) % 397)}\n`);
      total += line.length;
      sent.update(line);
      left = Buffer.concat([left, line]);
      const size = (index * 104_729) % 65_536;
      if (left.length < size) continue;
      yield left.subarray(0, size);
      left = left.subarray(size);
    }
    yield left;
  }
  await writeAll(file, pieces());
  await file.close();
  const names = readdirSync(folder).sort((one, other) => numberOf(other) - numberOf(one));
  const received = createHash('sha256');
  for (const name of names) {
    const bytes = readFileSync(join(folder, name));
    received.update(bytes);
    assert.ok(bytes.length <= 3_000_000 + 4_096, `${name} has ${bytes.length} bytes`);
    assert.equal(bytes.at(-1), 10, `${name} ends with a line`);
  }
  assert.ok(names.length >= 17, `${names.length} files`);
  assert.equal(received.digest('hex'), sent.digest('hex'));
  assert.deepEqual(told, []);
});

function numberOf(name: string): number {
  return Number(/\.(\d+)/.exec(name)?.[1] ?? 0);
}

test('no more rotated files are kept than asked for, also when fewer are asked for later', async (context) => {
  const { file, folder } = rig(context, { maxSizeBytes: 100, maxFiles: 4 });
  await writeAll(file, numbered(100));
  assert.deepEqual(readdirSync(folder).sort(), ['log', 'log.1', 'log.2', 'log.3', 'log.4']);
  file.useRules({ maxSizeBytes: 100, maxFiles: 2, compress: false });
  await writeAll(file, numbered(20));
  assert.deepEqual(readdirSync(folder).sort(), ['log', 'log.1', 'log.2']);
  await file.close();
});

test('without files to keep, a full file begins again', async (context) => {
  const { file, folder, path } = rig(context, { maxSizeBytes: 100, maxFiles: 0 });
  await writeAll(file, numbered(50));
  assert.deepEqual(readdirSync(folder), ['log']);
  assert.match(text(path), /line 00049\n$/);
  assert.ok(text(path).length <= 100);
  await file.close();
});

test('a line longer than a whole file is not cut, one longer than that is', async (context) => {
  const { file, folder, path } = rig(context, { maxSizeBytes: 100, maxFiles: 9 });
  await writeAll(file, [`${'a'.repeat(500)}\n`, 'short\n']);
  assert.equal(text(`${path}.1`), `${'a'.repeat(500)}\n`);
  assert.equal(text(path), 'short\n');
  await writeAll(file, ['b'.repeat(20_000), '\nend\n']);
  const all = readdirSync(folder)
    .sort((one, other) => numberOf(other) - numberOf(one))
    .map((name) => text(join(folder, name)));
  assert.equal(all.join(''), `${'a'.repeat(500)}\nshort\n${'b'.repeat(20_000)}\nend\n`);
  for (const content of all) assert.ok(content.length < 5_000, `${content.length} bytes in one file`);
  await file.close();
});

test('rotated files are compressed, whole and in order, however fast they come', async (context) => {
  const { file, folder, told } = rig(context, { maxSizeBytes: 400_000, maxFiles: 50, compress: true });
  // Random, so that compressing one takes longer than filling the next.
  const lines = Array.from({ length: 40_000 }, () => `${randomBytes(49).toString('hex')}\n`);
  await writeAll(file, lines);
  await file.close();
  const isDone = (): boolean => readdirSync(folder).every((name) => name === 'log' || name.endsWith('.gz'));
  await eventually(isDone);
  const names = readdirSync(folder).sort((one, other) => numberOf(other) - numberOf(one));
  const contents = names.map((name) => readFileSync(join(folder, name)));
  const plain = contents.map((bytes, index) => (names[index] === 'log' ? bytes : gunzipSync(bytes)));
  assert.ok(Buffer.concat(plain).toString() === lines.join(''));
  assert.ok(names.length >= 10, `${names.length} files`);
  assert.deepEqual(told, []);
});

test('a file that was moved away is followed until it is replaced, and nothing is lost between', async (context) => {
  const { file, path } = rig(context);
  await writeAll(file, ['one\n']);
  renameSync(path, `${path}.moved`);
  await writeAll(file, ['two\n']);
  file.write(Buffer.from('three\n'));
  file.replace(openForAppend(path));
  await writeAll(file, ['four\n']);
  assert.equal(text(`${path}.moved`) + text(path), 'one\ntwo\nthree\nfour\n');
  assert.match(text(path), /four\n$/);
  await file.close();
});

test('what somebody else put at the path is not rotated away unseen', async (context) => {
  const { file, path } = rig(context, { maxSizeBytes: 100 });
  await writeAll(file, numbered(9));
  renameSync(path, `${path}.moved`);
  writeFileSync(path, 'fresh\n');
  await writeAll(file, ['after\n']);
  assert.equal(text(path), 'fresh\nafter\n');
  assert.equal(text(`${path}.moved`), numbered(9).join(''));
  await file.close();
});

test('a file that was truncated by somebody else is filled before it is rotated', async (context) => {
  const { file, folder, path } = rig(context, { maxSizeBytes: 100 });
  await writeAll(file, numbered(9));
  truncateSync(path);
  await writeAll(file, ['after\n']);
  assert.deepEqual(readdirSync(folder), ['log']);
  assert.equal(text(path), 'after\n');
  await file.close();
});

test('through a symbolic link, the file it leads to is rotated and the link stays', async (context) => {
  const folder = temporaryFolder(context);
  writeFileSync(join(folder, 'real'), '');
  symlinkSync('real', join(folder, 'link'));
  const { file } = rig(context, { maxSizeBytes: 100, maxFiles: 1 }, join(folder, 'link'));
  await writeAll(file, numbered(12));
  await file.close();
  assert.deepEqual(readdirSync(folder).sort(), ['link', 'real', 'real.1']);
  assert.equal(text(join(folder, 'real.1')) + text(join(folder, 'real')), numbered(12).join(''));
});

test('a rotation that fails is tried again only after something was written', async (context) => {
  const { file, path, told } = rig(context, { maxSizeBytes: 100, maxFiles: 1 });
  mkdirSync(`${path}.1`);
  const long = Array.from({ length: 20 }, (_, index) => `${index}${'.'.repeat(300)}\n`);
  await writeAll(file, long);
  assert.equal(text(path), long.join(''));
  assert.equal(told.length, 1);
  await file.close();
});

test('a rotation that fails is told once, loses nothing, and is told again when it works', async (context) => {
  const { file, folder, path, told } = rig(context, { maxSizeBytes: 100, maxFiles: 1 });
  // A directory cannot be removed by unlink(2), not even by root.
  mkdirSync(`${path}.1`);
  await writeAll(file, numbered(30));
  assert.equal(text(path), numbered(30).join(''));
  assert.equal(told.length, 1);
  assert.match(told[0] ?? '', /^failed: cannot rotate it: /);
  rmdirSync(`${path}.1`);
  await writeAll(file, numbered(30));
  assert.equal(told.at(-1), 'restored');
  assert.equal(told.length, 2);
  assert.deepEqual(readdirSync(folder).sort(), ['log', 'log.1']);
  await file.close();
});

test('a file of yesterday is rotated before the first line of today, a line that is unfinished is ended first', async (context) => {
  const folder = temporaryFolder(context);
  const path = join(folder, 'log');
  writeFileSync(path, 'yesterday\n');
  const yesterday = new Date(Date.now() - 86_400_000);
  utimesSync(path, yesterday, yesterday);
  const real = new SystemClock();
  let aheadMs = 0;
  const clock = {
    now: () => real.now(),
    after: (ms: number, then: () => void) => real.after(ms, then),
    wallTime: () => real.wallTime() + aheadMs,
  };
  const reports = { onFailed: assert.fail, onRestored: () => assert.fail(), onDropped: () => assert.fail() };
  const rules = { maxSizeBytes: undefined, maxFiles: 5, compress: false, rotateEveryMs: 86_400_000 };
  const file = new LogFile(path, openForAppend(path), rules, { clock, pool: new BlockPool(), reports });
  await writeAll(file, ['today\n', 'unfini']);
  assert.equal(text(`${path}.1`), 'yesterday\n');
  assert.equal(text(path), 'today\nunfini');
  aheadMs = 86_400_000;
  await writeAll(file, ['shed\ntomorrow\n', 'and more\n']);
  assert.equal(text(`${path}.1`), 'today\nunfinished\n');
  assert.equal(text(path), 'tomorrow\nand more\n');
  aheadMs = 3 * 86_400_000;
  await file.idle();
  assert.deepEqual(
    readdirSync(folder).sort(),
    ['log', 'log.1', 'log.2'],
    'nothing is rotated while nothing comes',
  );
  await file.close();
});

test('a file that is made gets the permissions and owner asked for, whatever the umask; one that is there keeps its own', async (context) => {
  const access = { mode: 0o666, uid: 33, gid: 4 };
  const look = (path: string): readonly number[] => {
    const { mode, uid, gid } = statSync(path);
    return [mode & 0o7777, uid, gid];
  };
  const folder = temporaryFolder(context);
  const path = join(folder, 'log');
  const { fd } = openForAppend(path, access);
  assert.deepEqual(look(path), [0o666, 33, 4]);
  closeSync(fd);
  closeSync(openForAppend(path, { mode: 0o600, uid: 0, gid: 0 }).fd);
  assert.deepEqual(look(path), [0o666, 33, 4]);
  const { file } = rig(context, { maxSizeBytes: 100, access: { mode: 0o604 } }, path);
  await writeAll(file, numbered(12));
  assert.deepEqual(look(`${path}.1`), [0o666, 33, 4]);
  assert.deepEqual(look(path), [0o604, 33, 4], 'what was not asked for is as before the rotation');
  await file.close();
});

test('a file that was deleted with its directory is made again with what comes next, and told', async (context) => {
  const folder = temporaryFolder(context);
  const path = join(folder, 'logs', 'log');
  mkdirSync(join(folder, 'logs'));
  const { file, told } = rig(context, {}, path);
  await writeAll(file, ['before\n']);
  rmSync(join(folder, 'logs'), { recursive: true });
  await eventually(async () => {
    await writeAll(file, ['after\n']);
    assert.match(text(path), /^(after\n)+$/);
  });
  assert.deepEqual(told, ['failed: it was deleted', 'restored']);
  await file.close();
});

test('one that cannot be made again is told once, and made when it can be', async (context) => {
  const folder = temporaryFolder(context);
  const path = join(folder, 'logs', 'log');
  mkdirSync(join(folder, 'logs'));
  const { file, told } = rig(context, {}, path);
  rmSync(join(folder, 'logs'), { recursive: true });
  writeFileSync(join(folder, 'logs'), 'in the way');
  await eventually(async () => {
    await writeAll(file, ['lost\n']);
    assert.deepEqual(told, ['failed: it was deleted and cannot be made again: Not a directory']);
  });
  rmSync(join(folder, 'logs'));
  await eventually(async () => {
    await writeAll(file, ['after\n']);
    assert.match(text(path), /^(after\n)+$/);
  });
  assert.deepEqual(told.slice(1), ['restored']);
  await file.close();
});
