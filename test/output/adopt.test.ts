/** Pipes that another engine has read until now. */

import assert from 'node:assert/strict';
import { constants, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type OutputPorts, ProcessOutput } from '../../src/output/process-output.ts';
import { EventStream } from '../../src/supervisor/events/event-stream.ts';
import type { HeldPipe } from '../../src/supervisor/ports/output.ts';
import { SystemClock } from '../../src/system/clock.ts';
import { eventually } from '../support/eventually.ts';
import { collect, NEW_PIPE, nativeRequest, spawnChild } from '../support/native-child.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

function newOutput(): ProcessOutput {
  const clock = new SystemClock();
  return new ProcessOutput({
    clock,
    events: new EventStream(clock),
    resizePipe: (_, bytes) => bytes,
    unreadBytes: () => 0,
    slowReader: { whenSlow: 'wait', stuckAfterMs: 5_000 },
  } as Partial<OutputPorts> as OutputPorts);
}

test('what a process prints goes on into its file when another engine adopts its pipe', async (t) => {
  const path = join(temporaryFolder(t), 'web.log');
  const rotation = { maxBytes: undefined, maxFiles: 1, compress: false };
  const stdout = { kind: 'file', path, ...rotation } as never;
  const targets = { stdout, stderr: { kind: 'null' }, ringBytes: 65_536 } as const;
  const before = newOutput();
  before.prepare('web', targets);
  const request = nativeRequest(['/bin/sh', '-c', 'echo one; read line; echo $line'], {
    descriptors: [NEW_PIPE, NEW_PIPE, 2],
  });
  const { pid, fds } = spawnChild(request);
  const [stdin = -1, pipe = -1] = fds;
  before.attach({ instance: 'web', incarnation: 4 }, { stdoutFd: pipe, stderrFd: undefined });
  await eventually(() => assert.equal(readFileSync(path, 'utf8'), 'one\n'));
  assert.deepEqual(before.held('web'), [{ incarnation: 4, stream: 'stdout', fd: pipe }]);
  // Both engines are in this process here: the one before has to let its descriptor go.
  const again = openSync(`/proc/self/fd/${pipe}`, constants.O_RDONLY | constants.O_NONBLOCK);
  before.forget('web');
  const after = newOutput();
  const held: HeldPipe = { incarnation: 4, stream: 'stdout', fd: again };
  after.adopt('web', targets, [held]);
  assert.deepEqual(after.held('web'), [held]);
  const { writeSync } = await import('node:fs');
  writeSync(stdin, 'two\n');
  await eventually(() => assert.equal(readFileSync(path, 'utf8'), 'one\ntwo\n'));
  const [chunk] = after.recentOutput('web');
  assert.deepEqual([chunk?.bytes.toString(), chunk?.incarnation], ['two\n', 4]);
  await collect(pid);
  await eventually(() => assert.deepEqual(after.held('web'), []));
});
