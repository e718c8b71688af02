/** The sockets of sd_notify(3), with real senders. */

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { type TestContext, test } from 'node:test';
import type { NotifyChannel, NotifyMessage } from '../../src/supervisor/ports/self-reports.ts';
import { SystemClock } from '../../src/system/clock.ts';
import { native } from '../../src/system/native.ts';
import { NotifySockets } from '../../src/system/notify-sockets.ts';
import { eventually } from '../support/eventually.ts';

/** Sends with socket.sendmsg of Python: Node has no datagrams of Unix sockets. */
const SENDER = `
import array, os, socket, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect("\\0" + os.environ["NOTIFY_SOCKET"][1:])
def descriptors(*fds): return [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))]
`;

interface Opened {
  readonly channel: NotifyChannel;
  readonly messages: NotifyMessage[];
  readonly sweeps: (() => void)[];
}

function open(t: TestContext): Opened {
  const sweeps: (() => void)[] = [];
  const reaper = {
    beforeSweep: (listener: () => void) => {
      sweeps.push(listener);
      return () => void sweeps.splice(sweeps.indexOf(listener), 1);
    },
  };
  const sockets = new NotifySockets({ addon: native(), reaper, clock: new SystemClock(), errnoName: String });
  const channel = sockets.open('web/1');
  assert.ok(typeof channel !== 'string', String(channel));
  t.after(() => channel.close());
  const messages: NotifyMessage[] = [];
  channel.listen((message) => messages.push(message));
  return { channel, messages, sweeps };
}

function send(t: TestContext, { channel }: Opened, script: string): { pid: number; end: Promise<string> } {
  const child = spawn('/usr/bin/python3', ['-c', SENDER + script], {
    env: { ...process.env, NOTIFY_SOCKET: channel.address },
  });
  t.after(() => child.kill('SIGKILL'));
  let printed = '';
  child.stdout.on('data', (text) => {
    printed += text;
  });
  child.stderr.on('data', (text) => {
    printed += text;
  });
  return { pid: child.pid ?? 0, end: new Promise((done) => child.on('close', () => done(printed))) };
}

test('who sends is what the kernel says, and what is too long is cut', async (t) => {
  const opened = open(t);
  const { pid, end } = send(t, opened, 's.send(b"READY=1"); s.send(b"X" * 5000)');
  assert.equal(await end, '');
  await eventually(() => assert.equal(opened.messages.length, 2));
  assert.deepEqual(opened.messages[0], { pid, uid: process.getuid?.() ?? 0, text: 'READY=1', isCut: false });
  assert.equal(opened.messages[1]?.isCut, true);
  assert.equal(opened.messages[1]?.text.length, 4_096);
});

test('a barrier is closed once all before it was taken; descriptors of a store are closed too', async (t) => {
  const opened = open(t);
  const script = `
r, w = os.pipe()
s.send(b"STATUS=before")
s.sendmsg([b"BARRIER=1"], descriptors(w)); os.close(w)
os.read(r, 1); print("released")
r, w = os.pipe()
s.sendmsg([b"FDSTORE=1"], descriptors(*([w] * 100))); os.close(w)
os.read(r, 1); print("closed")
`;
  assert.equal(await send(t, opened, script).end, 'released\nclosed\n');
  assert.deepEqual(
    opened.messages.map(({ text }) => text),
    ['STATUS=before', 'BARRIER=1', 'FDSTORE=1'],
  );
});

test('a flood costs what the engine allows it, its sender waits', async (t) => {
  const opened = open(t);
  const { end } = send(
    t,
    opened,
    'until = time.time() + 2\nwhile time.time() < until: s.send(b"STATUS=" + b"x" * 1000)',
  );
  const before = process.cpuUsage();
  await end;
  const { user, system } = process.cpuUsage(before);
  assert.ok(opened.messages.length < 2_500, `${opened.messages.length} in two seconds`);
  assert.ok(user + system < 1_000_000, `${(user + system) / 1_000} ms of CPU`);
});

test('what waits is read before the dead are collected, and nothing after the close', async (t) => {
  const opened = open(t);
  // The event loop stands still meanwhile, as it does for an engine that is woken by the death first.
  const env = { ...process.env, NOTIFY_SOCKET: opened.channel.address };
  execFileSync('/usr/bin/python3', ['-c', `${SENDER}s.send(b"READY=1")`], { env });
  for (const sweep of opened.sweeps) sweep();
  assert.equal(opened.messages.length, 1);
  opened.channel.close();
  assert.equal(opened.sweeps.length, 0, 'nothing to do at a sweep without a socket');
  await eventually(async () => assert.match(await send(t, opened, 's.send(b"READY=1")').end, /refused/i));
  assert.equal(opened.messages.length, 1);
});
