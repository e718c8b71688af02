/** A disk that is soon full: a tmpfs of its own. Needs root, which the tests have. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

export interface SmallDisk {
  readonly folder: string;
  /** @param size as mount(8) takes it: `8m`. */
  resize(size: string): void;
}

export function smallDisk(test: TestContext, size: string): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'taskmaster-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]);
  test.after(() => {
    // Lazily: a test that failed may have left a file open.
    execFileSync('umount', ['--lazy', folder]);
    rmdirSync(folder);
  });
  return {
    folder,
    resize: (to) => void execFileSync('mount', ['-o', `remount,size=${to}`, folder]),
  };
}
