import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LocalSocket } from '../../src/rpc/server/local-socket.ts';

function heardBy(socket: LocalSocket): string[] {
  const heard: string[] = [];
  socket.on('data', (bytes: Buffer) => heard.push(bytes.toString()));
  for (const event of ['drain', 'close']) socket.on(event, () => heard.push(event));
  return heard;
}

const nextTurn = (): Promise<void> => new Promise((done) => setImmediate(done));

test('what is written is there at once, in order, and acknowledged', () => {
  const [one, other] = LocalSocket.pair();
  const heard = heardBy(other);
  let done = 0;
  for (const text of ['a', 'b'])
    assert.equal(
      one.write(text, () => void done++),
      true,
    );
  assert.deepEqual([heard, done], [['a', 'b'], 2]);
});

test('who pauses has nothing more, and hears the rest only when what resumed it has ended', async () => {
  const [one, other] = LocalSocket.pair();
  const heard = heardBy(other);
  other.pause();
  one.write('a');
  other.resume();
  assert.deepEqual(heard, []);
  await nextTurn();
  assert.deepEqual(heard, ['a']);
});

test('a full one tells when it has room again', async () => {
  const [one, other] = LocalSocket.pair();
  const heard = heardBy(one);
  other.pause();
  assert.equal(one.write('x'.repeat(70_000)), false);
  assert.equal(one.writableNeedDrain, true);
  other.resume();
  await nextTurn();
  assert.deepEqual([heard, one.writableNeedDrain], [['drain'], false]);
});

test('its end closes both when all has been read, and its destruction at once', async () => {
  for (const isPaused of [false, true]) {
    const [one, other] = LocalSocket.pair();
    const [first, second] = [heardBy(one), heardBy(other)];
    if (isPaused) other.pause();
    one.write('a');
    one.end();
    await nextTurn();
    assert.equal(other.destroyed, !isPaused);
    other.resume();
    await nextTurn();
    assert.deepEqual([first, second], [['close'], ['a', 'close']]);
  }
  const [one, other] = LocalSocket.pair();
  const heard = heardBy(other);
  other.pause();
  one.write('a');
  one.destroy();
  await nextTurn();
  assert.deepEqual([heard, one.write('b')], [['close'], false]);
});
