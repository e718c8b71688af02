/**
 * Bundles each command into one file of its own beside the dispatcher, minified, for the pinned Node; then runs each
 * once, so that V8's compiled code lies beside each (`code-cache.ts`).
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { BUNDLE_END, BUNDLE_START } from '../load-bundle.ts';
import { keepCompiledCode } from './code-cache.ts';
import './generate.ts';
import { dist, root, VERSION } from './project.ts';

/** Imported when first needed: bundled apart, so that a start without them does not even read their text. */
const LATE_PACKAGES = ['pino', 'execa', 'croner'];

const latePackages: Plugin = {
  name: 'late-packages',
  setup: ({ onResolve }) => {
    onResolve({ filter: new RegExp(`^(${LATE_PACKAGES.join('|')})$`) }, ({ kind, path }) =>
      kind === 'dynamic-import' || kind === 'require-call'
        ? { path: `./${path}.cjs`, external: true }
        : undefined,
    );
    // The board attaches as taskshell does, and the engine runs its commands: by its bundle, which is there anyway.
    onResolve({ filter: /^\.\/shell\.ts$/ }, ({ kind, importer }) =>
      kind === 'dynamic-import' && /\/commands\/(board|kept-verbs)\.ts$/.test(importer)
        ? { path: './shell.cjs', external: true }
        : undefined,
    );
  },
};

const options: BuildOptions = {
  absWorkingDir: root,
  // It says that the code is strict. Named, or a tree without it would be built to run otherwise.
  tsconfig: 'tsconfig.json',
  outdir: dist,
  outExtension: { '.js': '.cjs' },
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node24',
  // The dispatcher gives bundles a `require` of its own, see load-bundle.ts; import() would pass it by.
  supported: { 'dynamic-import': false },
  format: 'cjs',
  legalComments: 'external',
  define: { 'import.meta.url': 'undefined', TASKMASTER_VERSION: JSON.stringify(VERSION) },
  logLevel: 'warning',
};

const wrapped: BuildOptions = { ...options, banner: { js: BUNDLE_START }, footer: { js: BUNDLE_END } };

await build({ ...options, entryPoints: { main: 'src/main.ts' } });
await build({
  ...wrapped,
  plugins: [latePackages],
  entryPoints: {
    'engine-start': 'src/commands/engine-start.ts',
    'engine-check': 'src/commands/engine-check.ts',
    shell: 'src/commands/shell.ts',
    board: 'src/commands/board.ts',
  },
});
await build({ ...wrapped, entryPoints: Object.fromEntries(LATE_PACKAGES.map((name) => [name, name])) });

assertAscii();
keepCompiledCode(root, LATE_PACKAGES);

/** They are read as latin1 (`load-bundle.ts`). The bundler escapes strings, but not regular expressions. */
function assertAscii(): void {
  for (const name of readdirSync(dist).filter((file) => file.endsWith('.cjs'))) {
    const [found] = /[^\0-\x7f].{0,20}/.exec(readFileSync(join(dist, name), 'utf8')) ?? [];
    if (found !== undefined) throw new Error(`${name} is not ASCII: ${found}`);
  }
}
