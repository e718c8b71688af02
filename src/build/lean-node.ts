/** The Node that a release carries: without symbols and other languages' data, with its libraries beside it. */

import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { withoutRange } from './elf-hole.ts';
import { compactIcuData, findIcuData } from './icu-data.ts';

/** A library beyond glibc: of a compiler that may be newer than the image's own, or not in the image at all. */
interface CarriedLibrary {
  readonly file: string;
  /** The Debian package whose copyright file goes with it. */
  readonly debianPackage: string;
}

export const CARRIED_LIBRARIES: readonly CarriedLibrary[] = [
  { file: 'libstdc++.so.6', debianPackage: 'libstdc++6' },
  { file: 'libgcc_s.so.1', debianPackage: 'libgcc-s1' },
  { file: 'libatomic.so.1', debianPackage: 'libatomic1' },
];
/** Always there where Node can run at all. */
const OF_GLIBC = /^(lib(c|m|dl|rt|pthread)\.so\.\d+|ld-linux-.*)$/;

/** Lays `node` and `lib/` into the folder. */
export function layLeanNode(node: string, folder: string): void {
  const target = join(folder, 'node');
  copyFileSync(node, target);
  chmodSync(target, 0o755);
  execFileSync('strip', [target]);
  // In the file, and not by LD_LIBRARY_PATH: every program that taskmaster starts would inherit that.
  execFileSync('patchelf', ['--set-rpath', '$ORIGIN/lib', target]);
  // Last: what it leaves has no section headers, which strip and patchelf go by.
  cutIcuData(target);
  mkdirSync(join(folder, 'lib'));
  for (const path of librariesOf(node)) {
    const copy = join(folder, 'lib', basename(path));
    copyFileSync(path, copy);
    chmodSync(copy, 0o644);
    execFileSync('strip', ['--strip-unneeded', copy]);
  }
}

function cutIcuData(node: string): void {
  const file = readFileSync(node);
  const data = findIcuData(file);
  writeFileSync(node, withoutRange(file, compactIcuData(file, data), data.end));
}

/** @returns where the dynamic linker of this machine finds what the program needs beyond glibc. */
function librariesOf(program: string): readonly string[] {
  const lines = execFileSync('ldd', [program], { encoding: 'utf8' }).split('\n');
  const found = lines.flatMap((line) => {
    const match = /^\s*(\S+) => (\S+) \(/.exec(line);
    return match?.[1] && match[2] && !OF_GLIBC.test(match[1]) ? [{ name: match[1], path: match[2] }] : [];
  });
  const unknown = found.filter(({ name }) => !CARRIED_LIBRARIES.some(({ file }) => file === name));
  if (unknown.length > 0) {
    const names = unknown.map(({ name }) => name).join(', ');
    throw new Error(`Node needs ${names}: add to CARRIED_LIBRARIES in lean-node.ts, with its licence`);
  }
  return found.map(({ path }) => path);
}
