import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
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

/** On one processor and with a fixed priority, so that no thread wakes up before the calls that follow are made. */
const UNDISTURBED = ['taskset', '--cpu-list', '0', 'chrt', '--fifo', '1'] as const;

test('calls that are made before the first thread wakes up, and hang, leave a thread for another', async (t) => {
  const disk = hangingDisk(t);
  disk.hang();
  const script = `
    import { fileLater } from ${JSON.stringify(join(import.meta.dirname, '../../src/files/safe-files.ts'))};
    await fileLater({ work: 'stat', path: '/' });
    for (const at of [1, 2]) {
      const path = ${JSON.stringify(join(disk.folder, 'begun'))};
      void fileLater({ work: 'stat', path, follow: true, lane: 'directory ' + at }).catch(() => {});
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
    await fileLater({ work: 'stat', path: '/etc/passwd' });
    process.stdout.write('answered');
    process.kill(process.pid, 'SIGKILL');`;
  const [command, ...words] = UNDISTURBED;
  const node = [process.execPath, '--no-warnings', '--input-type=module', '-e', script];
  const child = spawn(command, [...words, ...node], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  let printed = '';
  child.stdout.on('data', (bytes: Buffer) => (printed += bytes));
  await eventually(() => assert.equal(printed, 'answered'));
  disk.answer();
});
