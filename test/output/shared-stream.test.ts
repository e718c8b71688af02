import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SlowReaderRules } from '../../src/config/resolved-config.ts';
import { RawLane } from '../../src/output/memory/lane.ts';
import type { Sink } from '../../src/output/sinks/descriptor-sink.ts';
import type { StreamWriter } from '../../src/output/streams/shared-stream.ts';
import { HandClock } from '../supervisor/rig.ts';
import { DROP, streamTo, WAIT } from '../support/stream-to.ts';

/** A reader that takes what it is given only when the test says so. */
function rig(rules: SlowReaderRules = WAIT) {
  const taken: Buffer[] = [];
  const told: string[] = [];
  let under: Parameters<Sink>[1] | undefined;
  let unread = 0;
  const clock = new HandClock();
  const stream = streamTo(
    (bytes, done) => {
      taken.push(bytes);
      under = done;
    },
    {
      rules,
      clock,
      unread: () => unread,
      reports: {
        onStuck: (ms, { instance }) => void told.push(`stuck for ${ms} (${instance})`),
        onFlowing: () => void told.push('flowing'),
        onDropped: ({ instance }, bytes) => void told.push(`dropped ${bytes} of ${instance}`),
      },
    },
  );
  const finish = (error: Error | null = null): boolean => {
    const done = under;
    under = undefined;
    done?.(error);
    return done !== undefined;
  };
  const finishAll = (): void => {
    while (finish());
  };
  const resumed: string[] = [];
  const writer = (instance: string, isReserved = false): StreamWriter =>
    stream.writer({
      lane: new RawLane(stream.pool),
      source: { instance, process: instance, stream: 'stdout' },
      resume: () => void resumed.push(instance),
      isReserved,
    });
  const text = (): string => Buffer.concat(taken).toString();
  /** The reader takes a byte of what is under way. */
  const sip = (): void => {
    unread += 1;
  };
  return { stream, clock, taken, told, resumed, finish, finishAll, writer, text, sip };
}

const numbered = (count: number, name = 'line'): string =>
  Array.from({ length: count }, (_, index) => `${name} ${String(index).padStart(6, '0')}\n`).join('');

/** Writes until it is asked to pause. @returns what was written */
function writeUntilPaused(writer: StreamWriter, name = 'line'): string {
  let all = '';
  for (let index = 0; index < 10_000; index++) {
    const piece = numbered(100, `${name} ${index}`);
    all += piece;
    if (!writer.write(Buffer.from(piece))) return all;
  }
  assert.fail('it was never asked to pause');
}

test('what is written leaves in order, one write at a time', () => {
  const { writer, taken, finishAll, text, told } = rig();
  const web = writer('web');
  for (let index = 0; index < 50; index++) assert.ok(web.write(Buffer.from(`${index}\n`)));
  assert.equal(taken.length, 1);
  finishAll();
  assert.equal(text(), Array.from({ length: 50 }, (_, index) => `${index}\n`).join(''));
  assert.deepEqual(told, []);
});

test('a writer pauses while the reader is slow, is resumed when there is room, and loses nothing', () => {
  const { writer, finish, finishAll, resumed, text, told } = rig();
  const web = writer('web');
  let all = writeUntilPaused(web);
  assert.ok(all.length < 400_000, `${all.length} bytes wait`);
  assert.deepEqual(resumed, []);
  while (resumed.length === 0) assert.ok(finish(), 'resumed before all is written');
  all += writeUntilPaused(web);
  finishAll();
  assert.equal(text(), all);
  assert.deepEqual(told, []);
});

test('a reader that takes a byte now and then is waited for as long as it takes', () => {
  const { writer, clock, resumed, told, sip, finishAll, text } = rig();
  const all = writeUntilPaused(writer('web'));
  for (let seconds = 0; seconds < 100; seconds += 4) {
    clock.advance(4_000);
    sip();
  }
  assert.deepEqual([resumed, told], [[], []]);
  finishAll();
  assert.equal(text(), all);
});

test('a reader that takes nothing for the time given is stuck: writers continue, and the oldest lines go', () => {
  const { writer, clock, resumed, told, finish, finishAll, text } = rig();
  const web = writer('web');
  writeUntilPaused(web);
  clock.advance(4_900);
  assert.deepEqual(resumed, []);
  clock.advance(200);
  assert.deepEqual(resumed, ['web']);
  assert.deepEqual(told, [], 'nothing was dropped yet');
  for (let index = 0; index < 100; index++) {
    const piece = Buffer.from(numbered(1_000, `flood ${index}`));
    assert.ok(web.write(piece), 'nobody waits for a stuck reader');
  }
  assert.deepEqual(told, ['stuck for 5000 (web)']);
  finish();
  assert.equal(told[2], 'flowing');
  const dropped = Number(/^dropped (\d+) of web$/.exec(told[1] ?? '')?.[1]);
  assert.ok(writeUntilPaused(web).length > 0, 'it waits again now');
  finishAll();
  for (const line of text().split('\n').slice(0, -1)) assert.match(line, /^(line|flood) \d+ \d{6}$/);
  assert.ok(dropped > 500_000);
});

test('what arrives and what is reported as dropped is all that was written', () => {
  const { writer, clock, told, finishAll, text } = rig();
  const web = writer('web');
  let written = writeUntilPaused(web).length;
  clock.advance(6_000);
  for (let index = 0; index < 300; index++) {
    const piece = Buffer.from(numbered(1_000, `flood ${index}`));
    written += piece.length;
    web.write(piece);
  }
  finishAll();
  const dropped = told.reduce((sum, line) => sum + Number(/^dropped (\d+)/.exec(line)?.[1] ?? 0), 0);
  assert.equal(text().length + dropped, written);
});

test('a stuck reader that reads again is noticed at the next line, before its write is done', () => {
  const { writer, clock, told, sip } = rig();
  const web = writer('web');
  writeUntilPaused(web);
  clock.advance(6_000);
  for (let index = 0; index < 100; index++) web.write(Buffer.from(numbered(1_000)));
  sip();
  clock.advance(100);
  web.write(Buffer.from('one more\n'));
  assert.equal(told.at(-1), 'flowing');
});

test('with `drop` nobody ever waits, and it becomes `wait` and back while it runs', () => {
  const { writer, stream, resumed, finishAll, told } = rig(DROP);
  const web = writer('web');
  for (let index = 0; index < 100; index++) assert.ok(web.write(Buffer.from(numbered(1_000))));
  stream.use(WAIT);
  assert.ok(!web.write(Buffer.from('x\n')));
  stream.use(DROP);
  assert.deepEqual(resumed, ['web']);
  finishAll();
  assert.match(told.join(), /^dropped \d+ of web$/);
});

test('a flood of one writer leaves the others their share, and lines stay whole', () => {
  const { writer, finish, text } = rig();
  const flood = writer('flood');
  const quiet = writer('quiet');
  writeUntilPaused(flood, 'flood');
  quiet.write(Buffer.from('hear me\n'));
  finish();
  assert.match(text(), /\nhear me\n/, 'with the very next write');
  const other = writer('other');
  writeUntilPaused(other, 'other');
  for (let count = 0; count < 6; count++) finish();
  for (const line of text().split('\n').slice(0, -1))
    assert.match(line, /^(flood|other) \d+ \d{6}$|^hear me$/);
});

test('lines that come in pieces stay whole beside those of others', () => {
  const { writer, finishAll, text, clock } = rig();
  const [one, other] = [writer('one'), writer('other')];
  one.write(Buffer.from('begun'));
  other.write(Buffer.from('whole\n'));
  finishAll();
  one.write(Buffer.from(', and finished\nnext'));
  finishAll();
  assert.equal(text(), 'begun, and finished\nwhole\nnext');
  other.write(Buffer.from('waited for\n'));
  assert.equal(text(), 'begun, and finished\nwhole\nnext');
  clock.advance(60);
  finishAll();
  assert.equal(text(), 'begun, and finished\nwhole\nnextwaited for\n', 'but not for ever');
});

test('a prompt without a newline appears at once, and soon also beside a flood', () => {
  const { writer, finish, finishAll, text, clock } = rig();
  const prompt = writer('prompt');
  prompt.write(Buffer.from('$ '));
  assert.equal(text(), '$ ');
  finishAll();
  prompt.write(Buffer.from('\n'));
  finishAll();
  const flood = writer('flood');
  writeUntilPaused(flood);
  prompt.write(Buffer.from('password: '));
  finish();
  clock.advance(60);
  finish();
  assert.match(text(), /password: $/);
});

test('the engine’s own lines go before all others, and are dropped only if nobody reads', () => {
  const { writer, finish, finishAll, text } = rig(DROP);
  const log = writer('log', true);
  const web = writer('web');
  for (let index = 0; index < 300; index++) web.write(Buffer.from(numbered(1_000)));
  for (let index = 0; index < 1_000; index++) assert.ok(log.write(Buffer.from(`log ${index}\n`)));
  finish();
  const lines = text().split('\n');
  assert.ok(lines.includes('log 0') && lines.includes('log 999'));
  finishAll();
});

test('what a hundred writers leave waiting is bounded, and all of it arrives', () => {
  const { writer, finishAll, text, stream } = rig();
  const all = Array.from(
    { length: 200 },
    (_, index) => writeUntilPaused(writer(`w${index}`), `w${index}`).length,
  );
  assert.ok(stream.pool.bytesInUse < 32 * 1_048_576, `${stream.pool.bytesInUse}`);
  finishAll();
  assert.equal(
    text().length,
    all.reduce((sum, count) => sum + count, 0),
  );
});

test('writers that come and go without end do not fill the memory while the reader is slow', () => {
  const { writer, stream, told, finish, clock } = rig();
  for (let index = 0; index < 1_000; index++) {
    const one = writer('web');
    writeUntilPaused(one);
    one.end();
  }
  assert.ok(stream.pool.bytesInUse < 16 * 1_048_576, `${stream.pool.bytesInUse}`);
  clock.advance(1_000);
  finish();
  assert.match(told.join(), /dropped \d+ of web/);
});

test('what a writer has left behind arrives without it, an unfinished line included', () => {
  const { writer, finishAll, text } = rig();
  const one = writer('one');
  const all = writeUntilPaused(one);
  one.write(Buffer.from('last words'));
  one.end();
  finishAll();
  assert.equal(text(), `${all}last words`);
});

test('a reader that is gone disturbs nobody: nobody waits, and nothing is held', async () => {
  const { writer, stream, finish, resumed, told, taken } = rig();
  const web = writer('web');
  writeUntilPaused(web);
  finish(new Error('EPIPE'));
  assert.deepEqual(resumed, ['web']);
  assert.ok(web.write(Buffer.alloc(1_000_000, 'x')));
  await stream.idle();
  assert.deepEqual([taken.length, told.length, stream.pool.bytesInUse], [1, 0, 0]);
});

test('it is idle once all has been written, or when the reader is stuck', async () => {
  const { writer, stream, finish, clock } = rig();
  await stream.idle();
  const web = writer('web');
  web.write(Buffer.from('1\n'));
  web.write(Buffer.from('2\n'));
  let isIdle = false;
  const idle = stream.idle().then(() => {
    isIdle = true;
  });
  finish();
  await Promise.resolve();
  assert.ok(!isIdle);
  finish();
  await idle;
  web.write(Buffer.from('3\n'));
  const given = stream.idle();
  stream.hurry();
  clock.advance(1_500);
  await given;
});

test('no timer runs while nothing is under way', () => {
  const { writer, finishAll, clock } = rig();
  writer('web').write(Buffer.from('1\n'));
  finishAll();
  clock.advance(10_000);
  assert.equal(clock.pending, 0);
});

test('what a stream gives up at the end is reported', () => {
  const { writer, stream, told } = rig();
  const web = writer('web');
  writeUntilPaused(web);
  stream.tellUnwritten();
  assert.match(told.join(), /^dropped \d+ of web$/);
});
