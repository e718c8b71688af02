/** What the steps of the build know of the project: package.json is the one place for it. */

import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');
export const dist = join(root, 'dist');

const { version, bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

export const VERSION: string = version;

/** Names that the one launcher is called by: it passes on which. */
export const COMMANDS: readonly string[] = Object.keys(bin);

/** The folder of a package in `node_modules`. */
export function packageFolder(name: string): string {
  return join(root, 'node_modules', name);
}

/** The package that carries the Node taskmaster runs on. */
export const NODE_PACKAGE = `node-linux-${process.arch}`;
