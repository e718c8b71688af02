/**
 * Loads bundles with the compiled code that the build laid beside them (`NAME.cache`, of vm.Script's cachedData):
 * reading it is quicker than compiling. V8 refuses it where its version or its flags differ, and compiles then. Node's
 * own compile cache is tied to the user who filled it, and writes to its folder at exit: in an image it would serve
 * root alone, and a read-only one not at all.
 */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Script } from 'node:vm';

export type LoadBundle = (name: string) => unknown;

/**
 * What the build puts around each bundle, as Node does around a module. Done here, it would copy the whole text twice
 * more, and V8 would collect garbage in the middle of a start.
 */
export const BUNDLE_START = '(function(exports,require,module,__filename,__dirname){';
export const BUNDLE_END = '})';

/** Anyone who loads it keeps it as long as it is used: the engine gives it back. */
const NOT_KEPT: ReadonlySet<string> = new Set(['shell']);

/** @param onCompiled told of every bundle that is loaded: the build keeps the code that a run has compiled. */
export function bundleLoader(
  folder: string,
  onCompiled?: (name: string, script: Script) => void,
): LoadBundle {
  const requireOthers = createRequire(join(folder, 'main.cjs'));
  const modules = new Map<string, { exports: unknown }>();

  const load: LoadBundle = (name) => {
    const known = modules.get(name);
    if (known !== undefined) return known.exports;
    const module = { exports: {} };
    if (!NOT_KEPT.has(name)) modules.set(name, module);
    const path = join(folder, `${name}.cjs`);
    // The bundler writes ASCII: latin1 is then the same, and quicker to read.
    const source = readFileSync(path, 'latin1');
    const cachedData = readIfThere(join(folder, `${name}.cache`));
    // Not the path: the name is part of the compiled code, which must be the same wherever it is built.
    const filename = `${name}.cjs`;
    const script = new Script(source, cachedData ? { filename, cachedData } : { filename });
    onCompiled?.(name, script);
    script.runInThisContext()(module.exports, requireOne, module, path, folder);
    return module.exports;
  };
  const requireOne = (wanted: string): unknown => {
    const beside = /^\.\/([a-z-]+)\.cjs$/.exec(wanted)?.[1];
    return beside === undefined ? requireOthers(wanted) : load(beside);
  };
  return load;
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
