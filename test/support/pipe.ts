/** A real pipe for tests: both ends are ours. */

import { execFileSync } from 'node:child_process';
import { constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Both non-blocking, so that a test that fills the pipe sees EAGAIN and does not hang. The caller closes them. */
export function openPipe(): { readonly readFd: number; readonly writeFd: number } {
  return withTemporaryFolder((folder) => {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return { readFd, writeFd: openSync(path, constants.O_WRONLY | constants.O_NONBLOCK) };
  });
}

function withTemporaryFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'taskmaster-pipe-'));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
