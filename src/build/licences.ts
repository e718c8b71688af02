/** The licences of all that a release carries: one text each. */

import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CARRIED_LIBRARIES } from './lean-node.ts';
import { NODE_PACKAGE, packageFolder, root } from './project.ts';

/** Also of glibc: the launcher is linked with it. */
const DEBIAN_PACKAGES = [...new Set(['libc6', ...CARRIED_LIBRARIES.map((library) => library.debianPackage)])];

export function layLicences(folder: string): void {
  mkdirSync(folder);
  copyFileSync(join(packageFolder(NODE_PACKAGE), 'LICENSE'), join(folder, 'node.txt'));
  for (const name of bundledPackages()) {
    copyFileSync(licenceOf(name), join(folder, `${name.replace('/', '+')}.txt`));
  }
  for (const name of DEBIAN_PACKAGES) {
    const text = `/usr/share/doc/${name}/copyright`;
    if (!existsSync(text)) throw new Error(`no licence of ${name} at ${text}: build releases on Debian`);
    copyFileSync(text, join(folder, `${name}.txt`));
  }
}

/** Every package that is no development tool: code of each is in a bundle, in the addon or in a generated file. */
function bundledPackages(): readonly string[] {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  return Object.entries<{ dev?: boolean; optional?: boolean }>(packages)
    .filter(([path, { dev, optional }]) => path !== '' && dev !== true && optional !== true)
    .map(([path]) => path.replace(/^.*node_modules\//, ''))
    .sort();
}

function licenceOf(name: string): string {
  const folder = packageFolder(name);
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  // Some keep it in the README alone.
  const text = file ?? readdirSync(folder).find((entry) => /^readme/i.test(entry));
  if (text === undefined) throw new Error(`the package ${name} has no licence file`);
  return join(folder, text);
}
