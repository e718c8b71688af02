/** What every channel of sd_notify(3) does: the one of the tests in the supervisor, and the one with a socket. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import type { HeldChannel, NotifyChannel, NotifyMessage } from '../../src/supervisor/ports/self-reports.ts';
import { SystemClock } from '../../src/system/clock.ts';
import { native } from '../../src/system/native.ts';
import { NotifySockets } from '../../src/system/notify-sockets.ts';
import { eventually } from '../support/eventually.ts';
import { HandChannel, HandSelfReports } from '../support/hand-self-reports.ts';

interface Side {
  readonly open: (key: string) => NotifyChannel;
  /** As another engine does. */
  readonly adopt: (key: string, held: HeldChannel) => NotifyChannel;
  /** A program on the other end; resolves when the text is sent. */
  readonly sender: (channel: NotifyChannel) => Promise<Sender>;
}

interface Sender {
  readonly pid: number;
  readonly uid: number;
  /** @returns what the kernel says against it. */
  send(text: string): Promise<'sent' | 'refused'>;
}

/** Sends each line that it reads, and says when that is done: in one write, because print makes two. */
const LINES = `
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect("\\0" + os.environ["NOTIFY_SOCKET"][1:])
for line in sys.stdin:
    try: s.send(line[:-1].encode()); print("sent\\n", end="", flush=True)
    except OSError: print("refused\\n", end="", flush=True)
`;

function realSide(t: TestContext): Side {
  const reaper = { beforeSweep: () => () => {} };
  const parts = { addon: native(), reaper, clock: new SystemClock(), errnoName: String };
  const sockets = new NotifySockets(parts);
  return {
    open: (key) => {
      const channel = sockets.open(key);
      assert.ok(typeof channel !== 'string', String(channel));
      t.after(() => channel.close());
      return channel;
    },
    adopt: (key, held) => {
      const channel = new NotifySockets(parts).adopt(key, held);
      t.after(() => channel.close());
      return channel;
    },
    sender: async ({ address }) => {
      const child = spawn('/usr/bin/python3', ['-uc', LINES], {
        env: { ...process.env, NOTIFY_SOCKET: address },
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      t.after(() => child.kill('SIGKILL'));
      return {
        pid: child.pid ?? 0,
        uid: process.getuid?.() ?? 0,
        send: async (text) => {
          child.stdin.write(`${text}\n`);
          const [answer] = await once(child.stdout, 'data');
          return String(answer).trim() === 'sent' ? 'sent' : 'refused';
        },
      };
    },
  };
}

function handSide(): Side {
  const port = new HandSelfReports();
  return {
    open: (key) => {
      const channel = port.openChannel(key);
      assert.ok(typeof channel !== 'string', String(channel));
      return channel;
    },
    adopt: (key, held) => port.adoptChannel(key, held),
    sender: async (channel) => {
      assert.ok(channel instanceof HandChannel);
      // Anyone who holds the socket now.
      const holder = (): HandChannel => port.holders.get(channel.address) ?? channel;
      return { pid: 7, uid: 33, send: async (text) => holder().send(7, text, 33) };
    },
  };
}

const texts = (messages: readonly NotifyMessage[]): readonly string[] => messages.map(({ text }) => text);

for (const [name, makeSide] of [
  ['by hand', handSide],
  ['with a socket', realSide],
] as const) {
  test(`${name}: what is sent before anybody listens waits, and all comes in order, with its sender`, async (t) => {
    const side = makeSide(t);
    const channel = side.open('web/1');
    const sender = await side.sender(channel);
    for (const text of ['a', 'b']) assert.equal(await sender.send(text), 'sent');
    const messages: NotifyMessage[] = [];
    channel.listen((message) => messages.push(message));
    await sender.send('c');
    await eventually(() => assert.deepEqual(texts(messages), ['a', 'b', 'c']));
    assert.deepEqual(messages[0], { pid: sender.pid, uid: sender.uid, text: 'a', isCut: false });
  });

  test(`${name}: catchUp takes what waits at once, and within it nothing comes twice`, async (t) => {
    const side = makeSide(t);
    const channel = side.open('web/1');
    const sender = await side.sender(channel);
    for (const text of ['a', 'b']) await sender.send(text);
    const messages: NotifyMessage[] = [];
    channel.listen((message) => {
      messages.push(message);
      channel.catchUp();
    });
    channel.catchUp();
    assert.deepEqual(texts(messages), ['a', 'b']);
  });

  test(`${name}: after close nothing comes, not even what waits, and its sender is refused`, async (t) => {
    const side = makeSide(t);
    const channel = side.open('web/1');
    const sender = await side.sender(channel);
    for (const text of ['a', 'b', 'c']) await sender.send(text);
    const messages: NotifyMessage[] = [];
    channel.listen((message) => {
      messages.push(message);
      channel.close();
    });
    channel.catchUp();
    channel.catchUp();
    await eventually(async () => assert.equal(await sender.send('d'), 'refused'));
    assert.deepEqual(texts(messages), ['a']);
    channel.close();
  });

  test(`${name}: another engine adopts it, and what is sent to the same address comes there`, async (t) => {
    const side = makeSide(t);
    const before = side.open('web/1');
    const sender = await side.sender(before);
    const channel = side.adopt('web/1', before.held);
    assert.equal(channel.address, before.address);
    const messages: NotifyMessage[] = [];
    channel.listen((message) => messages.push(message));
    await sender.send('a');
    await eventually(() => assert.deepEqual(texts(messages), ['a']));
    assert.deepEqual(channel.held, before.held);
  });

  test(`${name}: each has an address of its own, abstract as unix(7) has it`, (t) => {
    const side = makeSide(t);
    const addresses = ['web/1', 'web/1', 'db/1'].map((key) => side.open(key).address);
    assert.equal(new Set(addresses).size, 3);
    for (const address of addresses) assert.match(address, /^@./);
  });

  test(`${name}: of what is too long the beginning comes, and that it was cut`, async (t) => {
    const side = makeSide(t);
    const channel = side.open('web/1');
    const sender = await side.sender(channel);
    const messages: NotifyMessage[] = [];
    channel.listen((message) => messages.push(message));
    await sender.send('x'.repeat(5_000));
    await sender.send('y'.repeat(4_096));
    await eventually(() => assert.equal(messages.length, 2));
    assert.deepEqual(
      messages.map(({ text, isCut }) => [text.length, isCut]),
      [
        [4_096, true],
        [4_096, false],
      ],
    );
  });
}
