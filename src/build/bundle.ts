/** Bundles each command into one file of its own beside the dispatcher, minified, for the pinned Node. */

import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import './generate.ts';

const root = resolve(import.meta.dirname, '../..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

await build({
  absWorkingDir: root,
  entryPoints: {
    main: 'src/main.ts',
    'engine-start': 'src/commands/engine-start.ts',
    'engine-check': 'src/commands/engine-check.ts',
    shell: 'src/commands/shell.ts',
  },
  outdir: join(root, 'dist'),
  outExtension: { '.js': '.cjs' },
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  // Source text is of no use to a container; stack traces of a fault name functions all the same.
  keepNames: true,
  legalComments: 'external',
  define: { 'import.meta.url': 'undefined', TASKMASTER_VERSION: JSON.stringify(version) },
  logLevel: 'warning',
});
