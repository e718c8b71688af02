/** A disk that stops to answer when it is told to: a file system of ours, through FUSE. Needs root. */

import { execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

export interface HangingDisk {
  readonly folder: string;
  /** From now on anyone who uses it waits. */
  hang(): void;
  answer(): void;
}

export function hangingDisk(test: TestContext): HangingDisk {
  const folder = mkdtempSync(join(tmpdir(), 'taskmaster-hanging-'));
  const device = openSync('/dev/fuse', 'r+');
  const options = 'fd=3,rootmode=40000,user_id=0,group_id=0,allow_other';
  execFileSync('mount', ['-i', '-t', 'fuse', '-o', options, 'hanging', folder], {
    stdio: ['ignore', 'inherit', 'inherit', device],
  });
  const script = join(import.meta.dirname, 'fuse-server.ts');
  const server = spawn(process.execPath, [script], { stdio: ['ignore', 'inherit', 'inherit', device] });
  closeSync(device);
  // The tests of the addon collect whatever dies: Node would wait for it for good.
  server.unref();
  test.after(() => {
    // What still waits for it fails then (ENOTCONN).
    server.kill('SIGKILL');
    execFileSync('umount', ['--lazy', folder]);
    rmdirSync(folder);
  });
  // It has begun when the first file was made.
  writeFileSync(join(folder, 'begun'), '');
  return {
    folder,
    hang: () => void server.kill('SIGSTOP'),
    answer: () => void server.kill('SIGCONT'),
  };
}
