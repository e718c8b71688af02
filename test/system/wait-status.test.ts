import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeWaitStatus } from '../../src/system/wait-status.ts';

test('an exit code is the second byte', () => {
  assert.deepEqual(decodeWaitStatus(0), { how: 'exited', code: 0 });
  assert.deepEqual(decodeWaitStatus(3 << 8), { how: 'exited', code: 3 });
  assert.deepEqual(decodeWaitStatus(255 << 8), { how: 'exited', code: 255 });
});

test('a signal is the lowest seven bits, and the eighth says that a core was dumped', () => {
  assert.deepEqual(decodeWaitStatus(9), { how: 'signalled', signal: 'SIGKILL', core: false });
  assert.deepEqual(decodeWaitStatus(11 | 0x80), { how: 'signalled', signal: 'SIGSEGV', core: true });
});

test('a real-time signal keeps its name', () => {
  assert.deepEqual(decodeWaitStatus(37), { how: 'signalled', signal: 'SIGRTMIN+3', core: false });
  assert.deepEqual(decodeWaitStatus(64), { how: 'signalled', signal: 'SIGRTMAX', core: false });
});
