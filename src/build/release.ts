/**
 * `npm run release`: the self-contained folder in `build/release/taskmaster`, and beside it the archive of it with
 * its checksum. The same commit gives the same bytes. With `--folder` only the folder.
 */

import { execFileSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root, VERSION } from './project.ts';
import { layReleaseFolder, releaseDate } from './release-folder.ts';

const release = join(root, 'build/release');
const archive = `taskmaster-${VERSION}-linux-${process.arch}.tar.xz`;

const date = releaseDate();
mkdirSync(release, { recursive: true });
layReleaseFolder(join(release, 'taskmaster'), date);
if (!process.argv.includes('--folder')) pack(date);

function pack(time: Date): void {
  const seconds = String(time.getTime() / 1000);
  execFileSync(
    'tar',
    [
      '--create',
      '--sort=name',
      '--format=ustar',
      '--owner=0',
      '--group=0',
      '--numeric-owner',
      `--mtime=@${seconds}`,
    ]
      // One thread: the number of threads is seen in the bytes.
      .concat(['--use-compress-program=xz -6 --threads=1', `--file=${archive}`, 'taskmaster']),
    { cwd: release },
  );
  execFileSync('sh', ['-c', `sha256sum ${archive} >SHA256SUMS`], { cwd: release });
  const mebibytes = (statSync(join(release, archive)).size / 1024 / 1024).toFixed(1);
  process.stdout.write(`build/release/${archive}: ${mebibytes} MiB\n`);
}
