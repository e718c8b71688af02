/** Writes what is made from the schemas: one entry of the list an artefact. Run by `npm run generate`. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { compileRpcValidators } from './rpc-validators.ts';

interface Artefact {
  /** From the checkout's root, without extension: `.js` and `.d.ts` are written. */
  readonly output: string;
  make(): { readonly code: string; readonly declarations: string };
}

const ARTEFACTS: readonly Artefact[] = [{ output: 'src/generated/validate-rpc', make: compileRpcValidators }];

const root = join(import.meta.dirname, '../..');
for (const { output, make } of ARTEFACTS) {
  const { code, declarations } = make();
  mkdirSync(dirname(join(root, output)), { recursive: true });
  writeFileSync(join(root, `${output}.js`), code);
  writeFileSync(join(root, `${output}.d.ts`), declarations);
}
