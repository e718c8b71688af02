import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  stat,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { JournalConfig } from '../../src/config/resolved-config.ts';
import { Journal } from '../../src/journal/journal.ts';
import { lastIdIn } from '../../src/journal/last-id.ts';
import { readSegmentName } from '../../src/journal/segment-name.ts';
import { SegmentStore } from '../../src/journal/segment-store.ts';
import { EventStream } from '../../src/supervisor/events/event-stream.ts';
import type { JournalEntry, JournalQuery } from '../../src/supervisor/ports/journal.ts';
import type { EngineEvent } from '../../src/wire/engine-event.ts';
import { HandClock } from '../supervisor/rig.ts';
import { eventually } from '../support/eventually.ts';
import { smallDisk } from '../support/small-disk.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const ALL: JournalQuery = {
  afterId: -1,
  beforeId: Number.POSITIVE_INFINITY,
  sinceMs: 0,
  untilMs: Number.POSITIVE_INFINITY,
  isWanted: () => true,
  needles: [],
  limit: 1_000,
  fromTheEnd: false,
};

/** An engine's journal in the directory; several may come after one another. */
async function engineIn(directory: string, changes: Partial<JournalConfig> = {}, clock = new HandClock()) {
  const events = new EventStream(clock, lastIdIn(directory));
  const config = { output: false, directory, maxBytes: undefined, maxAgeMs: undefined, ...changes };
  const journal = new Journal(config, { clock, events });
  const told: EngineEvent[] = [];
  events.subscribe((event) => told.push(event));
  await journal.open();
  const note = (message: string): number => events.emitAs('info', 'engine_notice', { message });
  const find = async (query: Partial<JournalQuery> = {}): Promise<readonly JournalEntry[]> => {
    const found: JournalEntry[] = [];
    let whole = { ...ALL, ...query };
    for (;;) {
      const { entries, next } = await journal.search(whole, new AbortController().signal);
      if (whole.fromTheEnd) found.unshift(...entries);
      else found.push(...entries);
      if (next === null) return found;
      whole = whole.fromTheEnd ? { ...whole, beforeId: next } : { ...whole, afterId: next };
    }
  };
  return { clock, journal, told, note, find };
}

const ids = (entries: readonly JournalEntry[]): readonly number[] => entries.map(({ id }) => id);
const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);
const segments = (directory: string): readonly string[] =>
  readdirSync(directory)
    .filter((name) => name.endsWith('.jsonl'))
    .sort();
const bytesIn = (directory: string): number =>
  segments(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);

test('the next engine goes on with ids, and knows what the one before has written', async (t) => {
  const directory = join(temporaryFolder(t), 'deep', 'journal');
  const first = await engineIn(directory);
  for (let index = 0; index < 5; index++) first.note(`first ${index}`);
  await first.journal.close();
  const second = await engineIn(directory);
  assert.equal(second.note('second'), 6);
  assert.deepEqual(ids(await second.find()), range(1, 6));
  assert.deepEqual(ids(await second.find({ fromTheEnd: true, limit: 2 })), range(1, 6));
  assert.deepEqual(ids(await second.find({ afterId: 3 })), [4, 5, 6]);
  await second.journal.close();
  assert.equal(segments(directory).length, 2, 'each engine begins a file of its own');
});

test('a query that comes before the files are open waits for them', async (t) => {
  const directory = temporaryFolder(t);
  const first = await engineIn(directory);
  first.note('kept');
  await first.journal.close();
  const clock = new HandClock();
  const config = { output: false, directory, maxBytes: undefined, maxAgeMs: undefined };
  const second = new Journal(config, { clock, events: new EventStream(clock, lastIdIn(directory)) });
  const { entries } = await second.search(ALL, new AbortController().signal);
  assert.deepEqual(ids(entries), [1]);
});

test('after a crash all is there up to the last flush; a torn last line does no harm', async (t) => {
  const directory = temporaryFolder(t);
  const { clock, note, journal } = await engineIn(directory);
  for (let index = 0; index < 1_000; index++) note('x'.repeat(200));
  clock.advance(100);
  await eventually(() =>
    assert.match(readFileSync(join(directory, segments(directory)[0] ?? ''), 'utf8'), /"id":1000,.*\n$/),
  );
  const [name = ''] = segments(directory);
  assert.deepEqual(readdirSync(directory), [name], 'it has no index yet');
  appendFileSync(join(directory, name), '{"id":1001,"time":1800000000000,"level":"inf');
  const after = await engineIn(directory);
  assert.equal(after.note('after'), 1_002, 'the torn one had that id');
  assert.deepEqual(ids(await after.find()), [...range(1, 1_000), 1_002]);
  assert.ok(readdirSync(directory).includes(name.replace('.jsonl', '.index')), 'an index was made');
  await after.journal.close();
  await journal.close();
});

test('foreign files and rubbish in the directory are passed over and left alone', async (t) => {
  const directory = temporaryFolder(t);
  const first = await engineIn(directory);
  first.note('kept');
  await first.journal.close();
  const [name = ''] = segments(directory);
  appendFileSync(join(directory, name), 'no json\n{"id":2,"time":3,"level":\n');
  writeFileSync(join(directory, name.replace('.jsonl', '.index')), '{"bytes":1e9}');
  writeFileSync(join(directory, 'notes.jsonl'), 'mine\n');
  const second = await engineIn(directory, { maxBytes: 2 ** 20 });
  assert.deepEqual(
    (await second.find()).map((entry) => entry.event === 'engine_notice' && entry.message),
    ['kept'],
  );
  assert.equal(readFileSync(join(directory, 'notes.jsonl'), 'utf8'), 'mine\n');
});

test('what memory has let go comes from the files, without a gap or a repetition', async (t) => {
  const directory = temporaryFolder(t);
  const { clock, note, find, journal } = await engineIn(directory, { maxBytes: 16 * 2 ** 20 });
  for (let index = 1; index <= 20_000; index++) {
    const id = note('y'.repeat(200));
    if (index % 5_000 === 0) await written(id, directory, clock);
  }
  assert.equal(journal.entry(1), undefined, 'memory has let it go');
  assert.deepEqual(ids(await find()), range(1, 20_000));
  assert.deepEqual(ids(await find({ fromTheEnd: true })), range(1, 20_000));
  await journal.close();
});

/** The writer begins by the clock and goes on by itself. */
async function written(id: number, directory: string, clock: HandClock): Promise<void> {
  await eventually(() => {
    clock.advance(100);
    return lastIdIn(directory) >= id;
  });
}

test('the files take no more than max_size, and what is left is the newest', async (t) => {
  const directory = temporaryFolder(t);
  const { clock, note, find, journal } = await engineIn(directory, { maxBytes: 2 ** 20 });
  for (let index = 1; index <= 10_000; index++) {
    const id = note('z'.repeat(200));
    if (index % 1_000 === 0) {
      await written(id, directory, clock);
      await eventually(() => assert.ok(bytesIn(directory) <= 2 ** 20, `${bytesIn(directory)} bytes`));
    }
  }
  await journal.close();
  assert.ok(bytesIn(directory) <= 2 ** 20, `${bytesIn(directory)} bytes`);
  assert.ok(segments(directory).length > 2);
  const later = await engineIn(directory, { maxBytes: 2 ** 20 });
  const found = ids(await later.find());
  assert.deepEqual(found, range(10_001 - found.length, 10_000));
  assert.equal((await find()).length, 10_000, 'the engine itself still has them in memory');
});

test('a file in which all is older than max_age is removed when the time has come', async (t) => {
  const directory = temporaryFolder(t);
  const first = await engineIn(directory);
  first.note('old');
  await first.journal.close();
  const clock = new HandClock();
  const second = await engineIn(directory, { maxAgeMs: 60_000 }, clock);
  assert.deepEqual(ids(await second.find()), [1]);
  clock.advance(59_000);
  assert.equal(segments(directory).length, 1);
  clock.advance(2_000);
  await eventually(() => assert.deepEqual(readdirSync(directory), []));
});

test('names sort as ids do, and times are found, though the clock was set back', async (t) => {
  const directory = temporaryFolder(t);
  const late = new HandClock();
  late.advance(3_600_000);
  const first = await engineIn(directory, {}, late);
  first.note('an hour ahead');
  await first.journal.close();
  const second = await engineIn(directory);
  second.note('set back');
  await second.journal.close();
  const names = segments(directory).map((name) => readSegmentName(name)?.firstId);
  assert.deepEqual(names, [1, 2]);
  const third = await engineIn(directory);
  const start = 1_800_000_000_000;
  assert.deepEqual(ids(await third.find({ untilMs: start + 1_000 })), [2]);
  assert.deepEqual(ids(await third.find({ sinceMs: start + 1_000 })), [1]);
});

test('a narrow window of time reads a small part of the files', async (t) => {
  const directory = temporaryFolder(t);
  const clock = new HandClock();
  const events = new EventStream(clock);
  const store = await SegmentStore.open(
    { clock, events, directory },
    { maxBytes: 64 * 2 ** 20, maxAgeMs: undefined },
  );
  const start = clock.wallTime();
  for (let second = 0; second < 20_000; second++) {
    const message = `s${second} ${'w'.repeat(150)}`;
    store.append({
      id: second + 1,
      time: start + 1_000 * second,
      level: 'info',
      event: 'engine_notice',
      message,
    });
    if (second % 5_000 === 4_999) await written(second + 1, directory, clock);
  }
  await store.close();
  const bounds = { afterId: -1, beforeId: 1e9, sinceMs: start + 9_000_000, untilMs: start + 9_010_000 };
  const look = async (needles: readonly string[], selection = bounds) => {
    let bytes = 0;
    const found: JournalEntry[] = [];
    for await (const batch of store.batches({ ...selection, needles, fromTheEnd: false })) {
      bytes += batch.bytes;
      found.push(...batch.entries);
    }
    return { bytes, found };
  };
  const { bytes, found } = await look([]);
  assert.ok(bytes <= 2 * (65_536 + 1_000), `${bytes} of ${bytesIn(directory)} bytes were read`);
  assert.ok(range(9_001, 9_011).every((id) => found.some((entry) => entry.id === id)));
  const everything = { ...bounds, sinceMs: 0, untilMs: 2 * start };
  assert.ok(
    (await look(['s12345 '], everything)).found.length < 2_000,
    'blocks without the text are not parsed',
  );
});

test('a directory that cannot be written is told once, costs nothing else, and is used when it can', async (t) => {
  const folder = temporaryFolder(t);
  const directory = join(folder, 'journal');
  writeFileSync(directory, 'in the way');
  const { clock, told, note, find, journal } = await engineIn(directory);
  const failures = (): readonly EngineEvent[] => told.filter(({ event }) => event === 'journal_failed');
  note('one');
  clock.advance(100);
  await eventually(() => assert.equal(failures().length, 1));
  note('two');
  for (let retry = 0; retry < 5; retry++) {
    clock.advance(5_000);
    await new Promise((resolve) => stat(directory, resolve));
  }
  assert.equal(failures().length, 1);
  assert.equal((await find()).length, 3, 'memory has all: two notes and the failure');
  rmSync(directory);
  await eventually(() => {
    clock.advance(5_000);
    assert.equal(told.at(-1)?.event, 'journal_restored');
  });
  await journal.close();
  const later = await engineIn(directory);
  assert.deepEqual(ids(await later.find()), range(1, 4));
});

test('a file that cannot be read is an answer to the client, and one that is gone is none', async (t) => {
  const directory = temporaryFolder(t);
  const first = await engineIn(directory);
  first.note('one');
  await first.journal.close();
  const second = await engineIn(directory);
  second.note('two');
  const [name = ''] = segments(directory);
  rmSync(join(directory, name));
  assert.deepEqual(ids(await second.find()), [2]);
  rmSync(join(directory, name.replace('.jsonl', '.index')));
  mkdirSync(join(directory, name));
  await assert.rejects((await engineIn(directory)).find(), {
    code: 'action-failed',
    message: /cannot read .*jsonl of the journal: EISDIR/,
  });
  await second.journal.close();
});

test('what comes faster than it can be queued is dropped, counted and told', async (t) => {
  const directory = temporaryFolder(t);
  const { clock, told, note, journal } = await engineIn(directory);
  for (let index = 0; index < 30_000; index++) note('q'.repeat(200));
  await eventually(() => {
    clock.advance(100);
    assert.equal(told.at(-1)?.event, 'journal_dropped');
  });
  const last = told.at(-1);
  const lines = last?.event === 'journal_dropped' ? last.lines : 0;
  await written(last?.id ?? 0, directory, clock);
  const count = segments(directory).flatMap((name) => linesOf(join(directory, name))).length;
  assert.equal(count, 30_001 - lines);
  assert.ok(lines > 10_000, `${lines} were dropped`);
  await journal.close();
});

test('a full disk is told once; with room again every queued line is written, once', async (t: TestContext) => {
  const directory = join(smallDisk(t, '2m').folder, 'journal');
  const { clock, told, note, journal } = await engineIn(directory);
  for (let index = 0; index < 8_000; index++) note('f'.repeat(200));
  clock.advance(100);
  await eventually(() => assert.equal(told.at(-1)?.event, 'journal_failed'));
  const [full = ''] = segments(directory);
  const copy = join(temporaryFolder(t), full);
  writeFileSync(copy, readFileSync(join(directory, full)));
  rmSync(join(directory, full));
  await eventually(() => {
    clock.advance(5_000);
    assert.equal(told.at(-1)?.event, 'journal_restored');
  });
  await written(8_002, directory, clock);
  const rest = segments(directory).flatMap((name) => linesOf(join(directory, name)));
  assert.deepEqual([...linesOf(copy), ...rest], range(1, 8_002), 'nothing twice, nothing missing');
  assert.equal(told.filter(({ event }) => event === 'journal_failed').length, 1);
  await journal.close();
});

/** Ids of the whole lines. */
function linesOf(path: string): readonly number[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.slice(0, -1).map((line) => JSON.parse(line).id);
}
