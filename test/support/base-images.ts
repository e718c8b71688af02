/**
 * The images that our Dockerfiles begin from, and the images that they build. Where `debian:bookworm-slim` has not been
 * pulled it is made from Debian's packages, which is what it is; the build begins from a Debian with a compiler, the
 * pinned Node and this machine's npm. Builds see the network as this machine does.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { debianRoot } from './test-image.ts';

const root = resolve(import.meta.dirname, '../..');
const LOCK = join(tmpdir(), 'taskmaster-base-images.lock');
const DEBIAN = 'debian:bookworm-slim';
const NODE = 'taskmaster-test-node';
/** Whom this machine trusts, and what npm is told here, hold in the build too. */
const AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';

/** Builds `docker/Dockerfile`. What has not changed since the last time is not built again. */
export function buildTaskmaster(target: 'base' | 'folder'): string {
  ensureDebian();
  ensureNode();
  const image = target === 'base' ? 'taskmaster:latest' : 'taskmaster:folder';
  const file = join(root, 'docker/Dockerfile');
  build(image, root, '--file', file, '--target', target, '--build-arg', `NODE_IMAGE=${NODE}`);
  return image;
}

/** Builds a folder of `docker/examples` as it stands. @returns the image's name */
export function buildExample(name: string): string {
  const folder = join(root, 'docker/examples', name);
  const image = `taskmaster-example-${name.replace('/', '-')}`;
  build(image, folder);
  return image;
}

/** Builds what a test writes: files by name, one of them `Dockerfile`. @returns the image's name */
export function buildFiles(image: string, files: Readonly<Record<string, string>>): string {
  const context = mkdtempSync(join(tmpdir(), 'taskmaster-context-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(context, name), text);
    build(image, context);
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
  return image;
}

export function ensureDebian(): void {
  const tar = debianRoot([]);
  locked(`docker image inspect ${DEBIAN} >/dev/null 2>&1 || docker import ${tar} ${DEBIAN}`);
}

/** What `node:24-bookworm` has, as far as the build needs it. */
function ensureNode(): void {
  const context = mkdtempSync(join(tmpdir(), 'taskmaster-context-'));
  try {
    const npm = execFileSync('sh', ['-c', 'readlink -f "$(command -v npm)"'], { encoding: 'utf8' }).trim();
    cpSync(resolve(npm, '../..'), join(context, 'npm'), { recursive: true });
    copyFileSync(process.execPath, join(context, 'node'));
    copyOrEmpty(execFileSync('npm', ['config', 'get', 'userconfig'], { encoding: 'utf8' }).trim(), 'npmrc');
    copyOrEmpty(AUTHORITIES, 'authorities');
    writeFileSync(join(context, 'Dockerfile'), NODE_DOCKERFILE);
    build(NODE, context);
  } finally {
    rmSync(context, { recursive: true, force: true });
  }

  function copyOrEmpty(path: string, name: string): void {
    if (existsSync(path)) copyFileSync(path, join(context, name));
    else writeFileSync(join(context, name), '');
  }
}

const NODE_DOCKERFILE = `FROM ${DEBIAN}
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates g++ libatomic1 make python3 xz-utils
COPY authorities /tmp/authorities
RUN cat /tmp/authorities >>${AUTHORITIES}
ENV NODE_EXTRA_CA_CERTS=${AUTHORITIES}
COPY npmrc /root/.npmrc
COPY npm /usr/local/lib/node_modules/npm
COPY node /usr/local/bin/node
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
`;

/** One build at a time: the second finds what the first has made. */
function build(image: string, context: string, ...flags: readonly string[]): void {
  const command = ['docker', 'build', '--network', 'host', '--tag', image, ...flags, context];
  const { status, stdout, stderr } = spawnSync('flock', [LOCK, ...command], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw new Error(`cannot build ${image}: ${`${stdout}${stderr}`.slice(-4_000)}`);
}

function locked(script: string): void {
  execFileSync('flock', [LOCK, 'sh', '-c', script], { stdio: ['ignore', 'ignore', 'pipe'] });
}
