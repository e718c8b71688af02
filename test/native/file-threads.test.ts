import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileLater } from '../../src/files/safe-files.ts';
import { eventually } from '../support/eventually.ts';

/** Of futex(2) on x86-64 and arm64. */
const FUTEX: readonly string[] = ['202', '98'];

const threads = (): readonly string[] => readdirSync('/proc/self/task');

/** True where the thread waits in futex(2) without a timeout: proc_pid_syscall(5) shows its arguments. */
function waitsForGood(thread: string): boolean {
  const [call = '', ...args] = readFileSync(`/proc/self/task/${thread}/syscall`, 'utf8').split(' ');
  return FUTEX.includes(call) && args[3] === '0x0';
}

test('of the threads that work on files the last idle one waits without waking up', async () => {
  const before = new Set(threads());
  await Promise.all(['/', '/proc', '/dev'].map((path) => fileLater({ work: 'stat', path })));
  const made = (): readonly string[] => threads().filter((thread) => !before.has(thread));
  assert.ok(made().length > 0, 'a thread was made');
  await eventually(() => assert.ok(made().some(waitsForGood)));
});
