/** Descriptors beyond the standard streams: placed in order, and told to the program as systemd tells them. */

import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  collect,
  NEW_PIPE,
  NULL_DEVICE,
  nativeRequest,
  readToEnd,
  runChild,
  spawnChild,
} from '../support/native-child.ts';

/** Where each of its descriptors leads; the last one is the folder that ls itself reads. */
function listed(text: string): readonly (readonly [number, string])[] {
  return [...text.matchAll(/ (\d+) -> (.*)$/gm)].map(([, fd, path = '']) => [Number(fd), path]);
}

test('each is placed at its number, whatever number it has here, and no other one is open', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'taskmaster-fds-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const opened = ['a', 'b', 'c', 'd'].map((name) => openSync(join(folder, name), 'w'));
  // The wrong way round: a naive dup would overwrite one that is still to be placed.
  const [a = 0, b = 0, c = 0, d = 0] = opened;
  const { text } = await runChild(['/bin/ls', '-l', '/proc/self/fd'], {
    descriptors: [NULL_DEVICE, NEW_PIPE, 2, d, c, b, a],
  });
  for (const fd of opened) closeSync(fd);
  const all = listed(text);
  assert.deepEqual(
    all.map(([fd]) => fd),
    [0, 1, 2, 3, 4, 5, 6, 7],
  );
  assert.deepEqual(
    all.slice(3, 7).map(([, path]) => path),
    ['d', 'c', 'b', 'a'].map((name) => join(folder, name)),
  );
});

test('sources with low numbers are read before they are replaced', async () => {
  const own = [2, 1].map((fd) => readlinkSync(`/proc/self/fd/${fd}`));
  const { text } = await runChild(['/bin/ls', '-l', '/proc/self/fd'], {
    descriptors: [NULL_DEVICE, NEW_PIPE, 1, 2, 1],
  });
  assert.deepEqual(
    listed(text)
      .slice(3, 5)
      .map(([, path]) => path),
    own,
  );
});

test('LISTEN_PID and WATCHDOG_PID are the pid of the program itself, in place of any that was there', async () => {
  const fd = openSync('/dev/null', 'r');
  const request = nativeRequest(
    [
      '/bin/sh',
      '-c',
      'echo $$ $LISTEN_PID $WATCHDOG_PID $LISTEN_FDS $LISTEN_FDNAMES; env | grep -c ^LISTEN_PID=',
    ],
    {
      descriptors: [NULL_DEVICE, NEW_PIPE, 2, fd],
      set: ['LISTEN_PID=1', 'LISTEN_FDS=1', 'LISTEN_FDNAMES=web'],
      pidVariables: ['LISTEN_PID', 'WATCHDOG_PID'],
    },
  );
  const child = spawnChild(request);
  closeSync(fd);
  const text = (await readToEnd(child.fds[1])).toString();
  await collect(child.pid);
  assert.equal(text, `${child.pid} ${child.pid} ${child.pid} 1 web\n1\n`);
});

test('without a wish for it LISTEN_PID is left as it is', async () => {
  assert.equal(
    (await runChild(['/bin/sh', '-c', 'echo $LISTEN_PID'], { set: ['LISTEN_PID=7'] })).text,
    '7\n',
  );
  assert.equal((await runChild(['/bin/sh', '-c', 'echo $LISTEN_PID'])).text, '\n');
});
