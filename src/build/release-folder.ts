/**
 * The self-contained folder: copied to `/opt/taskmaster`, or anywhere else, it runs on any Linux with glibc.
 *
 *   bin/       the commands, and nothing else: for PATH
 *   program/   the launcher, Node and its libraries, the addon, the bundles with their compiled code
 *   share/man/ the manual
 *   licences/  of all that is carried
 */

import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { layLeanNode } from './lean-node.ts';
import { layLicences } from './licences.ts';
import { COMMANDS, dist, NODE_PACKAGE, packageFolder, root } from './project.ts';

/** Of dist, beside the bundles. */
const PROGRAM_FILES = ['taskmaster', 'taskmaster.node', 'hold-signals.so'];
const DOCUMENTS = ['README.md', 'LICENSE', 'CHANGELOG.md'];

/** Needs what `npm run build` makes. What is in `folder` is replaced. */
export function layReleaseFolder(folder: string, date: Date): void {
  rmSync(folder, { recursive: true, force: true });
  const program = join(folder, 'program');
  const bin = join(folder, 'bin');
  for (const path of [program, bin]) mkdirSync(path, { recursive: true });
  const bundles = readdirSync(dist).filter((name) => /\.(cjs|cache)$/.test(name));
  for (const name of [...PROGRAM_FILES, ...bundles]) copyFileSync(join(dist, name), join(program, name));
  layLeanNode(join(packageFolder(NODE_PACKAGE), 'bin/node'), program);
  // Relative: the folder may be anywhere. The launcher finds itself by /proc/self/exe.
  for (const name of COMMANDS) symlinkSync('../program/taskmaster', join(bin, name));
  for (const name of DOCUMENTS) copyFileSync(join(root, name), join(folder, name));
  cpSync(join(dist, 'man'), join(folder, 'share/man'), { recursive: true });
  copyFileSync(join(dist, 'taskmaster.schema.json'), join(folder, 'taskmaster.schema.json'));
  layLicences(join(folder, 'licences'));
  execFileSync('chmod', ['-R', 'u=rwX,go=rX', folder]);
  setTimes(folder, date);
}

/** Contents first: whatever is changed in a folder changes the folder's own time. */
function setTimes(path: string, date: Date): void {
  if (lstatSync(path).isDirectory()) for (const name of readdirSync(path)) setTimes(join(path, name), date);
  lutimesSync(path, date, date);
}

/** SOURCE_DATE_EPOCH (reproducible-builds.org), else the time of the commit, else the epoch's beginning. */
export function releaseDate(): Date {
  const { SOURCE_DATE_EPOCH: given } = process.env;
  if (given !== undefined && given !== '') {
    if (!/^\d+$/.test(given)) throw new Error(`SOURCE_DATE_EPOCH is ${given}: expected seconds since 1970`);
    return new Date(Number(given) * 1000);
  }
  try {
    const seconds = execFileSync('git', ['log', '-1', '--format=%ct'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return new Date(Number(seconds) * 1000);
  } catch {
    return new Date(0);
  }
}
