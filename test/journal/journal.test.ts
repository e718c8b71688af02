import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JournalConfig } from '../../src/config/resolved-config.ts';
import { Journal } from '../../src/journal/journal.ts';
import { EventStream } from '../../src/supervisor/events/event-stream.ts';
import type { JournalEntry, JournalQuery } from '../../src/supervisor/ports/journal.ts';
import { HandClock } from '../supervisor/rig.ts';

const IN_MEMORY: JournalConfig = {
  output: false,
  directory: undefined,
  maxBytes: undefined,
  maxAgeMs: undefined,
};
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

function journalRig(changes: Partial<JournalConfig> = {}) {
  const clock = new HandClock();
  const events = new EventStream(clock);
  const journal = new Journal({ ...IN_MEMORY, ...changes }, { clock, events });
  const note = (message: string): number => events.emitAs('info', 'engine_notice', { message });
  const find = async (query: Partial<JournalQuery> = {}) =>
    journal.search({ ...ALL, ...query }, new AbortController().signal);
  return { clock, events, journal, note, find };
}

const ids = (entries: readonly JournalEntry[]): readonly number[] => entries.map(({ id }) => id);
const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

test('events and lines of output stand in one order, under one count of ids', async () => {
  const { clock, journal, note, find } = journalRig();
  note('one');
  const line = {
    process: 'web',
    instance: 'web',
    incarnation: 1,
    stream: 'stdout',
    count: 1,
    isPart: false,
  } as const;
  journal.takeOutput({ ...line, bytes: Buffer.from('two'), time: clock.wallTime() });
  note('three');
  const { entries } = await find();
  assert.deepEqual(ids(entries), [1, 2, 3]);
  assert.deepEqual(
    entries.map(({ event }) => event),
    ['engine_notice', 'output', 'engine_notice'],
  );
  assert.equal(journal.lastId, 3);
  assert.deepEqual(ids([...journal.events(0)].flat()), [1, 3]);
  assert.equal(journal.entry(2)?.event, 'output');
  assert.equal(journal.entry(4), undefined);
});

test('what is wanted comes in pages, forwards and backwards, each in order', async () => {
  const { note, find } = journalRig();
  for (let index = 0; index < 2_500; index++) note('x');
  const first = await find({ limit: 1_000 });
  assert.deepEqual(ids(first.entries), range(1, 1_000));
  assert.equal(first.next, 1_000);
  const last = await find({ limit: 1_000, afterId: 2_000 });
  assert.deepEqual(ids(last.entries), range(2_001, 2_500));
  assert.equal(last.next, null);
  const newest = await find({ limit: 700, fromTheEnd: true });
  assert.deepEqual(ids(newest.entries), range(1_801, 2_500));
  const before = await find({ limit: 1_000, fromTheEnd: true, beforeId: newest.next ?? 0 });
  assert.deepEqual(ids(before.entries), range(801, 1_800));
});

test('a page that is just full and the last one says so', async () => {
  const { note, find } = journalRig();
  for (let index = 0; index < 5; index++) note('x');
  assert.equal((await find({ limit: 5 })).next, null);
  assert.equal((await find({ limit: 4 })).next, 4);
});

test('the range is by time too, both ends included', async () => {
  const { clock, note, find } = journalRig();
  for (let index = 0; index < 10; index++) {
    note('x');
    clock.advance(1_000);
  }
  const start = 1_800_000_000_000;
  const { entries } = await find({ sinceMs: start + 2_000, untilMs: start + 4_000 });
  assert.deepEqual(ids(entries), [3, 4, 5]);
});

test('the memory stays in its bounds, and what is left is the newest', async () => {
  const { journal, note, find } = journalRig({ maxBytes: 100_000 });
  for (let index = 0; index < 10_000; index++) note('m'.repeat(100));
  const { entries } = await find();
  assert.ok(entries.length > 100 && entries.length <= 100_000 / 260, `${entries.length} are kept`);
  assert.deepEqual(ids(entries), range(10_001 - entries.length, 10_000));
  journal.use({ ...IN_MEMORY, maxBytes: 65_536 });
  assert.ok((await find()).entries.length < entries.length, 'a new limit holds at once');
});

test('what is older than max_age is not shown', async () => {
  const { clock, note, find } = journalRig({ maxAgeMs: 60_000 });
  note('old');
  clock.advance(61_000);
  note('new');
  assert.deepEqual(ids((await find()).entries), [2]);
});

test('a page is bounded in bytes as well', async () => {
  const { clock, journal, find } = journalRig();
  const line = {
    process: 'web',
    instance: 'web',
    incarnation: 1,
    stream: 'stdout',
    count: 1,
    isPart: false,
  } as const;
  for (let index = 0; index < 200; index++) {
    journal.takeOutput({ ...line, bytes: Buffer.from('l'.repeat(16_384)), time: clock.wallTime() });
  }
  const { entries, next } = await find();
  assert.ok(entries.length < 70, `${entries.length} in a page`);
  assert.equal(next, entries.at(-1)?.id);
});

test('a search gives the event loop its turn, and ends when nobody wants it any more', async () => {
  const { journal, note } = journalRig();
  for (let index = 0; index < 10_000; index++) note('x');
  const gone = new AbortController();
  let asked = 0;
  const isWanted = (): boolean => {
    asked += 1;
    return false;
  };
  const searching = journal.search({ ...ALL, isWanted }, gone.signal);
  setImmediate(() => gone.abort(new Error('gone')));
  await assert.rejects(searching, /gone/);
  assert.ok(asked < 5_000, `${asked} were looked at`);
});

test('a block of lines is found line by line, from either side and by any bound', async () => {
  const { clock, journal, note, find } = journalRig();
  const line = { process: 'web', instance: 'web', incarnation: 1, stream: 'stdout', isPart: false } as const;
  const print = (count: number): void =>
    journal.takeOutput({
      ...line,
      bytes: Buffer.from('x\n'.repeat(count).slice(0, -1)),
      count,
      time: clock.wallTime(),
    });
  note('one');
  print(5);
  note('seven');
  print(2_000);
  print(3);
  assert.deepEqual(ids((await find({ limit: 5_000 })).entries), range(1, 2_010));
  assert.deepEqual(ids((await find({ limit: 5_000, fromTheEnd: true })).entries), range(1, 2_010));
  assert.deepEqual(ids((await find({ afterId: 3, beforeId: 9 })).entries), range(4, 8));
  assert.deepEqual(ids((await find({ afterId: 3, beforeId: 9, fromTheEnd: true })).entries), range(4, 8));
  assert.equal(journal.entry(5)?.event, 'output');
  assert.equal(journal.lastId, 2_010);
  assert.deepEqual(ids([...journal.events(0)].flat()), [1, 7]);
});
