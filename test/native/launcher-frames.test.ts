/**
 * What the launcher makes of the frames of an engine, and of what only resembles them: as it is built, and once more with
 * the sanitizers of the compiler, which end it at the first slip.
 */

import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { type Ended, runOne, sanitizedLauncher, startBoth, WENT_TO_NODE } from '../support/both-clients.ts';
import { anInstance, FakeEngine } from '../support/fake-engine.ts';
import { temporaryFolder } from '../support/rpc-rig.ts';

const BEGUN =
  '{"jsonrpc":"2.0","method":"cli","params":{"kind":"begun","stream":"stderr","text":"lost\\n","exit_code":7}}\n';
const END = '{"jsonrpc":"2.0","id":1,"result":{"exit_code":3}}\n';
const output = (rest: string): string =>
  `{"jsonrpc":"2.0","method":"cli","params":{"kind":"output","stream":"stdout",${rest}}}\n`;

/** Frames, what is printed of them, and the exit code. */
const UNDERSTOOD: readonly (readonly [
  what: string,
  frames: string,
  stdout: string | Buffer,
  stderr?: string,
])[] = [
  [
    'every escape',
    output(String.raw`"text":"\"\\\/\b\f\n\r\t\u0041\u00e9\u20ac\ud83d\ude42"`),
    '"\\/\b\f\n\r\tAé€🙂',
  ],
  [
    'halves of pairs',
    output(String.raw`"text":"a\ud83db\ude42c\ud83d\ud83d\ude42"`),
    'a\ufffdb\ufffdc\ufffd🙂',
  ],
  ['a NUL', output(String.raw`"text":"a\u0000b"`), 'a\0b'],
  ['UTF-8 as it is', output('"text":"é€🙂"'), 'é€🙂'],
  ['bytes', output('"base64":"AP+A/g=="'), Buffer.from([0, 255, 128, 254])],
  ['no bytes', output('"text":""') + output('"base64":""'), ''],
  ['what it does not know', output('"more":{"a":[1,{"b":"]}\\""},null],"c":-1.5e3},"text":"x"'), 'x'],
  [
    'white space and empty lines',
    `\n \r\n\r\n${output(' "text" : "x" ').replaceAll(',', ' ,\t')}`.replace(' \r\n', '\r\n'),
    'x',
  ],
  [
    'both streams, in turns',
    output('"text":"1"') + output('"text":"2"').replace('stdout', 'stderr') + output('"text":"3"'),
    '13',
    '2',
  ],
];

/** After the beginning of the command: what is there is printed, and that the connection is lost. */
const LOST: readonly (readonly [what: string, frames: string])[] = [
  ['nothing', ''],
  ['half a frame', output('"text":"x"').slice(0, -10)],
  ['no JSON', 'hello\n'],
  ['an unknown escape', output(String.raw`"text":"\x41"`)],
  ['half an escape', output(String.raw`"text":"\u12`)],
  ['no base64', output('"base64":"a-b"')],
  ['a number for a text', output('"text":12')],
  ['a comma too many', output('"text":"x",')],
  ['a comma too few', output('"text":"x" "a":1')],
  ['too deep', output(`"a":${'['.repeat(100)}${']'.repeat(100)}`)],
  ['a result that has none', '{"jsonrpc":"2.0","id":1,"result":{}}\n'],
  ['a number beyond all numbers', `{"jsonrpc":"2.0","id":1,"result":{"exit_code":${'9'.repeat(400)}}}\n`],
  ['a long key', output(`"${'k'.repeat(100)}":1`)],
  ['an endless line', 'x'.repeat(300_000)],
  ['a long text', output(`"text":"${'x'.repeat(262_200)}"`)],
  [
    'an error',
    '{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"no","data":{"code":"internal"}}}\n',
  ],
];

const sanitized = sanitizedLauncher(temporaryFolderOfAll());

function temporaryFolderOfAll(): string {
  return temporaryFolder({ after: (remove: () => void) => void process.on('exit', remove) } as TestContext);
}

/** An engine that answers any request with these bytes, and closes the connection. */
async function answering(
  t: TestContext,
  send: (socket: Socket) => Promise<unknown> | unknown,
): Promise<{ path: string }> {
  const path = join(temporaryFolder(t), 'scripted.sock');
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', async () => {
      await send(socket);
      socket.end();
    });
  });
  await new Promise<void>((done) => server.listen(path, done));
  t.after(() => server.close());
  return { path };
}

const asText = ({ code, stdout, stderr }: Ended): readonly unknown[] => [
  code,
  stdout.toString('latin1'),
  stderr.toString(),
];
const latin = (text: string | Buffer): string => Buffer.from(text as string).toString('latin1');

for (const [name, launcher] of [
  ['as built', undefined],
  ['with sanitizers', sanitized],
] as const) {
  const skip = name !== 'as built' && sanitized === undefined && 'the compiler has no sanitizers';
  const surroundings = {
    ...(launcher !== undefined && { launcher }),
    env: { ASAN_OPTIONS: 'detect_leaks=0' },
  };
  describe(`the launcher ${name}`, { skip }, () => {
    for (const [what, frames, stdout, stderr = ''] of UNDERSTOOD) {
      test(`understands ${what}, in one piece and byte by byte`, async (t) => {
        const whole = await answering(t, (socket) => socket.write(BEGUN + frames + END));
        assert.deepEqual(asText(await runOne(whole, 'launcher', ['x'], surroundings)), [
          3,
          latin(stdout),
          stderr,
        ]);
        const inBytes = await answering(t, async (socket) => {
          for (const byte of Buffer.from(BEGUN + frames + END)) {
            socket.write(Buffer.from([byte]));
            await new Promise(setImmediate);
          }
        });
        assert.deepEqual(asText(await runOne(inBytes, 'launcher', ['x'], surroundings)), [
          3,
          latin(stdout),
          stderr,
        ]);
      });
    }

    for (const [what, frames] of LOST) {
      test(`has lost its engine after ${what}`, async (t) => {
        const engine = await answering(t, (socket) =>
          socket.write(BEGUN + output('"text":"before"') + frames),
        );
        assert.deepEqual(asText(await runOne(engine, 'launcher', ['x'], surroundings)), [
          7,
          'before',
          'lost\n',
        ]);
      });

      test(`leaves it to Node before the beginning: ${what}`, async (t) => {
        const engine = await answering(t, (socket) => socket.write(frames));
        assert.deepEqual(asText(await runOne(engine, 'launcher', ['x'], surroundings)), [
          99,
          WENT_TO_NODE,
          '',
        ]);
      });
    }

    test('writes any words that are UTF-8, and takes a megabyte through a slow pipe', async (t) => {
      const engine = new FakeEngine(anInstance('web'));
      const value = 'ü🙂\u0001"\\'.repeat(20_000);
      engine.environment = () => Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`N${at}`, value]));
      const rig = await startBoth(t, engine);
      const text = `\u0001\u001f"\\/é€🙂\u007f${'x'.repeat(50_000)}`;
      assert.equal((await runOne(rig, 'launcher', ['send', 'web', text], surroundings)).code, 0);
      assert.equal(engine.written[0]?.text, `${text}\n`);
      const { code, stdout } = await runOne(rig, 'launcher', ['env', 'web'], surroundings);
      assert.equal(code, 0);
      assert.ok(stdout.equals((await runOne(rig, 'node', ['env', 'web'])).stdout));
      const tooLong = await runOne(
        rig,
        'launcher',
        ['status', ...Array(30).fill('x'.repeat(10_000))],
        surroundings,
      );
      assert.deepEqual(asText(tooLong), [99, WENT_TO_NODE, '']);
    });

    test('finds the socket that is named, wherever that stands', async (t) => {
      const { path } = await startBoth(t);
      const elsewhere = { path: '/nowhere' };
      for (const words of [
        ['--socket', path, 'health'],
        [`--socket=${path}`, 'health'],
        ['health', '--socket', path],
      ])
        assert.equal((await runOne(elsewhere, 'launcher', words, surroundings)).code, 0, words.join(' '));
      for (const words of [
        ['health', '--socket'],
        ['health', '--', '--socket', path],
        ['--socketx', path],
      ])
        assert.equal((await runOne(elsewhere, 'launcher', words, surroundings)).code, 99, words.join(' '));
    });
  });
}
