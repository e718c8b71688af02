import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EngineLogConfig } from '../../src/config/resolved-config.ts';
import { EngineLog } from '../../src/logging/engine-log.ts';
import { EventStream } from '../../src/supervisor/events/event-stream.ts';
import { streamTo, WAIT } from '../support/stream-to.ts';

interface LogRig {
  readonly log: EngineLog;
  readonly events: EventStream;
  readonly text: () => string;
  readonly lines: () => Record<string, unknown>[];
}

function logRig(config: Partial<EngineLogConfig> = {}, isTerminal = false): LogRig {
  const events = new EventStream({ wallTime: () => Date.UTC(2030, 0, 2, 3, 4, 5, 678) });
  const written: string[] = [];
  const log = new EngineLog(
    { level: 'info', format: 'auto', output: 'raw', marks: false, slowReader: WAIT, ...config },
    {
      events,
      isTerminal,
      hasColour: false,
      stream: streamTo((bytes, done) => {
        written.push(bytes.toString());
        done(null);
      }),
    },
  );
  const text = (): string => written.join('');
  return {
    log,
    events,
    text,
    lines: () =>
      text()
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
  };
}

const notice = (events: EventStream, message: string, level: 'info' | 'warn' | 'debug' = 'info'): number =>
  events.emitAs(level, 'engine_notice', { message });

test('an event is one JSON line with its time, level, name, subject, fields and a sentence', async () => {
  const { log, events, lines } = logRig();
  await log.open();
  const subject = { process: 'web', instance: 'web:2', incarnation: 3, pid: 4_711 };
  events.emit('process_spawned', { command: 'nginx -g', user: 'www' }, subject);
  await log.idle();
  assert.deepEqual(lines(), [
    {
      level: 'info',
      time: '2030-01-02T03:04:05.678Z',
      id: 1,
      event: 'process_spawned',
      ...subject,
      command: 'nginx -g',
      user: 'www',
      msg: 'web:2 started as pid 4711 by www: nginx -g',
    },
  ]);
});

test('what comes before pino is loaded, or while it loads, is written, and in order', async () => {
  const { log, events, lines } = logRig();
  notice(events, 'before');
  const opened = log.open();
  notice(events, 'meanwhile');
  await Promise.all([opened, log.open(), log.idle()]);
  notice(events, 'after');
  await log.idle();
  assert.deepEqual(
    lines().map(({ message }) => message),
    ['before', 'meanwhile', 'after'],
  );
});

test('an engine that ends before its log was opened writes it all the same', async () => {
  const { log, events, lines } = logRig();
  notice(events, 'the only words');
  await log.idle();
  assert.equal(lines()[0]?.message, 'the only words');
});

test('what waits for pino is bounded, and the log tells what was dropped', async () => {
  const { log, events, lines } = logRig();
  for (let number = 0; number < 10_025; number++) notice(events, `number ${number}`);
  await log.idle();
  const told = lines();
  assert.equal(told.length, 10_001);
  assert.equal(told[9_999]?.message, 'number 9999');
  assert.equal(told[10_000]?.message, '25 events were dropped from the log while it was not open yet');
});

test('events below the level are left out, and a reload changes the level', async () => {
  const { log, events, lines } = logRig({ level: 'warn' });
  await log.open();
  notice(events, 'too quiet');
  notice(events, 'loud', 'warn');
  log.use({ level: 'debug', format: 'auto', output: 'raw', marks: false, slowReader: WAIT });
  notice(events, 'now heard', 'debug');
  await log.idle();
  assert.deepEqual(
    lines().map(({ message }) => message),
    ['loud', 'now heard'],
  );
});

test('a line break or an escape sequence in a message stays within its line', async () => {
  const { log, events, text, lines } = logRig();
  notice(events, 'two\nlines \u001b[31mred');
  await log.idle();
  assert.equal(text().split('\n').length, 2);
  assert.equal(lines()[0]?.message, 'two\nlines \u001b[31mred');
});

test('on a terminal an event is one short line for people, without control characters of others', async () => {
  const { log, events, text } = logRig({}, true);
  notice(events, 'two\nlines \u001b[31mred');
  await log.idle();
  assert.equal(text(), '03:04:05.678 info  two·lines ·[31mred\n');
});

test('the configuration decides the format against the terminal', async () => {
  const json = logRig({ format: 'json' }, true);
  notice(json.events, 'a');
  await json.log.idle();
  assert.equal(json.lines()[0]?.message, 'a');
  const pretty = logRig({ format: 'pretty' });
  notice(pretty.events, 'a');
  await pretty.log.idle();
  assert.match(pretty.text(), /^03:04:05\.678 info {2}a\n$/);
});

test('a log that nobody reads is bounded, blocks nobody, and tells what was lost', async () => {
  const events = new EventStream({ wallTime: () => 0 });
  const written: Buffer[] = [];
  let finish = (): void => assert.fail('nothing is being written');
  const log = new EngineLog(
    { level: 'info', format: 'json', output: 'raw', marks: false, slowReader: WAIT },
    {
      events,
      isTerminal: false,
      hasColour: false,
      stream: streamTo((bytes, done) => {
        written.push(Buffer.from(bytes));
        finish = () => done(null);
      }),
    },
  );
  await log.open();
  for (let number = 0; number < 4_000; number++) notice(events, 'x'.repeat(1_000));
  await Promise.resolve();
  const before = written.length;
  finish();
  while (written.length > before && !written.at(-1)?.includes('output_dropped')) {
    assert.ok(written.length < 200, 'the loss is told');
    finish();
    await Promise.resolve();
  }
  const bytes = written.reduce((sum, { length }) => sum + length, 0);
  assert.ok(bytes < 1_400_000, `${bytes} bytes were held`);
  assert.match(written.at(-1)?.toString() ?? '', /"event":"output_dropped".*nobody read the engine log/);
});

for (const format of ['json', 'pretty'] as const) {
  test(`nothing of others reaches the terminal that shows the log as it is (${format})`, async () => {
    const { log, events, text } = logRig({ format });
    await log.open();
    const all = Array.from({ length: 0x2100 }, (_, code) => String.fromCharCode(code)).join('');
    notice(events, all);
    await log.idle();
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
    assert.doesNotMatch(text(), /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/);
    assert.equal(text().split('\n').length, 2);
    if (format === 'json') assert.equal(JSON.parse(text()).message, all, 'and nothing is lost');
  });
}
