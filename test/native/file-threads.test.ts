import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileLater, fileNow } from '../../src/files/safe-files.ts';
import { eventually } from '../support/eventually.ts';
import { hangingDisk } from '../support/hanging-disk.ts';

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

test('many directories of one disk that hangs leave threads for the others', async (t) => {
  const disk = hangingDisk(t);
  disk.hang();
  for (let at = 0; at < 60; at++)
    void fileLater({
      work: 'stat',
      path: join(disk.folder, 'begun'),
      follow: true,
      lane: `directory ${at}`,
    }).catch(() => {});
  await new Promise((later) => setTimeout(later, 1_000));
  const begun = performance.now();
  await fileLater({ work: 'stat', path: '/etc/passwd' });
  assert.ok(performance.now() - begun < 500, `${performance.now() - begun} ms`);
  const hung = (at: number): boolean => {
    try {
      fileNow({ work: 'stat', path: join(disk.folder, 'begun'), follow: true, lane: `another ${at}` });
      return false;
    } catch {
      return true;
    }
  };
  const waited = performance.now();
  for (let at = 0; at < 20; at++) assert.ok(hung(at));
  assert.ok(performance.now() - waited < 5_000, `${performance.now() - waited} ms`);
  disk.answer();
});
