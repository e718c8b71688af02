import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OutputStream } from '../../src/output/instance-output.ts';
import { type ContainerPorts, containerStreams } from '../../src/output/streams/container-stream.ts';
import { SystemClock } from '../../src/system/clock.ts';
import type { EngineEvent } from '../../src/wire/engine-event.ts';
import { DROP, streamTo, WAIT } from '../support/stream-to.ts';

const AT = Date.UTC(2026, 10, 25, 3, 4, 5, 678);

/** Streams of which all that was written is seen at once. */
function clockAt(wallTime: () => number): ContainerPorts['clock'] {
  return { wallTime, soon: (callback) => new SystemClock().soon(callback) };
}

function rig(format: ContainerPorts['format'], more: Partial<ContainerPorts> = {}) {
  const seen: Record<OutputStream, string> = { stdout: '', stderr: '' };
  const seenAs = (stream: OutputStream) =>
    streamTo((bytes, done) => {
      seen[stream] += bytes.toString('latin1');
      done(null);
    });
  const streams = containerStreams({
    format,
    stdout: seenAs('stdout'),
    stderr: seenAs('stderr'),
    hasColour: { stdout: false, stderr: false },
    clock: clockAt(() => AT),
    ...more,
  });
  const writer = (instance: string, stream: OutputStream = 'stdout') =>
    streams.writerFor({ instance, process: instance.split(':')[0] ?? '', stream }, stream, () => {});
  const names = (...instances: readonly string[]) =>
    instances.map((instance) => ({ instance, process: instance.split(':')[0] ?? '' }));
  return { streams, seen, writer, names };
}

const utf8 = (latin1: string): string => Buffer.from(latin1, 'latin1').toString('utf8');

test('raw is what was written, byte by byte, each stream by itself', () => {
  const { seen, writer } = rig('raw');
  writer('web').write(Buffer.from([0, 0xff, 10, 13]));
  writer('web', 'stderr').write(Buffer.from('no newline'));
  assert.equal(seen.stdout, '\0\xff\n\r');
  assert.equal(seen.stderr, 'no newline');
});

test('prefixes are aligned to the longest name, and again once the names change', () => {
  const { streams, seen, writer, names } = rig('prefix');
  streams.use(names('db', 'web:1', 'web:10'), false);
  const db = writer('db');
  db.write(Buffer.from('one\n'));
  writer('web:10').write(Buffer.from('two\r\n\n'));
  streams.use(names('db', 'worker-pool'), false);
  db.write(Buffer.from('three\n'));
  assert.equal(seen.stdout, 'db     | one\nweb:10 | two\nweb:10 | \ndb          | three\n');
});

test('a name beyond the cap is shown whole and moves nobody else', () => {
  const { streams, seen, writer, names } = rig('prefix');
  const long = 'a-name-that-is-far-too-long-to-wait-for';
  streams.use(names('db', 'worker', long), false);
  writer('db').write(Buffer.from('one\n'));
  writer(long).write(Buffer.from('two\n'));
  assert.equal(seen.stdout, `db     | one\n${long} | two\n`);
});

test('a line in pieces is one line; over the bound its continuations say so', () => {
  const { seen, writer } = rig('prefix');
  const web = writer('web');
  for (const piece of ['a', 'b', 'c\nd']) web.write(Buffer.from(piece));
  assert.equal(seen.stdout, 'web | abc\n');
  web.end();
  assert.equal(seen.stdout, 'web | abc\nweb | d\n');
  seen.stdout = '';
  web.write(Buffer.from(`${'x'.repeat(16_384)}yz\nnext\n`));
  assert.equal(seen.stdout, `web | ${'x'.repeat(16_384)}\nweb + yz\nweb | next\n`);
});

test('each process has its colour, kept over reloads, and a colour left on ends with its line', () => {
  const { streams, seen, writer, names } = rig('prefix', { hasColour: { stdout: true, stderr: false } });
  streams.use(names('db', 'web:1', 'web:2'), false);
  writer('db').write(Buffer.from('one\n'));
  writer('web:1').write(Buffer.from('\x1b[31mtwo\n'));
  writer('web:2').write(Buffer.from('three\n'));
  writer('web:2', 'stderr').write(Buffer.from('\x1b[31mplain\n'));
  assert.equal(
    seen.stdout,
    '\x1b[36mdb    |\x1b[0m one\n\x1b[33mweb:1 |\x1b[0m \x1b[31mtwo\x1b[0m\n\x1b[33mweb:2 |\x1b[0m three\n',
  );
  assert.equal(seen.stderr, 'web:2 | \x1b[31mplain\n');
  seen.stdout = '';
  streams.use(names('api', 'web:1'), false);
  writer('web:1').write(Buffer.from('four\n'));
  assert.equal(seen.stdout, '\x1b[33mweb:1 |\x1b[0m four\n');
});

const GOLDEN: readonly (readonly [string, Buffer, string])[] = [
  ['plain', Buffer.from('hello\n'), ',"msg":"hello"'],
  ['CRLF', Buffer.from('hello\r\n'), ',"msg":"hello"'],
  ['a carriage return within', Buffer.from('1%\r2%\n'), ',"msg":"1%\\r2%"'],
  ['an empty line', Buffer.from('\n'), ',"msg":""'],
  ['characters beyond ASCII', Buffer.from('ä "q" \\ \x1b[0m\n'), ',"msg":"ä \\"q\\" \\\\ \\u001b[0m"'],
  [
    'what is no UTF-8',
    Buffer.from('caf\xe9\\\0\n', 'latin1'),
    ',"binary":true,"msg":"caf\\\\xe9\\\\\\\\\\u0000"',
  ],
];
for (const [what, bytes, end] of GOLDEN) {
  test(`${what} as JSON`, () => {
    const { seen, writer } = rig('json');
    writer('web:2', 'stderr').write(bytes);
    const begin =
      '{"time":"2026-11-25T03:04:05.678Z","event":"output","process":"web","instance":"web:2","stream":"stderr"';
    assert.equal(utf8(seen.stderr), `${begin}${end}}\n`);
  });
}

test('a level that a line tells of itself is a field, and its sd-daemon prefix is cut', () => {
  const { seen, writer } = rig('json');
  writer('web').write(Buffer.from('<3>broken\nlevel=warn x=1\n{"level":20}\n'));
  const lines = seen.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    lines.map(({ level, msg }) => [level, msg]),
    [
      ['error', 'broken'],
      ['warn', 'level=warn x=1'],
      ['debug', '{"level":20}'],
    ],
  );
});

test('a long line as JSON comes in partial ones of one level, and none cuts a character', () => {
  const { seen, writer } = rig('json');
  const text = `level=warn ${'€'.repeat(12_000)}`;
  writer('web').write(Buffer.from(`${text}\nshort\n`));
  const lines = utf8(seen.stdout)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    lines.map(({ level, partial, binary }) => [level, partial, binary]),
    [
      ['warn', true, undefined],
      ['warn', true, undefined],
      ['warn', undefined, undefined],
      [undefined, undefined, undefined],
    ],
  );
  assert.equal(
    lines
      .slice(0, 3)
      .map(({ msg }) => msg)
      .join(''),
    text,
  );
});

test('a burst of empty lines as JSON holds no more memory than a lane may', () => {
  for (const rules of [WAIT, DROP]) {
    const { writer } = rig('json', { stdout: streamTo(() => {}, { rules }) });
    const web = writer('web');
    const before = process.memoryUsage().arrayBuffers;
    let accepted = 0;
    for (let count = 0; count < 100 && (rules === DROP || count === 0 || accepted > 0); count++) {
      accepted = web.write(Buffer.alloc(65_536, '\n')) ? accepted + 1 : 0;
    }
    assert.ok(process.memoryUsage().arrayBuffers - before < 16 * 1_048_576);
  }
});

test('a line of JSON has the time at which it was printed, however late it leaves', () => {
  let now = AT;
  const held: (() => void)[] = [];
  let seen = '';
  const stdout = streamTo((bytes, done) => {
    seen += bytes.toString();
    held.push(() => done(null));
  });
  const { writer } = rig('json', { stdout, clock: clockAt(() => now) });
  const web = writer('web');
  for (const line of ['one', 'two', 'three']) {
    web.write(Buffer.from(`${line}\n`));
    now += 1_000;
  }
  for (let finish = held.shift(); finish !== undefined; finish = held.shift()) finish();
  const lines = seen
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    lines.map(({ time, msg }) => [Date.parse(time) - AT, msg]),
    [
      [0, 'one'],
      [1_000, 'two'],
      [2_000, 'three'],
    ],
  );
});

test('an incarnation prints behind the one before it, and marks between them', async () => {
  const held: (() => void)[] = [];
  let seen = '';
  const stdout = streamTo((bytes, done) => {
    seen += bytes.toString();
    held.push(() => done(null));
  });
  const { streams, writer, names } = rig('prefix', { stdout });
  streams.use(names('web'), true);
  const first = writer('web');
  first.write(Buffer.from('a\n'));
  first.write(Buffer.from('line\n'.repeat(30_000)));
  const second = writer('web');
  streams.tell(STARTED);
  second.write(Buffer.from('new\n'));
  first.write(Buffer.from('too late to come before\n'));
  for (let finish = held.shift(); finish !== undefined; finish = held.shift()) finish();
  const lines = seen.split('\n');
  assert.equal(lines.length, 30_005);
  assert.ok(lines.indexOf('web | new') > lines.lastIndexOf('web | line'));
  assert.ok(lines.indexOf('web * started as pid 42') < lines.indexOf('web | new'));
});

function anEvent(event: Partial<EngineEvent> & Pick<EngineEvent, 'event'>): EngineEvent {
  const common = { id: 1, time: AT, level: 'info', process: 'web', instance: 'web', incarnation: 1, pid: 42 };
  return { ...common, ...event } as EngineEvent;
}
const STARTED = anEvent({ event: 'process_spawned', command: 'web' });
const EXITED = anEvent({
  event: 'process_exited',
  status: { how: 'exited', code: 3 },
  uptime_ms: 61_000,
  requested: false,
});
const HEALTHY = anEvent({ event: 'state_changed', from: 'healthcheck', to: 'healthy' });
const UNHEALTHY = anEvent({ event: 'state_changed', from: 'healthy', to: 'unhealthy', reason: 'refused' });

test('marks stand between the lines, an end behind the last of them', async () => {
  const { streams, seen, writer, names } = rig('prefix');
  streams.use(names('web', 'worker'), true);
  const web = writer('web');
  for (const event of [STARTED, HEALTHY, UNHEALTHY, EXITED]) streams.tell(event);
  web.write(Buffer.from('last words\n'));
  await new Promise<void>((done) => setImmediate(() => setImmediate(() => setImmediate(done))));
  assert.deepEqual(seen.stdout.split('\n'), [
    'web    * started as pid 42',
    'web    * healthy',
    'web    * unhealthy: refused',
    'web    | last words',
    'web    * exited with code 3 after 1m01s',
    '',
  ]);
});

test('the marks of a process that is started again at once keep their order, and each is told once', async () => {
  const { streams, seen, names } = rig('json');
  streams.use(names('web'), true);
  for (const event of [EXITED, STARTED]) streams.tell(event);
  await new Promise<void>((done) => setImmediate(() => setImmediate(() => setImmediate(done))));
  const marks = seen.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    marks.map(({ event, msg }) => [event, msg]),
    [
      ['process_exited', 'exited with code 3 after 1m01s'],
      ['process_spawned', 'started as pid 42'],
    ],
  );
  assert.deepEqual(marks[1], {
    level: 'info',
    time: '2026-11-25T03:04:05.678Z',
    event: 'process_spawned',
    process: 'web',
    instance: 'web',
    incarnation: 1,
    pid: 42,
    msg: 'started as pid 42',
  });
});

test('without marks, and in raw, nothing is marked', () => {
  for (const format of ['raw', 'prefix'] as const) {
    const { streams, seen, names } = rig(format);
    streams.use(names('web'), format === 'raw');
    streams.tell(STARTED);
    assert.equal(seen.stdout, '');
  }
});
