/**
 * The image that container tests run: a minimal Debian with the built program in it, as a self-contained folder. No
 * image is pulled: mmdebstrap makes the root from Debian's packages, once, and keeps it in `build/images`.
 */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const dist = join(root, 'dist');
const cache = join(root, 'build/images');
const node = join(root, `node_modules/node-linux-${process.arch}/bin/node`);
const DOCKER_TIMEOUT_MS = 120_000;
/** Beyond the C library, what the official Node needs and a minimal Debian lacks. */
const EXTRA_PACKAGES = ['libatomic1'];

/** @returns the path of a tar with the root of a minimal Debian and these packages. */
export function debianRoot(packages: readonly string[]): string {
  const path = join(cache, `bookworm-${hashOf([packages.join(' ')])}.tar`);
  if (existsSync(path)) return path;
  mkdirSync(cache, { recursive: true });
  // Under a name of its own until it is whole: another test may want it at the same time.
  const draft = `${path}.${process.pid}.tar`;
  const include = packages.length === 0 ? [] : [`--include=${packages.join(',')}`];
  execFileSync('mmdebstrap', ['--quiet', '--variant=minbase', ...include, 'bookworm', draft], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  renameSync(draft, path);
  return path;
}

/**
 * @param packages of Debian, beside what taskmaster needs
 * @returns the name of an image with taskmaster on its PATH and as its entry point
 */
export function testImage(packages: readonly string[] = []): string {
  requireDocker();
  const files = readdirSync(dist, { withFileTypes: true }).filter((entry) => !entry.isDirectory());
  const content = files.flatMap(({ name }) => [name, readFileSync(join(dist, name))]);
  const base = debianRoot([...EXTRA_PACKAGES, ...packages]);
  const image = `taskmaster-test:${hashOf([DOCKERFILE, base, ...content])}`;
  if (dockerSays('image', 'ls', '--quiet', image) !== '') return image;
  const context = mkdtempSync(join(tmpdir(), 'taskmaster-image-'));
  try {
    linkOrCopy(base, join(context, 'root.tar'));
    cpSync(dist, join(context, 'taskmaster'), { recursive: true, verbatimSymlinks: true });
    linkOrCopy(node, join(context, 'taskmaster/node'));
    writeFileSync(join(context, 'Dockerfile'), DOCKERFILE);
    dockerSays('build', '--quiet', '--network', 'none', '--tag', image, context);
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
  return image;
}

const DOCKERFILE = `FROM scratch
ADD root.tar /
COPY taskmaster /opt/taskmaster
ENV PATH=/opt/taskmaster:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ENTRYPOINT ["taskmaster", "engine", "start", "/etc/taskmaster/tm.toml"]
`;

/** Runs docker to its end. Throws with what it said, or when it hangs. @returns its standard output, trimmed */
export function dockerSays(...args: readonly string[]): string {
  const stdio = ['ignore', 'pipe', 'pipe'] as const;
  return execFileSync('docker', args, {
    encoding: 'utf8',
    stdio: [...stdio],
    timeout: DOCKER_TIMEOUT_MS,
  }).trim();
}

/** A suite that cannot run fails. */
function requireDocker(): void {
  try {
    dockerSays('info');
  } catch (cause) {
    const hint = 'start one as root: dockerd --iptables=false --bridge=none';
    throw new Error(`no Docker engine answers; ${hint}`, { cause });
  }
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    // Another file system.
    cpSync(from, to);
  }
}

function hashOf(parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex').slice(0, 12);
}
