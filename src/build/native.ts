/**
 * Builds the addon and the launcher with the node-gyp that npm carries, against the headers of the pinned Node
 * package, so that nothing is downloaded; then lays both into `dist`.
 */

import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { COMMANDS, dist, NODE_PACKAGE, packageFolder, root } from './project.ts';

function headersFolder(): string {
  const folder = packageFolder(NODE_PACKAGE);
  if (existsSync(join(folder, 'include/node/node_api.h'))) return folder;
  throw new Error(`no Node headers in ${folder}: run npm ci (on x64 or arm64)`);
}

/** npm tells scripts where its own node-gyp is; without npm, what is in PATH. */
function nodeGyp(args: readonly string[]): void {
  const fromNpm = process.env.npm_config_node_gyp;
  const beside = process.env.npm_execpath
    ? join(dirname(process.env.npm_execpath), '../node_modules/node-gyp/bin/node-gyp.js')
    : undefined;
  const script = [fromNpm, beside].find((path) => path !== undefined && existsSync(path));
  // Of npm's settings, which go before arguments: a machine may name the headers of another Node in them.
  const env = { ...process.env, npm_config_nodedir: headersFolder() };
  const options = { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] as const };
  if (script === undefined) execFileSync('node-gyp', args, { ...options, stdio: [...options.stdio] });
  else execFileSync(process.execPath, [script, ...args], { ...options, stdio: [...options.stdio] });
}

/** What is built, and the version that the launcher tells, are read when configuring. */
function isConfigured(): boolean {
  const made = join(root, 'build/config.gypi');
  const sources = ['binding.gyp', 'package.json'].map((name) => statSync(join(root, name)).mtimeMs);
  return existsSync(made) && statSync(made).mtimeMs > Math.max(...sources);
}

function install(from: string, name: string, mode: number): void {
  const to = join(dist, name);
  // A new file, not new bytes in the old one: a running engine has the old one mapped.
  rmSync(to, { force: true });
  copyFileSync(join(root, 'build/Release', from), to);
  chmodSync(to, mode);
  execFileSync('strip', ['--strip-unneeded', to]);
}

const flags = ['--silent'];
if (!isConfigured()) nodeGyp(['configure', ...flags]);
nodeGyp(['build', ...flags]);
mkdirSync(dist, { recursive: true });
install('taskmaster.node', 'taskmaster.node', 0o755);
install('launcher', 'taskmaster', 0o755);
install('hold-signals.node', 'hold-signals.so', 0o755);
// Of the checkout alone: a release does not take the name from an image's own tini.
for (const name of [...COMMANDS, 'tini']) {
  if (name === 'taskmaster') continue;
  rmSync(join(dist, name), { force: true });
  symlinkSync('taskmaster', join(dist, name));
}
